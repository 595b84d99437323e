"""Layouts of retrieval benchmarks, drawn by the test: what is read, measured, refused and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from houndstooth.mappings.errors import InvalidConfig, InvalidFeed
from houndstooth.models.training.retrieval.benchmark import Benchmark
from houndstooth.models.training.retrieval.compare import Comparison, compare
from houndstooth.models.training.retrieval.feature_store import FeatureStore
from houndstooth.models.training.retrieval.names import BENCHMARKS
from houndstooth.models.training.retrieval.readers import READERS
from tests.unit.retrieval_folders import FOLDERS, ColourEmbedder, draw


@contextmanager
def silent(title: str, total: int) -> Iterator[Callable[[int], object]]:
    """A progress whose steps must add up to its total."""
    steps: list[int] = []
    yield steps.append
    assert sum(steps) == total, title


def made(name: str, folder: Path) -> Benchmark:
    FOLDERS[name](folder)
    return READERS[name](folder)


def figures(found: Comparison) -> dict[tuple[str, str], list[float]]:
    return {
        (row.task, row.form): [each.value for each in row.figures.values()] for row in found.rows
    }


def test_every_benchmark_has_its_reader_and_its_folder() -> None:
    assert set(READERS) == set(BENCHMARKS) == set(FOLDERS)


@pytest.mark.parametrize(
    ("name", "pictures", "expected"),
    [
        ("in-shop", 9, {"": [1, 1, 1, 1]}),
        ("street2shop", 8, {"bags": [1], "dresses": [1], "all": [1]}),
        ("holidays", 9, {"": [1]}),
        ("ukbench", 12, {"": [4]}),
    ],
)
def test_a_benchmark_whose_objects_differ_by_colour_is_solved_by_colour(
    tmp_path: Path, name: str, pictures: int, expected: dict[str, list[float]]
) -> None:
    benchmark = made(name, tmp_path / "data")
    assert len(benchmark.pictures) == pictures
    found = compare(benchmark, [ColourEmbedder()], ["code", "float"], tmp_path / "cache", silent)
    assert found.broken == [] and found.without_right == 0
    assert figures(found) == {
        (task, form): values for task, values in expected.items() for form in ("code", "float")
    }


def test_fashion200k_asks_for_another_colour(tmp_path: Path) -> None:
    """The picture alone finds its own colour first; with the word replaced, the colour asked."""
    benchmark = made("fashion200k", tmp_path / "data")
    found = compare(benchmark, [ColourEmbedder()], ["code", "float"], tmp_path / "cache", silent)
    values = figures(found)
    assert values["picture alone", "float"] == values["picture alone", "code"] == [0, 1, 1]
    assert values["word replaced", "float"] == values["word replaced", "code"] == [1, 1, 1]
    query = benchmark.tasks[1].queries[0]
    assert [benchmark.pictures[place].name for place in query.more] == [
        f"women/dresses/green/{number}/{number}_0.jpeg" for number in range(3)
    ]


def test_street_photos_are_asked_by_their_boxes_and_all_their_products(tmp_path: Path) -> None:
    benchmark = made("street2shop", tmp_path)
    bags = benchmark.tasks[0]
    [query] = bags.queries
    assert query.right == {"32", "99"}
    assert benchmark.pictures[query.picture].corners == (20, 16, 40, 32)
    assert list(bags.labels) == ["32", "33", "33"]


def rewrite(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / path).read_text()
        assert old in text
        (folder / path).write_text(text.replace(old, new, 1))

    return change


def removed(path: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / path).rename(folder.parent / "elsewhere")

    return change


PARTITION, BAGS = "Eval/list_eval_partition.txt", "meta/json/test_pairs_bags.json"
TEST = "labels/dress_test_detect_all.txt"


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("in-shop", removed("Eval"), r"Eval/list_eval_partition.txt in .*; got Img/$"),
        ("in-shop", removed("Img"), r"img, .* such as img/WOMEN/Dresses/.*; got Eval/$"),
        ("in-shop", rewrite(PARTITION, "10\n", "12\n"), "expected 12 pictures in .*; got 10"),
        ("in-shop", rewrite(PARTITION, "item_id", "label"), "the header 'image_name item_id"),
        ("in-shop", rewrite(PARTITION, "query", "probe"), "line 3; got 'img/WOMEN.* probe'"),
        ("street2shop", removed("meta"), "meta/json/test_pairs_CATEGORY.json in .*; got images/"),
        ("street2shop", removed("images"), "images/000000001.jpg in .*; got meta/"),
        ("street2shop", removed("meta/json/retrieval_bags.json"), "a file at .*retrieval_bags"),
        ("street2shop", rewrite(BAGS, "width", "w"), "bbox of left, .* entry 1; got .*'w'"),
        ("street2shop", rewrite(BAGS, "[", '{"a":['), "expected JSON in .*test_pairs_bags"),
        ("fashion200k", removed("labels"), "labels/CATEGORY_test_detect_all.txt in .*; got test_"),
        ("fashion200k", removed("test_queries.txt"), "test_queries.txt, TIRG's in .*; got labels/"),
        ("fashion200k", removed("women"), "such as women/dresses/red/3/3_0.jpeg in .*; got labels"),
        ("fashion200k", rewrite(TEST, "\t", " "), "between tabs in .*line 1; got 'women/"),
        ("fashion200k", rewrite("test_queries.txt", "/3/", "/1/"), "two test pictures in .*line 1"),
        ("holidays", removed("jpg"), "jpg/100000.jpg in .*; got an empty folder"),
        ("ukbench", removed("full/ukbench00005.jpg"), "ukbench00004 to ukbench00007 .*; got 3"),
        ("ukbench", removed("full"), "full/ukbench00000.jpg in .*; got thumbnails/"),
    ],
)
def test_another_layout_is_refused_with_what_was_found(
    tmp_path: Path, name: str, change: Callable[[Path], None], message: str
) -> None:
    folder = tmp_path / "data"
    FOLDERS[name](folder)
    change(folder)
    with pytest.raises(InvalidFeed, match=message):
        READERS[name](folder)


@pytest.mark.parametrize("name", READERS)
def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidFeed, match="got no such folder"):
        READERS[name](tmp_path / "nowhere")


def test_broken_pictures_are_named_and_left_out(tmp_path: Path) -> None:
    benchmark = made("ukbench", tmp_path / "data")
    (tmp_path / "data/full/ukbench00001.jpg").write_bytes(b"no picture")
    (tmp_path / "data/full/ukbench00006.jpg").unlink()
    found = compare(benchmark, [ColourEmbedder()], ["float"], tmp_path / "cache", silent)
    assert len(found.broken) == 2
    told = "\n".join(found.broken)
    assert "ukbench00006: no such file" in told and "ukbench00001: cannot identify" in told
    [row] = found.rows
    assert row.queries == 10 and row.figures["N-S score"].value == (3 * 3 + 3 * 3 + 4 * 4) / 10


def test_pictures_that_cannot_be_read_at_all_are_an_error(tmp_path: Path) -> None:
    benchmark = made("holidays", tmp_path / "data")
    for picture in benchmark.pictures:
        picture.path.write_bytes(b"no picture")
    with pytest.raises(InvalidFeed, match="expected pictures that can be read; got 100000: cannot"):
        compare(benchmark, [ColourEmbedder()], ["code"], tmp_path / "cache", silent)


def test_encoders_are_compared_over_the_same_queries(tmp_path: Path) -> None:
    """A second encoder sees brightness alone, and mistakes red for blue."""

    class Grey(ColourEmbedder):
        model = "grey-1"

        def embed(self, items):
            small = super().embed([item.convert("L").convert("RGB") for item in items])
            return small - small.mean(axis=1, keepdims=True) + 1

    benchmark = made("ukbench", tmp_path / "data")
    embedders = [ColourEmbedder(), Grey()]
    found = compare(benchmark, embedders, ["code", "float"], tmp_path / "cache", silent)
    first, _, _, worst = found.rows
    assert [(row.encoder, row.form) for row in found.rows] == [
        (model, form) for model in ("colours-1", "grey-1") for form in ("code", "float")
    ]
    assert first.gains == {} and first.figures["N-S score"].error == 0
    gain = worst.gains["N-S score"]
    assert gain.value == pytest.approx(worst.figures["N-S score"].value - 4) and gain.value < 0
    assert gain.error == pytest.approx(worst.figures["N-S score"].error)


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    """A run that ended within a row and a line computes those pictures again, and no others."""
    benchmark = made("ukbench", tmp_path / "data")
    cache = tmp_path / "cache"

    def run() -> tuple[int, dict[tuple[str, str], list[float]]]:
        embedder = ColourEmbedder()
        found = compare(benchmark, [embedder], ["float"], cache, silent)
        return embedder.embedded, figures(found)

    first, expected = run()
    assert (first, run()) == (12, (0, expected))
    folder = cache / "ukbench/colours-1"
    features, lines = folder / "features.f32", folder / "pictures.jsonl"
    for file, cut in ((features, 4 * 48 * 10 + 7), (lines, lines.stat().st_size - 3)):
        with file.open("r+b") as opened:
            opened.truncate(cut)
    assert run() == (2, expected)
    draw(benchmark.pictures[5].path, "green", 40)
    assert run() == (1, expected)
    for file in (features, lines):
        file.unlink()
        assert run() == (12, expected)


def test_a_picture_that_comes_twice_has_one_row(tmp_path: Path) -> None:
    pictures = made("holidays", tmp_path / "data").pictures[:3]
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    for _ in range(2):  # as it is written, and as it is read again
        with FeatureStore.opened(tmp_path / "cache") as store:
            store.append([pictures[n] for n in (0, 0, 1)], rows[[0, 0, 1]])
            store.append([pictures[n] for n in (1, 2)], rows[1:])
            assert np.array_equal(store.rows(pictures), rows)


def test_a_cache_of_something_else_or_in_use_is_refused(tmp_path: Path) -> None:
    benchmark = made("holidays", tmp_path / "data")
    folder = tmp_path / "cache/holidays/colours-1"
    with FeatureStore.opened(folder), pytest.raises(InvalidConfig, match="one evaluation at a"):
        compare(benchmark, [ColourEmbedder()], ["code"], tmp_path / "cache", silent)
    with FeatureStore.opened(folder) as store:
        store.append(benchmark.pictures[:1], np.zeros((1, 7), dtype=np.float32))
    with pytest.raises(InvalidConfig, match=r"expected 7 dimensions as in .*; got 48"):
        compare(benchmark, [ColourEmbedder()], ["code"], tmp_path / "cache", silent)
    (folder / "pictures.jsonl").write_text(json.dumps("something") + "\n")
    with pytest.raises(InvalidConfig, match="features of an earlier evaluation"):
        compare(benchmark, [ColourEmbedder()], ["code"], tmp_path / "cache", silent)
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidConfig, match="expected a folder for features"):
        compare(benchmark, [ColourEmbedder()], ["code"], tmp_path / "file", silent)
