"""Structure-aware recognisers: attention, tasks, losses, export; random weights, small images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.networks.encoders import EfficientNetLite0
from houndstooth.models.networks.spatial_attention import SpatialAttention
from houndstooth.models.networks.structure_aware import StructureAware, heads_of_tasks
from houndstooth.models.recognition.heads_recogniser import HeadsRecogniser
from houndstooth.models.recognition.recogniser import encode_and_predict
from houndstooth.models.runtime.card import Card, Files
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.card import always_predicted
from houndstooth.models.training.export import export_recogniser, exported_weights
from houndstooth.models.training.new_network import load_weights
from houndstooth.models.training.objective import Batch
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.structure_aware_objective import StructureAwareObjective
from houndstooth.models.training.vocabulary import ABSENT, UNKNOWN, Vocabulary

TAXONOMY = Taxonomy.load()
HEADS = {
    "great_category": ("top", "shoes"),
    "category": ("shirt", "t-shirt", "boots"),
    "colour": ("colour:red", "colour:blue"),
    "sleeve": ("sleeve:long", "sleeve:short"),
    "pattern": ("pattern:striped", "pattern:plain", "pattern:dotted"),
}
VOCABULARY = Vocabulary(HEADS)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def network(*tasks: str, attention: bool = True) -> StructureAware:
    encoder = EfficientNetLite0(pretrained=False, attention=attention)
    return StructureAware.from_heads(encoder, HEADS, False, True, tasks).eval()


def test_attention_weighs_the_cells_of_all_channels_alike() -> None:
    attention, maps = SpatialAttention(112), 50 * torch.randn(2, 112, 13, 13)
    weights = attention.weights(maps)
    assert weights.shape == (2, 1, 13, 13) and weights.min() > 0 and weights.max() < 1
    assert torch.allclose(attention(maps), maps * weights)
    assert not torch.allclose(weights[0], weights[1]), "each image has its own"
    assert torch.allclose(attention.weights(3 * maps), weights), "of however large maps"
    logits = torch.cat([SpatialAttention(112).weights(maps).logit().flatten() for _ in range(50)])
    assert 0.8 < logits.std() < 1.2, "none begins where the sigmoid is flat"


@torch.no_grad()
def test_attention_changes_the_middle_map_and_all_after_it() -> None:
    encoder, images = (
        EfficientNetLite0(pretrained=False, attention=True).eval(),
        torch.rand(1, 3, 208, 208),
    )
    middle, last = encoder(images)
    assert middle.shape[2:] == (13, 13)
    attention, encoder.attention = encoder.attention, None
    plain, plain_last = encoder(images)
    assert attention is not None
    assert torch.allclose(middle, attention(plain)) and not torch.allclose(last, plain_last)


@pytest.mark.parametrize(
    ("tasks", "heads"),
    [
        (["leaf"], ["category"]),
        (["root"], ["great_category"]),
        (["leaf", "root"], ["great_category", "category"]),
        (["leaf", "attributes"], ["category", "colour", "sleeve", "pattern"]),
        (["leaf", "sleeve"], ["category", "sleeve"]),
        (["attributes"], ["colour", "sleeve", "pattern"]),
    ],
)
def test_a_network_has_the_heads_of_its_tasks(tasks: list[str], heads: list[str]) -> None:
    assert list(heads_of_tasks(HEADS, tasks)) == heads
    images, boxes = torch.zeros(2, 3, 64, 64), torch.tensor([[[0.0, 0, 1, 1]] * 2] * 2)
    logits = network(*tasks)(images, boxes)
    assert logits.shape == (2, sum(len(HEADS[head]) for head in heads))


@pytest.mark.parametrize(("tasks", "got"), [([], "none"), (["leaf", "heel"], "heel")])
def test_a_task_that_there_is_not_is_refused(tasks: list[str], got: str) -> None:
    with pytest.raises(InvalidConfig, match=rf"among root, leaf, attributes, colour, .*got {got}$"):
        heads_of_tasks(HEADS, tasks)


def test_attributes_have_a_layer_of_all_terms_and_one_for_each_group() -> None:
    built = network("leaf", "attributes")
    assert built.states is not None and built.states[0].out_features == 2 + 2 + 3
    assert [layer.out_features for layer in built.groups] == [2, 2, 3]
    assert {layer.in_features for layer in built.groups} == {7}
    assert list(built.categories) == ["category"]


def test_losses_count_as_in_the_paper_and_a_recipe_may_differ() -> None:
    objective = StructureAwareObjective(VOCABULARY, TAXONOMY, Recipe("x", 1))
    assert objective.loss_weights == [0.1, 1.0, 0.5, 0.3, 0.1]
    recipe = Recipe("x", 1, loss_weights={"pattern": 0.7})
    assert StructureAwareObjective(VOCABULARY, TAXONOMY, recipe).loss_weights[-1] == 0.7


def test_an_attribute_without_a_label_adds_no_loss() -> None:
    vocabulary = Vocabulary(heads_of_tasks(HEADS, ["leaf", "attributes"]))
    objective = StructureAwareObjective(vocabulary, TAXONOMY, Recipe("x", 1, label_smoothing=0.0))
    logits = torch.randn(3, 10, requires_grad=True)
    labels = torch.tensor([[0, 0, UNKNOWN, UNKNOWN], [1, 1, ABSENT, 2], [2, 0, 1, UNKNOWN]])
    multi_hot = torch.zeros(3, 10)
    for row, column in [(0, 0), (0, 3), (1, 1), (1, 4), (1, 9), (2, 2), (2, 3), (2, 6)]:
        multi_hot[row, column] = 1
    nothing, guided = torch.zeros(3, 1), torch.tensor([False, False, True])
    batch = Batch(nothing, nothing, labels, multi_hot, torch.zeros(3, 10), guided)
    loss = objective.loss(lambda *_: logits, batch)
    loss.backward()
    assert logits.grad is not None
    assert (logits.grad[0, 5:] == 0).all() and (logits.grad[1, 5:7] == 0).all()
    assert (logits.grad[2, :3] == 0).all(), "a category that is given adds no loss"
    assert (logits.grad[:, 3:5] != 0).all() and (logits.grad[1, 7:] != 0).all()
    p = logits.detach()
    first = -p[0, :3].log_softmax(0)[0] - 0.5 * p[0, 3:5].log_softmax(0)[0]
    second = -p[1, :3].log_softmax(0)[1] - 0.5 * p[1, 3:5].log_softmax(0)[1]
    second = second - 0.1 * p[1, 7:].log_softmax(0)[2]
    third = -0.5 * p[2, 3:5].log_softmax(0)[0] - 0.3 * p[2, 5:7].log_softmax(0)[1]
    assert loss.item() == pytest.approx((first + second + third).item() / 3, rel=1e-5)


def test_the_exported_network_serves_its_heads_and_gives_its_weights_back(tmp_path: Path) -> None:
    built = network("leaf", "attributes")
    suffixes = export_recogniser(built, "structure-aware", 64, tmp_path / "x-1")
    again = network("leaf", "attributes")
    assert load_weights(again, exported_weights(tmp_path / "x-1")) == 0
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    box = np.array([0, 0, 1, 1], np.float32)
    heads = heads_of_tasks(HEADS, ["leaf", "attributes"])
    card = Card(
        "x-1", "structure-aware", 64, heads, dict.fromkeys(heads, 1.0), (),
        np.zeros(1, np.float32), files=Files.of(tmp_path / "x-1", suffixes),
    )  # fmt: skip
    recogniser = HeadsRecogniser(tmp_path / "x-1", card, TAXONOMY, 1)
    crops = [Crop(each, box, box) for each in pixels]
    _, seen = encode_and_predict(recogniser, crops, [{"shirt"}, {"boots"}])
    assert set(seen[0].groups) == {"colour", "sleeve", "pattern"}
    with torch.no_grad():
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
        expected = again(images, torch.ones(2, 2, 4) * torch.from_numpy(box)).softmax(1)
        leaf = again(images, torch.ones(2, 2, 4) * torch.from_numpy(box))[:, :3].softmax(1)
    assert list(seen[0].categories.values()) == pytest.approx(leaf[0].tolist(), abs=1e-4)
    assert expected.shape == (2, 10)


def test_a_network_without_a_category_serves_no_one(tmp_path: Path) -> None:
    suffixes = export_recogniser(network("root"), "structure-aware", 64, tmp_path / "x-1")
    heads = heads_of_tasks(HEADS, ["root"])
    card = Card("x-1", "structure-aware", 64, heads, {}, (), np.zeros(1, np.float32),
                files=Files.of(tmp_path / "x-1", suffixes))  # fmt: skip
    with pytest.raises(
        InvalidConfig, match="expected x-1 with a head category; got great_category"
    ):
        HeadsRecogniser(tmp_path / "x-1", card, TAXONOMY, 1)


def test_heads_that_are_always_predicted_are_found_by_name() -> None:
    vocabulary = Vocabulary(heads_of_tasks(HEADS, ["leaf", "sleeve"]))
    assert always_predicted(np.array([[0, 1], [2, 0]]), vocabulary) == ["sleeve"]
    assert always_predicted(np.array([[0], [2]]), Vocabulary({"category": HEADS["category"]})) == []
