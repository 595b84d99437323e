"""The term reader: trained on labels by eye, read from the maps of all members."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import open_recogniser
from houndstooth.models.networks.term_head import TermHead, graph, pooled_features
from houndstooth.models.recognition.term_reader import TermReader
from houndstooth.models.runtime.card import ENCODER, WEIGHTS, write_json
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.export import export_graph
from houndstooth.models.training.quantise import quantise_network
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.terms import TermRecipe, fit_head, label_matrices

TAXONOMY = Taxonomy.load()
TERMS = ("sleeve:short", "sleeve:long", "pattern:striped", "sleeve:winged")
SHAPES: list[tuple[int, ...]] = [(2, 3, 4, 4), (2, 5, 2, 2), (1, 2, 4, 4), (1, 4, 2, 2)]
"""Of two encoders, the first of which sees the mirror image too."""


def write_reader(folder: Path, head: TermHead) -> Path:
    stem = folder / "terms-1"
    export_graph(graph(head, SHAPES), Path(f"{stem}{ENCODER}"))
    card = {
        "name": "terms",
        "version": 1,
        "terms": TERMS,
        "members": ["one-1", "two-1"],
        "thresholds": {"sleeve:long": 0.4},
    }
    write_json(stem, card, (ENCODER,))
    return stem


def new_head() -> TermHead:
    torch.manual_seed(3)
    head = TermHead(2 * (3 + 5 + 2 + 4), len(TERMS)).eval()
    head.mean, head.deviation = torch.rand(28), torch.rand(28) + 0.5
    quantise_network(head)
    return head


def test_onnxruntime_reads_what_torch_does(tmp_path: Path) -> None:
    head = new_head()
    reader = TermReader(write_reader(tmp_path, head), TAXONOMY, 1)
    rng = np.random.default_rng(1)
    arrays = [rng.random((3, *shape), dtype=np.float32) for shape in SHAPES]
    maps = ((arrays[0], arrays[1]), (arrays[2], arrays[3]))
    boxes = np.array([[0, 0, 1, 1], [0.2, 0.1, 0.7, 0.9], [0.5, 0.5, 1, 1]], np.float32)
    crops = [Crop(np.zeros((8, 8, 3), np.uint8), box, box[::-1].copy()) for box in boxes]
    items = np.stack([crop.item for crop in crops])
    pairs = tuple((torch.from_numpy(a), torch.from_numpy(b)) for a, b in maps)
    with torch.no_grad():
        pooled = pooled_features(pairs, torch.from_numpy(boxes), torch.from_numpy(items))
        expected = head(pooled).sigmoid().numpy()
    read = reader.read(maps, crops)
    assert [row["sleeve"]["sleeve:long"] for row in read] == pytest.approx(
        expected[:, 1].tolist(), abs=1e-5
    )
    assert reader.thresholds == {"sleeve:long": 0.4}


def test_terms_that_the_taxonomy_lacks_are_not_read(tmp_path: Path) -> None:
    reader = TermReader(write_reader(tmp_path, new_head()), TAXONOMY, 1)
    maps = tuple(
        (np.zeros((1, *SHAPES[at]), np.float32), np.zeros((1, *SHAPES[at + 1]), np.float32))
        for at in (0, 2)
    )
    whole = np.array([0, 0, 1, 1], np.float32)
    [read] = reader.read(maps, [Crop(np.zeros((8, 8, 3), np.uint8), whole, whole)])
    assert {group: list(terms) for group, terms in read.items()} == {
        "sleeve": ["sleeve:short", "sleeve:long"],
        "pattern": ["pattern:striped"],
    }


def test_a_reader_of_other_networks_is_refused(tmp_path: Path) -> None:
    write_reader(tmp_path, new_head())
    for file in WEIGHTS.glob("attribute-distilled-1.*"):
        (tmp_path / file.name).symlink_to(file)
    card = {
        "name": "both",
        "version": 1,
        "kind": "ensemble",
        "members": ["attribute-distilled-1"],
        "terms": "terms-1",
    }
    (tmp_path / "both-1.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(InvalidConfig, match=r"expected members one-1, two-1 .* as terms-1 reads"):
        open_recogniser(tmp_path / "both-1", TAXONOMY, 1)


def shirt(known: frozenset[str], **terms: tuple[str, ...]) -> Sample:
    return Sample(Path("s.jpg"), "shirt", terms, known | {*terms}, "s", "train")


def test_what_is_not_known_is_not_learned() -> None:
    samples = [
        shirt(frozenset(), sleeve=("sleeve:long",)),
        shirt(frozenset({"sleeve"})),
        shirt(frozenset(), pattern=("pattern:striped", "pattern:printed")),
    ]
    true, known = label_matrices(samples, TERMS)
    assert true.tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    assert known.tolist() == [[1, 1, 0, 1], [1, 1, 0, 1], [0, 0, 1, 0]]


def test_a_head_learns_terms_that_features_tell_apart() -> None:
    rng = np.random.default_rng(2)
    features = rng.standard_normal((200, 12)).astype(np.float32)
    true = np.stack([features[:, 0] > 0, features[:, 1] > 0.5], axis=1)
    known = np.ones_like(true)
    known[:, 1] = features[:, 2] > 0
    recipe = TermRecipe("terms", 1, ("one-1",), ("sleeve",), steps=300)
    recipe = replace(recipe, learning_rate=0.05, weight_decay=0.01)
    head = fit_head(recipe, features, true, known)
    with torch.no_grad():
        found = head(torch.from_numpy(features)).numpy() > 0
    assert (found == true)[known].mean() > 0.95
