"""The papers' tables: rows, cached crops, figures with errors, and reports of made-up runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.networks.structure_aware import heads_of_tasks
from houndstooth.models.synthetic import generate
from houndstooth.models.training.datasets.synthetic import synthetic_samples
from houndstooth.models.training.papers import (
    crop_cache,
    multi_weight,
    sk_planet,
    structure_aware,
    wide_deep_recurrent,
)
from houndstooth.models.training.papers.compare import PAPERS, choose
from houndstooth.models.training.papers.crop_cache import CropCache
from houndstooth.models.training.papers.rows import Fold, LabelsOf, core
from houndstooth.models.training.papers.runs import Paper, Results, Run
from houndstooth.models.training.papers.tables import (
    BEGIN,
    END,
    NONE,
    estimate,
    mean_of,
    rewrite,
    table,
)
from houndstooth.models.training.recipe import Recipe, find_recipe, read_recipe
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.soft_labels import fold_of

TAXONOMY = Taxonomy.load()
HEADS = {
    "great_category": ("top", "bottom"),
    "category": ("t-shirt", "shirt", "jeans", "skirt"),
    "colour": ("colour:red", "colour:blue"),
    "pattern": ("pattern:striped", "pattern:solid"),
}


def sample(number: int, split: str = "train", **terms: str) -> Sample:
    stated = {group: (f"{group}:{value}",) for group, value in terms.items()}
    return Sample(
        Path(f"{number}.jpg"), "shirt", stated, frozenset(stated), f"g{number}", split
    )  # fmt: skip


def test_a_fold_s_photos_are_tested_and_the_others_trained_on() -> None:
    samples = [sample(i) for i in range(40)] + [sample(90, "test"), sample(91, "validation")]
    tested: set[str] = set()
    for index in range(3):
        changed = Fold(index, 3)(samples)
        here = {s.group for s in changed if s.split == "test"}
        assert {s.group for s in changed if s.split == "train"} == {
            f"g{i}" for i in range(40) if fold_of(f"g{i}", 3) != index
        }
        assert not here & tested and "g90" not in here
        assert [s.group for s in changed if s.split == "validation"] == ["g91"]
        tested |= here
    assert tested == {f"g{i}" for i in range(40)}


def test_the_core_has_labels_beside_those_that_all_photos_have() -> None:
    plain = sample(1, colour="red", gender="men", season="fall", usage="casual")
    assert core([plain, sample(2, sleeve="long"), sample(3)]) == [sample(2, sleeve="long")]


def test_ten_times_as_many_training_photos_keep_labels_of_the_first_group() -> None:
    samples = [sample(i, colour="red", usage="casual", season="fall") for i in range(100)]
    samples += [sample(200, "test", colour="red", usage="casual")]
    changed = LabelsOf("colour", "usage")(samples)
    training = [s for s in changed if s.split == "train"]
    assert sum("colour" in s.terms for s in training) == 100
    assert sum("usage" in s.terms for s in training) == 10
    assert all(set(s.terms) == s.known for s in training), "what is hidden is unknown"
    assert not any("season" in s.terms for s in changed)
    assert set(changed[-1].terms) == {"colour", "usage"}


def test_crops_are_made_once_for_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(4, 3, tmp_path, outfits=0.0, progress=False)
    samples = list(synthetic_samples(tmp_path / "labels.jsonl", TAXONOMY))
    locator = Locator(None, TAXONOMY)
    cache = CropCache(tmp_path / "crops", samples, locator)
    pixels, boxes, _ = cache.load(samples[2:0:-1], 32)
    expected = crop_cache.load_crops(samples, 32, locator)
    assert np.array_equal(pixels, expected[0][[2, 1]])
    assert np.array_equal(boxes, expected[1][[2, 1]])
    monkeypatch.setattr(crop_cache, "load_crops", lambda *_: pytest.fail("made again"))
    again = CropCache(tmp_path / "crops", samples, locator)
    assert np.array_equal(again.load(samples, 32)[0], expected[0])
    assert not list(tmp_path.rglob("*partial*"))


def test_a_figure_has_its_error_over_photos_or_over_seeds() -> None:
    values = np.array([1.0, 0.0] * 200)
    figure, _, error = estimate([mean_of(values)], 400).partition(" ± ")
    assert figure == "0.500" and float(error) == pytest.approx(0.025, abs=0.004)
    assert estimate([mean_of(values)], 400) == estimate([mean_of(values)], 400), "one fixed seed"
    seeds = [lambda _, value=value: value for value in (0.7, 0.8, 0.9)]
    assert estimate(seeds, 400, scale=100, digits=1) == "80.0 ± 5.8"
    assert estimate([], 400) == NONE


def test_tables_replace_what_is_between_the_markers(tmp_path: Path) -> None:
    path = tmp_path / "papers.md"
    rewrite(path, table(["a", "b"], [["1", "2"]]))
    assert "| a | b |\n| --- | --- |\n| 1 | 2 |" in path.read_text()
    path.write_text(f"# Papers\n\nWords.\n\n{BEGIN}\nold\n{END}\n\nMore words.\n")
    rewrite(path, "new")
    text = path.read_text()
    assert text == f"# Papers\n\nWords.\n\n{BEGIN}\n\nnew\n\n{END}\n\nMore words.\n"
    path.write_text("Words.\n")
    with pytest.raises(InvalidConfig, match="expected the lines <!-- papers: begin -->"):
        rewrite(path, "new")
    assert path.read_text() == "Words.\n"


def test_papers_and_rows_are_chosen_by_name() -> None:
    assert [paper.name for paper, _ in choose([], [])] == list(PAPERS)
    [(paper, rows)] = choose(["multi-weight"], ["multi-task"])
    assert paper.name == "multi-weight" and rows == ["multi-task"]
    with pytest.raises(InvalidConfig, match=r"papers among sk-planet, .*; got nobody"):
        choose(["nobody"], [])
    with pytest.raises(InvalidConfig, match=r"rows among multi-label, .*; got full-bcnn"):
        choose(["multi-weight"], ["full-bcnn"])


@pytest.mark.parametrize("paper", PAPERS.values(), ids=lambda paper: paper.name)
def test_every_row_has_a_recipe_and_a_name_of_its_own(paper: Paper) -> None:
    names = [row.name for row in paper.rows]
    assert len(set(names)) == len(names)
    for row in paper.rows:
        if not row.shipped:
            read_recipe(Recipe, find_recipe(row.recipe))
        assert not row.after or names.index(row.after) < names.index(row.name)


def made_up(paper: Paper, folder: Path, photos: int = 120) -> Results:
    """Runs of all rows whose scores are right more often than not."""
    runs: dict[str, list[Run]] = {}
    folder.mkdir(exist_ok=True)
    for number, row in enumerate(paper.rows):
        rng = np.random.default_rng(number)
        tasks = read_recipe(Recipe, find_recipe(row.recipe)).network_options.get("tasks")
        tasks = row.fields.get("network_options", {}).get("tasks", tasks)
        if tasks and not set(tasks) <= {"root", "leaf", "attributes", *HEADS}:
            continue
        heads = heads_of_tasks(HEADS, tasks) if tasks else HEADS
        sizes = [len(terms) for terms in heads.values()]
        arrays = {}
        for split in ("validation", "test"):
            leaf = np.random.default_rng(5).integers(0, 4, photos)
            of = {"great_category": leaf // 2, "category": leaf}
            labels = np.stack([of.get(head, leaf % 2) for head in heads], 1)
            hot = np.concatenate([np.eye(n)[labels[:, i]] for i, n in enumerate(sizes)], 1)
            arrays |= {
                f"{split}_scores": (4 * hot - 2 + rng.normal(0, 2, hot.shape)).astype(np.float32),
                f"{split}_features": np.concatenate(
                    [hot + rng.normal(0, 0.3, hot.shape)] * 3, 1
                ).astype(np.float16),
                f"{split}_labels": labels,
                f"{split}_multi_hot": hot.astype(np.uint8),
            }
        stem = folder / f"{row.name}-1"
        np.savez(f"{stem}.scores.npz", **arrays)
        facts = {"row": row.name, "seed": 1, "heads": heads, "images_per_s": 50.0}
        runs[row.name] = [Run(stem, json.loads(json.dumps(facts)))]
    return Results(folder, folder / "pictures", runs)


def cells(report: str, start: str) -> list[str]:
    """The cells of the one row of a report that starts so."""
    [line] = [line for line in report.splitlines() if line.startswith(f"| {start} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def value(cell: str) -> float:
    return float(cell.partition(" ± ")[0])


def test_structure_aware_s_tables_come_out(tmp_path: Path) -> None:
    results = made_up(structure_aware.PAPER, tmp_path)
    report = structure_aware.report(results)
    top_1, top_5 = cells(report, "ACC top-1, full"), cells(report, "ACC top-5, full")
    assert len(top_1) == 8 and all(NONE not in cell for cell in top_1)
    assert all(value(cell) == 100 for cell in top_5), "there are four leaves"
    columns = dict(zip(structure_aware.METHODS, map(value, top_1), strict=True))
    assert columns["bCNN-MCR"] > columns["bCNN"], "the roots' network helps"
    assert cells(report, "images/s") == ["50"] * 8
    assert value(cells(report, "colour")[0]) > 60 and cells(report, "sleeve")[0] == NONE
    assert value(cells(report, "root ACC top-1, core")[0]) > 60


def test_a_folds_scores_are_brought_to_the_place_and_spread_of_the_networks(tmp_path: Path) -> None:
    results = made_up(structure_aware.PAPER, tmp_path)
    [network], [fold] = results.of("full-bcnn"), results.of("full-bcnn-fold-0")
    aligned = structure_aware._aligned(fold, network, "category")
    fold.validation.scores = fold.validation.scores / 3 - 2
    fold.test.scores = fold.test.scores / 3 - 2
    weaker = structure_aware._aligned(fold, network, "category")
    np.testing.assert_allclose(weaker, aligned, rtol=1e-3, atol=1e-3)


def test_structure_aware_without_its_folds_has_no_refinement(tmp_path: Path) -> None:
    results = made_up(structure_aware.PAPER, tmp_path)
    for name in list(results.runs):
        if name.endswith("fold-1"):
            del results.runs[name]  # type: ignore[attr-defined]
    assert cells(structure_aware.report(results), "ACC top-1, full")[2] == NONE


def test_wide_deep_recurrent_s_table_and_figure_come_out(tmp_path: Path) -> None:
    report = wide_deep_recurrent.report(made_up(wide_deep_recurrent.PAPER, tmp_path))
    one, ensemble = cells(report, "Deep (tuned)"), cells(report, "Ensemble")
    assert value(ensemble[1]) > value(one[1]), "their errors are independent"
    assert ensemble[-1] == "12" and one[-1] == "50", "four networks, one after the other"
    by_label, common = cells(report, "Ensemble *"), cells(report, "Ensemble")
    assert value(by_label[0]) >= value(common[0]), "on the photos that chose the thresholds"
    assert (tmp_path / "pictures" / "wide-deep-recurrent-labels.png").stat().st_size > 1000


def test_multi_weight_s_tables_come_out(tmp_path: Path) -> None:
    report = multi_weight.report(made_up(multi_weight.PAPER, tmp_path))
    assert all(value(cell) > 80 for cell in cells(report, "category")[1:])
    assert all(value(cell) > 80 for cell in cells(report, "mean")[1:])


def test_tables_come_out_before_any_run_is_done(tmp_path: Path) -> None:
    for paper in PAPERS.values():
        report = paper.report(Results(tmp_path, tmp_path, {}))
        assert NONE in report and "nan" not in report


def test_the_search_is_reported_where_it_was_measured(tmp_path: Path) -> None:
    nothing = Results(tmp_path, tmp_path, {})
    assert "posting list" not in sk_planet.report(nothing)
    found = {"header": ["mAP"], "queries": 9, "figures": {"default": {"chosen": [0.5]}}}
    (tmp_path / "search.json").write_text(json.dumps(found))
    assert "| default | chosen | 0.500 |" in sk_planet.report(nothing)
