"""The network that is taught by an ensemble: outputs, losses, and the files that serve it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from houndstooth.models.networks.attribute_decoder import AttributeSequence
from houndstooth.models.networks.distilled import DistilledSequence
from houndstooth.models.networks.encoders import EfficientNetLite0
from houndstooth.models.recognition.grammar import Grammar
from houndstooth.models.recognition.recogniser import encode_and_predict
from houndstooth.models.recognition.sequence_recogniser import SequenceRecogniser
from houndstooth.models.runtime.card import DECODER, ENCODER, READER, Card, Files
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.distillation_objective import DistillationObjective
from houndstooth.models.training.export import export_recogniser, exported_weights
from houndstooth.models.training.objective import Batch, Taught
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import Vocabulary
from tests.unit.sequence_networks import HEADS, SIDE, TAXONOMY

TERMS = ("sleeve:short", "sleeve:long", "toe:round")
OWN = {head: HEADS[head] for head in ("great_category", "category", "colour", "gender")}
GRAMMAR = Grammar(OWN, TAXONOMY)
WHOLE = np.array([0, 0, 1, 1], np.float32)


def network(seed: int = 1) -> DistilledSequence:
    torch.manual_seed(seed)
    encoder = EfficientNetLite0(pretrained=False)
    built = DistilledSequence.from_heads(encoder, OWN, False, True, terms=TERMS, taught=5)
    for tensor in built.state_dict().values():
        if tensor.is_floating_point():
            tensor += torch.rand_like(tensor) * 0.01
    return built.eval()


def batch(**changes: object) -> Batch:
    taught = Taught(
        torch.tensor([[0.9, 0.1, -1.0], [-1.0, -1.0, 0.5]]),
        torch.zeros(2, 5),
        torch.tensor([1.0, -1.0]),
    )
    whole = Batch(
        images=torch.rand(2, 3, SIDE, SIDE) * 255,
        boxes=torch.tensor([[[0.0, 0.0, 1.0, 1.0]] * 2] * 2),
        labels=torch.tensor([[0, 0, 3, 1], [3, 5, 0, 0]]),
        multi_hot=torch.zeros(2, GRAMMAR.end),
        soft_labels=torch.zeros(2, GRAMMAR.end),
        guided=torch.tensor([False, False]),
        taught=taught,
        turns=torch.tensor([0, 0]),
    )
    return whole._replace(**changes)


def objective() -> DistillationObjective:
    return DistillationObjective(Vocabulary(OWN), TAXONOMY, Recipe("tiny", 1, kind="distilled"))


def test_at_first_salience_is_the_mean_over_the_box() -> None:
    torch.manual_seed(4)
    encoder = EfficientNetLite0(pretrained=False)
    plain = AttributeSequence(encoder, GRAMMAR.tokens, False).eval()
    salient = DistilledSequence(encoder, GRAMMAR.tokens, 3).eval()
    images = torch.rand(2, 3, 2 * SIDE, 2 * SIDE) * 255
    boxes = torch.tensor([[[0.1, 0.0, 0.7, 1.0], [0.2, 0.2, 0.6, 0.9]]] * 2)
    with torch.no_grad():
        torch.testing.assert_close(salient.encode(images, boxes), plain.encode(images, boxes))


def test_cells_of_little_salience_weigh_little() -> None:
    built = network()
    maps = (torch.rand(1, 112, 4, 4), torch.rand(1, 1280, 2, 2))
    torch.nn.init.zeros_(built.salience.weight)
    built.salience.weight.data[0, 0] = 60.0
    built.salience.bias.data.fill_(-30.0)
    maps[1][0, :, :, 1] *= 0.01
    maps[1][0, 0, :, 0] = 1e4  # salient on the left alone
    with torch.no_grad():
        pooled = built.pool(maps, torch.tensor([[0.0, 0.0, 1.0, 1.0]]))
        left = built.pool(maps, torch.tensor([[0.0, 0.0, 0.5, 1.0]]))
    torch.testing.assert_close(pooled, left, rtol=1e-3, atol=1e-3)


def test_strips_and_turned_views_teach_no_looks() -> None:
    built, of = network(), objective()
    seen = built.encode(batch().images, batch().boxes)
    whole = of.parts(built, seen, batch())
    assert set(whole) == {"terms", "features", "others", "turn"}
    assert all(part.item() > 0 for part in whole.values())
    apart = batch().boxes.clone()
    apart[:, 1, 0] = 0.3
    asked = of.parts(built, seen, batch(boxes=apart))
    assert asked["others"].item() == 0, "the detector has been asked already"
    for hidden in (
        batch(guided=torch.tensor([True, True])),
        batch(turns=torch.tensor([1, 3])),
    ):
        parts = of.parts(built, seen, hidden)
        assert [parts[name].item() for name in ("terms", "features", "others")] == [0, 0, 0]
        assert parts["turn"].item() > 0


def test_what_a_teacher_does_not_say_is_not_learned() -> None:
    built, of = network(), objective()
    seen = built.encode(batch().images, batch().boxes)
    silent = batch().taught._replace(
        terms=torch.full((2, 3), -1.0), others=torch.tensor([-1.0, -1.0])
    )
    parts = of.parts(built, seen, batch(taught=silent))
    assert parts["terms"].item() == parts["others"].item() == 0
    loss = of.loss(built.train(), batch())
    loss.backward()
    assert built.to_teacher.weight.grad is not None and built.salience.weight.grad is not None


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[DistilledSequence, Path, Card]:
    built, stem = network(7), tmp_path_factory.mktemp("weights") / "tiny-1"
    built.encoder.fold()
    pixels = np.random.default_rng(0).integers(0, 256, (16, SIDE, SIDE, 3), dtype=np.uint8)
    whole = np.tile(WHOLE, (16, 1))
    inputs = {"pixels": pixels, "boxes": whole, "item_boxes": whole}
    assert export_recogniser(built, "distilled", SIDE, stem, inputs) == (ENCODER, READER, DECODER)
    for suffix, computed in ((ENCODER, True), (READER, True), (DECODER, False)):
        nodes = onnx.load(stem.with_name(stem.name + suffix)).graph.node
        assert ("QuantizeLinear" in {node.op_type for node in nodes}) == computed
    temperatures = dict.fromkeys(OWN, 1.0)
    thresholds = np.zeros(1392, np.float32)
    card = Card("tiny-1", "distilled", SIDE, OWN, temperatures, (), thresholds, ("colour",))
    files = Files.of(stem, (ENCODER, READER, DECODER))
    return built, stem, replace(card, files=files, terms=TERMS)


def test_terms_are_read_of_the_groups_that_the_category_has(
    served: tuple[DistilledSequence, Path, Card],
) -> None:
    built, stem, card = served
    pixels = np.random.default_rng(5).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    crops = [Crop(each, WHOLE, WHOLE) for each in pixels]
    recogniser = SequenceRecogniser(stem, card, TAXONOMY, 1)
    features, [top, shoe] = encode_and_predict(recogniser, crops, [{"shirt"}, {"heels"}])
    assert features.shape == (2, 1392)
    assert set(top.groups["sleeve"]) == {"sleeve:short", "sleeve:long"} and "toe" not in top.groups
    assert set(shoe.groups["toe"]) == {"toe:round"} and "sleeve" not in shoe.groups
    assert next(iter(top.groups)) == "colour" and 0 < top.others < 1
    with torch.no_grad():
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        boxes = torch.tensor([[[0.0, 0.0, 1.0, 1.0]] * 2] * 2)
        expected = built.terms(built.encode(images, boxes)).sigmoid()[0]
    # They are served in 8 bits.
    assert [*top.groups["sleeve"].values()] == pytest.approx(expected[:2].tolist(), abs=0.05)


def test_rare_categories_are_weighed(served: tuple[DistilledSequence, Path, Card]) -> None:
    _, stem, card = served
    crop = Crop(np.full((SIDE, SIDE, 3), 90, np.uint8), WHOLE, WHOLE)
    plain = SequenceRecogniser(stem, card, TAXONOMY, 1)
    weighed = SequenceRecogniser(stem, replace(card, category_weights={"watch": 1e6}), TAXONOMY, 1)
    [before], [after] = (encode_and_predict(r, [crop], [None])[1] for r in (plain, weighed))
    assert after.category == "watch" and sum(after.categories.values()) == pytest.approx(1)
    assert before.categories["watch"] < after.categories["watch"]


def test_weights_come_back_but_for_what_only_teaches(
    served: tuple[DistilledSequence, Path, Card],
) -> None:
    built, stem, _ = served
    state, weights = built.state_dict(), exported_weights(stem)
    assert set(state) - set(weights) == {"to_teacher.weight", "to_teacher.bias"}
    for name, weight in weights.items():
        close = 1e-6 if state[name].ndim > 1 else 5e-3 * float(state[name].abs().max() + 1)
        torch.testing.assert_close(
            weight.reshape(state[name].shape), state[name], atol=close, rtol=0
        )
