"""``houndstooth papers`` on drawn images: runs that are done once, and errors in one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from houndstooth.commands import main
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.synthetic import generate
from houndstooth.models.training.papers import runs, scores

TAXONOMY = Taxonomy.load()
COLUMNS = ["file", "gender", "articleType", "baseColour", "productDisplayName", "group"]


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn images as a products.csv."""
    folder = tmp_path_factory.mktemp("products")
    generate(40, 3, folder, outfits=0.0, progress=False)
    with (folder / "products.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for label in map(json.loads, (folder / "labels.jsonl").read_text().splitlines()):
            category = TAXONOMY.categories[label["category"]]
            if category.labels:
                name, number = f"Acme Striped {category.label}", label["product_id"]
                values = [label["file"], "Men", category.labels[0], "Red", name, number]
                writer.writerow(dict(zip(COLUMNS, values, strict=True)))
    return folder / "products.csv"


def papers(products: Path, out: Path, *words: str) -> int:
    common = ["--products", str(products), "--out", str(out), "--detector", "none"]
    return main(["papers", *common, *words])


def test_a_row_is_trained_once_and_its_tables_are_written(
    products: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, tables = tmp_path / "out", tmp_path / "papers.md"
    row = ["--row", "full-ssmtl-ca", "--epochs", "1", "--tables", str(tables)]
    assert papers(products, out, *row) == 0
    text = tables.read_text()
    assert "## Structure-aware deep learning" in text and "--paper structure-aware`" in text
    assert (tmp_path / "papers" / "structure-aware-attention.png").stat().st_size > 1000
    stem = out / "structure-aware" / "full-ssmtl-ca-1"
    facts = json.loads(Path(f"{stem}.run.json").read_text())
    assert facts["images_per_s"] > 0 and facts["recipe"]["encoder_options"] == {"attention": True}
    assert {"validation", "test"} <= set(facts["accuracy"])
    with np.load(f"{stem}.scores.npz", allow_pickle=False) as arrays:
        assert arrays["test_scores"].shape == arrays["test_multi_hot"].shape
    monkeypatch.setattr(runs, "train_recogniser", lambda _: pytest.fail("trained again"))
    tables.unlink()
    assert papers(products, out, *row) == 0
    assert tables.read_text() == text
    capsys.readouterr()
    assert papers(products, out, "--row", "full-ssmtl-ca", "--list") == 0
    assert capsys.readouterr().out.split()[-5:] == ["1", "of", "1", "seeds", "done"]
    # Its speed alone is measured again.
    monkeypatch.setattr(scores, "images_per_s", lambda _, data, times: 1000.0 + len(data.pixels))
    assert papers(products, out, *row, "--time") == 0
    timed = json.loads(Path(f"{stem}.run.json").read_text())
    assert timed == facts | {"images_per_s": timed["images_per_s"]} != facts
    assert timed["images_per_s"] > 1000
    # What another recipe made is not passed off as this one's.
    assert papers(products, out, "--row", "full-ssmtl-ca", "--epochs", "2") == 1
    assert "of the same recipe and photos" in capsys.readouterr().out


def test_a_row_that_the_photos_cannot_train_costs_no_other(
    products: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["--row", "core-ssmtl-silhouette", "--row", "full-bcnn-root", "--epochs", "1"]
    assert papers(products, tmp_path, *rows) == 1
    out = capsys.readouterr().out
    left_out = "left out structure-aware: core-ssmtl-silhouette, seed 1: "
    assert f"{left_out}expected training and validation photos; got 0 and 0" in out
    assert (tmp_path / "structure-aware" / "full-bcnn-root-1.run.json").exists()


def test_an_unknown_paper_or_row_begins_nothing(
    products: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert papers(products, tmp_path / "out", "--paper", "nobody") == 2
    assert papers(products, tmp_path / "out", "--row", "nobody") == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "expected papers among" in first and "expected rows among" in second
    assert papers(tmp_path / "none.csv", tmp_path / "out") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: expected a products.csv at ")
    assert not (tmp_path / "out" / "crops").exists()
