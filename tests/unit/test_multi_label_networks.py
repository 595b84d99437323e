"""Wide, deep and recurrent, and multi-weight: features, shapes, export; random weights."""

from __future__ import annotations

import colorsys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.networks.encoders import EfficientNetLite0
from houndstooth.models.networks.item_reader import ItemReader
from houndstooth.models.networks.multi_weight import MultiWeight
from houndstooth.models.networks.wide_deep_recurrent import WideDeepRecurrent
from houndstooth.models.networks.wide_features import HUES, ORIENTATIONS, WideFeatures
from houndstooth.models.recognition.heads_recogniser import HeadsRecogniser, head_probabilities
from houndstooth.models.recognition.recogniser import encode_and_predict
from houndstooth.models.runtime.card import ENCODER, READER, Card, Files
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.export import export_recogniser, exported_weights
from houndstooth.models.training.fit import _weights_by_rate
from houndstooth.models.training.multi_label_objective import MultiLabelObjective
from houndstooth.models.training.new_network import new_network
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import Vocabulary

TAXONOMY = Taxonomy.load()
SIDE = 64
HEADS = {
    "great_category": ("top", "shoes"),
    "category": ("shirt", "t-shirt", "heels"),
    "colour": ("colour:red", "colour:blue", "colour:green"),
    "heel": ("heel:flat", "heel:high"),
}
LABELS = sum(map(len, HEADS.values()))
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "deep": ("wide-deep-recurrent", {}),
    "wide": ("wide-deep-recurrent", {"wide": True, "side": SIDE}),
    "recurrent": ("wide-deep-recurrent", {"recurrent": "concatenated", "size": 8}),
    "separate": ("wide-deep-recurrent", {"recurrent": "separate", "size": 8}),
    "all": ("wide-deep-recurrent", {"wide": True, "side": SIDE, "recurrent": "concatenated"}),
    "multi-label": ("multi-weight", {}),
    "multi-task": ("multi-weight", {"private": 16}),
}


def build(name: str, mirror: bool = True) -> ItemReader:
    kind, options = NETWORKS[name]
    recipe = Recipe("t", 1, kind=kind, mirror=mirror, network_options=options)
    return new_network(Vocabulary(HEADS), TAXONOMY, recipe)[0].eval()


BOXES = np.array([[0, 0, 1, 1], [0.1, 0.2, 0.9, 0.8], [0.4, 0.4, 0.6, 0.6]], np.float32)


