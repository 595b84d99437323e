"""The one command from photos to a network that serves, on a handful of studio images."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch

from mappings.taxonomy import Taxonomy
from models.extractor import load_extractor
from models.training.datasets.products import product_samples
from models.training.datasets.studio import studio_samples
from models.training.samples import split_of
from models.training.studio import generate
from models.training.train import main

TAXONOMY = Taxonomy.load()
RECIPE = """
name = "tiny"
version = 3
epochs = 2
batch = 16
training_side = 64
side = 64
frozen_blocks = 5
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studio images twice: with their labels, and as a products.csv."""
    folder = tmp_path_factory.mktemp("training")
    generate(60, 3, folder, outfits=0.0, progress=False)
    labels = map(json.loads, (folder / "labels.jsonl").read_text().splitlines())
    with (folder / "products.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["file", "id", "gender", "articleType", "baseColour", "season", "usage",
             "productDisplayName", "group"]
        )  # fmt: skip
        for label in labels:
            category = TAXONOMY.categories[label["category"]]
            if category.labels:
                terms = dict(term.split(":") for term in label["attributes"])
                colour = terms.get("colour", "NA").replace("-", " ").title()
                writer.writerow(
                    [label["file"], label["product_id"], "Men", category.labels[0], colour,
                     "Fall", "NA", f"Acme Men Striped {category.label}", label["product_id"]]
                )  # fmt: skip
    return folder


def test_samples_know_what_is_known_and_no_more(folder: Path) -> None:
    samples = list(product_samples(folder / "products.csv", TAXONOMY))
    assert all(sample.terms["gender"] == "gender:men" for sample in samples)
    assert not any("usage" in sample.terms for sample in samples)
    striped = [s for s in samples if "pattern" in TAXONOMY.groups_of(s.category)]
    assert striped and all(s.terms["pattern"] == "pattern:striped" for s in striped)
    assert {s.split for s in samples} == {"train", "validation", "test"}
    assert all(s.split == split_of(s.group) for s in samples)
    assert {s.split for s in studio_samples(folder / "labels.jsonl", TAXONOMY)} == {"train"}


def test_one_command_trains_exports_and_writes_the_card(folder: Path, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    (tmp_path / "tiny.toml").write_text(RECIPE)
    main([
        str(tmp_path / "tiny.toml"), "--products", str(folder / "products.csv"),
        "--studio", str(folder / "labels.jsonl"), "--out", str(tmp_path / "weights"),
    ])  # fmt: skip
    torch.set_num_threads(threads)
    card = json.loads((tmp_path / "weights" / "tiny-3.json").read_text())
    assert card["recipe"]["epochs"] == 2 and card["split"]["by"] == "group"
    assert len(card["thresholds"]) == 112 + 1280
    log = (tmp_path / "weights" / "tiny-3.log.csv").read_text().splitlines()
    assert len(log) == 3 and log[0].startswith("epoch,loss,category")
    assert not list((tmp_path / "weights").glob("*.pt"))
    extractor = load_extractor(TAXONOMY, "tiny-3", weights=tmp_path / "weights")
    image = extractor.decode(next(folder.glob("images/*.jpg")).read_bytes())
    assert extractor.extract([image])[0].model == "tiny-3"
