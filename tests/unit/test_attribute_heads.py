"""The baseline recogniser: pooling, loss, export; random weights, small images."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.networks.attribute_heads import AttributeHeads, HeadsGraph
from houndstooth.models.networks.encoders import EfficientNetLite0
from houndstooth.models.networks.item_reader import EncoderGraph, box_pool
from houndstooth.models.runtime.card import DECODER, ENCODER, READER
from houndstooth.models.training.augment import (
    drop_item_boxes,
    occlude,
    random_mirror,
    random_view,
)
from houndstooth.models.training.calibrate import fit_temperatures
from houndstooth.models.training.export import export_recogniser
from houndstooth.models.training.heads_objective import HeadsObjective
from houndstooth.models.training.objective import Batch
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import UNKNOWN, Vocabulary

TAXONOMY = Taxonomy.load()
VOCABULARY = Vocabulary({"category": ("a", "b", "c"), "colour": ("colour:x", "colour:y")})
RECIPE = Recipe(name="test", version=1)


@pytest.fixture(scope="module")
def network() -> AttributeHeads:
    torch.manual_seed(0)
    return AttributeHeads(EfficientNetLite0(pretrained=False), VOCABULARY.sizes).eval()


@given(st.lists(st.floats(0, 0.8), min_size=2, max_size=2), st.floats(0.05, 0.2))
def test_box_pooling_is_the_mean_over_the_area_inside(corner: list[float], size: float) -> None:
    fine, cells = 200, 5
    maps = torch.rand(1, 3, cells, cells, dtype=torch.float64)
    x, y = (round(c * fine) / fine for c in corner)
    side = round(size * fine) / fine
    pooled = box_pool(maps, torch.tensor([[x, y, x + side, y + side]], dtype=torch.float64))
    big = maps.repeat_interleave(fine // cells, 2).repeat_interleave(fine // cells, 3)
    rows = slice(round(y * fine), round((y + side) * fine))
    columns = slice(round(x * fine), round((x + side) * fine))
    assert torch.allclose(pooled, big[:, :, rows, columns].mean((2, 3)))


def test_features_and_logits_have_their_shapes(network: AttributeHeads) -> None:
    pixels, boxes = torch.zeros(2, 96, 96, 3, dtype=torch.uint8), torch.tensor([[0.0, 0, 1, 1]] * 2)
    features, logits = HeadsGraph(network)(*EncoderGraph(network)(pixels), boxes, boxes)
    assert features.shape == (2, 112 + 1280) and logits.shape == (2, 5)
    assert network(torch.zeros(2, 3, 96, 96), torch.stack([boxes, boxes], dim=1)).shape == (2, 5)


def test_frozen_blocks_stay_as_they_are() -> None:
    encoder = EfficientNetLite0(pretrained=False)
    encoder.freeze(3)
    encoder.train()
    assert not any(p.requires_grad for p in encoder.net._blocks[2].parameters())
    assert not encoder.net._blocks[2].training and encoder.net._blocks[3].training


def test_an_unknown_label_adds_no_loss() -> None:
    objective = HeadsObjective(VOCABULARY, TAXONOMY, RECIPE)
    logits = torch.randn(4, 5, requires_grad=True)
    labels = torch.tensor([[0, UNKNOWN], [1, UNKNOWN], [2, UNKNOWN], [UNKNOWN, UNKNOWN]])
    hot = torch.eye(4, 5) * (labels[:, :1] >= 0)
    objective.cross_entropy(logits, objective.targets(labels, hot, torch.zeros(4, 5))).backward()
    assert logits.grad is not None
    assert (logits.grad[:, 3:] == 0).all() and (logits.grad[3] == 0).all()
    assert (logits.grad[:3, :3] != 0).all()


def test_the_target_is_spread_over_all_true_terms() -> None:
    objective = HeadsObjective(VOCABULARY, TAXONOMY, Recipe("test", 1, label_smoothing=0.0))
    labels, hot = torch.tensor([[1, 0], [2, 1]]), torch.tensor([[0.0, 1, 0, 1, 1], [0, 0, 1, 0, 1]])
    targets = objective.targets(labels, hot, torch.zeros(2, 5))
    assert targets.tolist() == [[0, 1, 0, 0.5, 0.5], [0, 0, 1, 0, 1]]


def test_a_category_that_is_given_adds_no_loss() -> None:
    vocabulary = Vocabulary({"great_category": ("g", "h"), **VOCABULARY.heads})
    objective, logits = (
        HeadsObjective(vocabulary, TAXONOMY, RECIPE),
        torch.randn(2, 7, requires_grad=True),
    )
    labels, guided = torch.tensor([[0, 1, 0], [1, 2, 1]]), torch.tensor([True, False])
    nothing = torch.zeros(2, 1)
    hot = torch.zeros(2, 7).scatter(1, labels + torch.tensor([0, 2, 5]), 1.0)
    batch = Batch(nothing, nothing, labels, hot, torch.zeros(2, 7), guided)
    objective.loss(lambda *_: logits, batch).backward()
    assert logits.grad is not None
    assert (logits.grad[0, :5] == 0).all() and (logits.grad[0, 5:] != 0).all()
    assert (logits.grad[1] != 0).all()


def test_views_move_boxes_with_their_items() -> None:
    torch.manual_seed(3)
    images = torch.full((16, 3, 96, 96), 255.0)
    images[:, :, 30:60, 20:50] = 0.0
    box = torch.tensor([[20 / 96, 30 / 96, 50 / 96, 60 / 96]]).repeat(16, 1)
    views, boxes = random_view(images, torch.stack([box, box], dim=1), 64)
    assert views.shape == (16, 3, 64, 64) and torch.equal(boxes[:, 0], boxes[:, 1])
    for view, (left, top, right, bottom) in zip(views, (boxes[:, 0] * 64).tolist(), strict=True):
        rows, columns = torch.nonzero(view[0] < 100, as_tuple=True)
        assert left - 1 <= columns.min() and columns.max() <= right + 1
        assert top - 1 <= rows.min() and rows.max() <= bottom + 1


def test_views_may_only_be_mirrored() -> None:
    torch.manual_seed(3)
    images, boxes = torch.rand(12, 3, 32, 32) * 255, torch.rand(12, 2, 4)
    views, moved = random_mirror(images, boxes, 32)
    mirrored = (views == images.flip(3)).flatten(1).all(1)
    assert 2 < mirrored.sum() < 10
    assert torch.equal(views[~mirrored], images[~mirrored])
    assert torch.equal(moved[~mirrored], boxes[~mirrored])
    expected = 1 - boxes[mirrored][..., [2, 0]]
    torch.testing.assert_close(moved[mirrored][..., [0, 2]], expected)
    assert random_mirror(images, boxes, 24)[0].shape == (12, 3, 24, 24)


def test_a_covered_view_is_the_one_before_but_for_a_strip_of_the_item() -> None:
    torch.manual_seed(5)
    views = torch.arange(1.0, 41.0)[:, None, None, None].expand(40, 3, 64, 64)
    item, window = torch.tensor([0.25, 0.25, 0.75, 1.0]), torch.tensor([0.0, 0.0, 1.0, 1.0])
    boxes = torch.stack([window, item]).repeat(40, 1, 1)
    seen, found, covered = occlude(views, boxes, share=0.5)
    assert 10 < covered.sum() < 30
    assert torch.equal(seen[~covered], views[~covered])
    assert torch.equal(found[~covered], boxes[~covered])
    for row in torch.nonzero(covered)[:, 0].tolist():
        mine, other = seen[row] == views[row], seen[row] == views[row - 1]
        assert (mine ^ other).all()
        y, x = torch.nonzero(mine[0], as_tuple=True)
        bounds = torch.stack([x.min(), y.min(), x.max() + 1, y.max() + 1]) / 64
        assert (bounds - found[row, 1]).abs().max() <= 1 / 64
        assert len(x) == (bounds[2:] - bounds[:2]).prod() * 64**2
        strip = (found[row, 1, 2:] - found[row, 1, :2]) / (item[2:] - item[:2])
        assert 0.35 <= strip.min() <= 0.8 and strip.max() == pytest.approx(1.0)
        assert torch.equal(found[row, 0], window)


def test_nothing_is_covered_where_no_share_is() -> None:
    views, boxes = torch.rand(8, 3, 16, 16), torch.rand(8, 2, 4)
    before = torch.get_rng_state()
    seen, found, covered = occlude(views, boxes, share=0.0)
    assert torch.equal(torch.get_rng_state(), before), "recipes that cover none train as they did"
    assert torch.equal(seen, views) and torch.equal(found, boxes) and not covered.any()


def test_some_items_are_forgotten_and_all_windows_stay() -> None:
    torch.manual_seed(4)
    boxes = torch.rand(200, 2, 4)
    seen = drop_item_boxes(boxes, share=0.3)
    assert torch.equal(seen[:, 0], boxes[:, 0])
    forgotten = (seen[:, 1] == boxes[:, 0]).all(1)
    assert 30 < forgotten.sum() < 90
    assert torch.equal(seen[~forgotten, 1], boxes[~forgotten, 1])


def test_temperature_makes_overconfident_logits_humble() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 400)
    labels = np.stack([truth, np.full(400, UNKNOWN)], axis=1)
    logits = np.zeros((400, 5), np.float32)
    guess = np.where(rng.random(400) < 0.6, truth, rng.integers(0, 3, 400))
    logits[np.arange(400), guess] = 9.0
    data = SimpleNamespace(labels=labels, multi_hot=np.eye(5, dtype=np.uint8)[truth])
    found = fit_temperatures(logits, data, VOCABULARY)
    assert found["category"] > 2 and found["colour"] == 1.0


def test_the_exported_graphs_agree_with_torch(network: AttributeHeads, tmp_path: Path) -> None:
    export_recogniser(network, "heads", 96, tmp_path / "network-1")
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (3, 96, 96, 3), dtype=np.uint8)
    boxes = np.array([[0, 0, 1, 1], [0.1, 0.2, 0.9, 0.8], [0.4, 0.4, 0.5, 0.6]], np.float32)
    files = [tmp_path / f"network-1{part}" for part in (ENCODER, READER)]
    encoder, reader = (
        onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        for file in files
    )
    middle, last = encoder.run(None, {"pixels": pixels})
    inputs = {"boxes": boxes, "item_boxes": boxes[::-1].copy()}
    features, logits = reader.run(None, {"middle": middle, "last": last, **inputs})
    with torch.no_grad():
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
        both = torch.from_numpy(np.stack([inputs["boxes"], inputs["item_boxes"]], axis=1))
        expected, scores = network.pool(network.maps(images), both[:, 1]), network(images, both)
    assert np.abs(features - expected.numpy()).max() < 1e-4 * np.abs(expected.numpy()).max()
    assert np.abs(logits - scores.numpy()).max() < 1e-4 * np.abs(scores.numpy()).max()
    held = onnx.load(files[0]).graph.initializer
    kinds = {t.data_type for t in held if len(t.dims) > 1 and np.prod(t.dims[1:]) > 1}
    assert kinds == {onnx.TensorProto.INT8}
    assert not tmp_path.joinpath(f"network-1{DECODER}").exists()