@pytest.mark.parametrize("name", NETWORKS)
def test_torch_and_onnxruntime_give_the_same_answers(name: str, tmp_path: Path) -> None:
    network = build(name)
    stem = tmp_path / "tiny-1"
    kind = NETWORKS[name][0]
    suffixes = export_recogniser(network, kind, SIDE, stem)
    assert suffixes == (ENCODER, READER)
    card = Card(
        "tiny-1", kind, SIDE, HEADS, dict.fromkeys(HEADS, 1.3), (), np.zeros(1, np.float32),
        files=Files.of(stem, suffixes), activation="sigmoid",
    )  # fmt: skip
    recogniser = HeadsRecogniser(stem, card, TAXONOMY, 1)
    rng = np.random.default_rng(1)
    # Smooth colours, not noise: as in photos many neighbours are equal.
    pixels = rng.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    pixels[1, :40] = 255
    crops = [
        Crop(each, box, item) for each, box, item in zip(pixels, BOXES, BOXES[::-1], strict=True)
    ]
    features, predictions = encode_and_predict(recogniser, crops, [None, {"heels"}, None])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    both = torch.from_numpy(np.stack([BOXES, BOXES[::-1]], axis=1).copy())
    with torch.no_grad():
        expected = network.pool(network.maps(images), both[:, 1]).numpy()
        scores = network(images, both).numpy() / np.float32(1.3)
    assert scores.shape == (3, LABELS) and expected.shape == (3, 112 + 1280)
    assert np.abs(features - expected).max() < 1e-4 * np.abs(expected).max()
    for head, where in Vocabulary(HEADS).slices().items():
        wanted = head_probabilities(head, scores[:, where], "sigmoid")
        for row, prediction in enumerate(predictions):
            found = prediction.categories if head == "category" else prediction.groups.get(head)
            if found is not None:
                got = [found[term] for term in HEADS[head]]
                np.testing.assert_allclose(got, wanted[row], atol=1e-4)
    assert predictions[1].category == "heels" and "heel" in predictions[1].groups
    assert sum(predictions[0].categories.values()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("name", ["all", "separate", "multi-task"])
def test_exported_weights_come_back_whole(name: str, tmp_path: Path) -> None:
    network = build(name)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():  # the exporter stores equal tensors once
            tensor += torch.rand_like(tensor) * 0.01
    export_recogniser(network, NETWORKS[name][0], SIDE, tmp_path / "tiny-1")
    weights, state = exported_weights(tmp_path / "tiny-1"), network.state_dict()
    missing = set(state) - set(weights)
    assert all(each.endswith("num_batches_tracked") for each in missing), missing
    for each in set(state) & set(weights):
        assert torch.equal(weights[each].reshape(state[each].shape), state[each]), each


def painted(*colours: tuple[int, int, int]) -> torch.Tensor:
    """An image of upright stripes of equal width."""
    stripes = torch.tensor(colours, dtype=torch.float32).repeat_interleave(64 // len(colours), 0)
    return stripes.T[None, :, None].expand(1, 3, 64, 64)


WHOLE = torch.tensor([[0.0, 0.0, 1.0, 1.0]])


@pytest.mark.parametrize("colour", [(200, 30, 40), (20, 200, 30), (30, 60, 190), (90, 90, 90)])
def test_hues_are_those_of_hsv_and_white_is_left_out(colour: tuple[int, int, int]) -> None:
    wide = WideFeatures(64)
    found = wide.hue_histogram(wide(painted(colour, (255, 255, 255))), WHOLE)
    hue = colorsys.rgb_to_hsv(*(value / 255 for value in colour))[0]
    assert found.shape == (1, HUES) and found[0].argmax() == int(hue * HUES)
    assert found.sum() == pytest.approx(1.0) and found.max() == pytest.approx(1.0)


def test_hues_are_counted_in_the_box_alone() -> None:
    wide = WideFeatures(64)
    cells = wide(painted((200, 0, 0), (0, 0, 200)))
    left = wide.hue_histogram(cells, torch.tensor([[0.0, 0.0, 0.5, 1.0]]))
    both = wide.hue_histogram(cells, WHOLE)
    assert left[0, 0] == pytest.approx(1.0)
    assert both[0, 0] == both[0, 33] == pytest.approx(0.5)
    white = wide.hue_histogram(wide(painted((255, 255, 255))), WHOLE)
    assert not white.any()


def test_upright_and_lying_stripes_have_other_gradients() -> None:
    wide = WideFeatures(64)
    upright = painted(*[(0, 0, 0), (250, 250, 250)] * 4)
    lying = upright.transpose(2, 3)
    of_upright, of_lying = (wide(each)[:, HUES:].sum((0, 2, 3)) for each in (upright, lying))
    assert of_upright.argmax() in (ORIENTATIONS // 2, ORIENTATIONS // 2 - 1)
    assert of_lying.argmax() in (0, ORIENTATIONS - 1)
    features = wide.gradient_histogram(wide(upright))
    assert features.shape == (1, wide.gradients) and torch.isfinite(features).all()
    assert features.max() <= 1.0
    plain = wide.gradient_histogram(wide(painted((90, 90, 90))))
    assert not plain.any()


def test_smaller_views_have_as_many_wide_features() -> None:
    wide = WideFeatures(64)
    assert wide(torch.rand(2, 3, 48, 48) * 255).shape == wide(torch.rand(2, 3, 64, 64)).shape


def test_the_recurrence_reads_all_labels_in_both_directions() -> None:
    network = WideDeepRecurrent(
        EfficientNetLite0(pretrained=False), 5, recurrent="concatenated", size=6
    ).eval()
    recurrence = network.recurrence
    assert recurrence is not None
    deep = torch.randn(2, network.width)
    before = recurrence(deep)
    assert before.shape == (2, 5, 12)
    with torch.no_grad():
        recurrence.embeddings[2] += 1.0
    changed = (recurrence(deep) - before).abs().amax((0, 2)) > 1e-6
    assert changed.all(), "labels before and after see the change"
    forwards = (recurrence(deep) - before)[:, :, :6].abs().amax((0, 2)) > 1e-6
    assert forwards.tolist() == [False, False, True, True, True]
    other = recurrence(deep + 1.0)
    assert ((other - recurrence(deep)).abs().amax(2) > 1e-7).all(), "the image starts it"


def test_each_label_of_the_separate_recurrence_has_its_own_scores() -> None:
    network = build("separate")
    assert isinstance(network, WideDeepRecurrent) and network.own_scores is not None
    together = build("recurrent")
    assert network.head.in_features < together.head.in_features
    pooled = torch.randn(2, network.width)
    before = network.logits(pooled)
    with torch.no_grad():
        network.own_scores[1] += 1.0
    changed = (network.logits(pooled) - before).abs().amax(0) > 1e-6
    assert changed.tolist() == [False, True] + [False] * (LABELS - 2)


def test_label_embeddings_start_from_co_occurrence() -> None:
    recipe = Recipe("t", 1, kind="wide-deep-recurrent", network_options=NETWORKS["recurrent"][1])
    network, objective = new_network(Vocabulary(HEADS), TAXONOMY, recipe)
    assert isinstance(network, WideDeepRecurrent) and network.recurrence is not None
    hot = np.array([[1, 0, 1, 0, 0, 1, 0, 0, 0, 0]] * 30 + [[0, 1, 0, 0, 1, 0, 1, 0, 0, 1]] * 30)
    assert isinstance(objective, MultiLabelObjective)
    objective.prepare(network, np.zeros((60, 4), np.int64), hot.astype(np.uint8))
    found = network.recurrence.embeddings.detach()
    near, far = (found[0] - found[2]).norm(), (found[0] - found[4]).norm()
    assert near < 1e-3 < far
    assert network.recurrence.embeddings.requires_grad


def test_a_deep_part_that_is_not_trained_stays_as_it_is() -> None:
    network = WideDeepRecurrent(EfficientNetLite0(pretrained=False), 5, train_deep=False).train()
    encoder = network.get_submodule("encoder")
    assert not encoder.training and network.head.training
    assert not any(weight.requires_grad for weight in encoder.parameters())
    norm = next(module for module in encoder.modules() if isinstance(module, nn.BatchNorm2d))
    before = norm.running_mean.clone()
    network(torch.rand(2, 3, 32, 32) * 255, torch.tensor([[[0.0, 0, 1, 1]] * 2] * 2))
    assert torch.equal(norm.running_mean, before)


def test_an_unknown_recurrence_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="off, concatenated or separate; got 'sideways'"):
        WideDeepRecurrent(EfficientNetLite0(pretrained=False), 5, recurrent="sideways")


def test_private_layers_see_no_other_groups_gradient() -> None:
    network = MultiWeight(EfficientNetLite0(pretrained=False), [2, 3], private=4).eval()
    network.logits(torch.rand(2, network.width))[:, :2].sum().backward()
    assert network.hidden is not None and network.hidden.weight.grad is not None
    assert network.hidden.weight.grad[:4].any() and not network.hidden.weight.grad[4:].any()


def test_task_weights_have_a_learning_rate_of_their_own() -> None:
    network = build("multi-task")
    weights = list(network.parameters())
    shared, tasks = _weights_by_rate(network, weights, Recipe("t", 1, task_learning_rate=3e-3))
    assert (shared["lr"], tasks["lr"]) == (8e-4, 3e-3)
    assert len(tasks["params"]) == 2 + 2 * len(HEADS)
    assert len(shared["params"]) + len(tasks["params"]) == len(weights)
    [all_of_them] = _weights_by_rate(network, weights, Recipe("t", 1))
    assert all_of_them["params"] == weights
