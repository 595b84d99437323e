"""The ready recipe: a shop's own photos, from the shipped recogniser to one that serves."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.models.runtime.card import WEIGHTS, read_json
from houndstooth.models.synthetic import generate
from houndstooth.plugin.config import Settings
from tests.integration.training import run_evaluate, run_train


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain CSV of drawn products: category, colour and gender."""
    folder = tmp_path_factory.mktemp("shop")
    generate(24, 8, folder, outfits=0.0, jobs=1)
    labels = map(json.loads, (folder / "labels.jsonl").read_text().splitlines())
    with (folder / "shop.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "category", "split", "colour", "gender"])
        for number, label in enumerate(labels):
            [item] = label["items"]
            terms = dict(term.split(":") for term in item["attributes"])
            split = ("train", "train", "validation", "test")[number % 4]
            row = [label["file"], item["category"], split]
            writer.writerow([*row, terms.get("colour", ""), terms.get("gender", "")])
    return folder


def test_a_shop_trains_evaluates_and_serves(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, labels = shop / "networks", shop / "shop.csv"
    run_train("shop", "--csv", labels, "--out", out, "--epochs", "1", "--detector", "none")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "shop-1: a recogniser, fine-tuned from attribute-distilled-1, 1 epoch"
    assert "0 weights of another shape start anew" in lines
    assert lines[-2] == f"next: houndstooth evaluate {out / 'shop-1'} --csv {labels}"
    assert lines[-1] == f"to serve it: HOUNDSTOOTH_MODEL={out / 'shop-1.json'} houndstooth serve"

    run_evaluate(out / "shop-1", "--csv", labels, "--json")
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["split"] == "test" and figures["photos"] == 6
    assert set(figures["groups"]) == {"great_category", "category", "colour", "gender"}

    card = read_json(out / "shop-1")
    assert card["heads"] == read_json(WEIGHTS / "attribute-distilled-1")["heads"]
    assert card["command"] == "houndstooth train shop.toml --csv CSV/shop.csv"
    settings = Settings.from_env({"HOUNDSTOOTH_MODEL": str(out / "shop-1.json")})
    extractor = load_extractor(Taxonomy.load(), **settings.extractor_options, threads=1)
    photo = next(shop.glob("images/*.jpg")).read_bytes()
    assert extractor.extract([extractor.decode(photo)])[0].model.startswith("shop-1+")
