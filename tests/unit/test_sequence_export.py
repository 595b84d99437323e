"""The sequence recogniser's features, mirror image and export to ONNX; random weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from houndstooth.models.networks.attribute_decoder import (
    AttributeSequence,
    StartGraph,
    StepGraph,
)
from houndstooth.models.networks.encoders import EfficientNetLite0
from houndstooth.models.networks.item_reader import EncoderGraph
from houndstooth.models.recognition.decoding import Start
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.recognition.recogniser import encode_and_predict
from houndstooth.models.recognition.sequence_recogniser import SequenceRecogniser
from houndstooth.models.runtime.card import DECODER, ENCODER, READER, Card, Files
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.training.export import export_recogniser, exported_weights
from tests.unit.sequence_networks import (
    GRAMMAR,
    HEADS,
    SIDE,
    SIZE,
    TAXONOMY,
    TEMPERATURES,
    decode,
    random_decoder,
)


def test_an_image_and_its_mirror_image_have_the_same_features() -> None:
    torch.manual_seed(2)
    network = AttributeSequence(EfficientNetLite0(pretrained=False), GRAMMAR.tokens, size=SIZE)
    images = torch.rand(3, 3, SIDE, SIDE) * 255
    boxes = torch.tensor([[0.0, 0.0, 0.5, 1.0], [0.2, 0.1, 0.9, 0.6], [0.0, 0.0, 1.0, 1.0]])
    boxes = torch.stack([boxes, boxes.flip(0)], dim=1)
    left, top, right, bottom = boxes.unbind(2)
    mirrored = torch.stack([1 - right, top, 1 - left, bottom], dim=2)
    with torch.no_grad():
        seen = network.eval().encode(images, boxes)
        assert seen.shape == (3, 2 * (112 + 1280))
        torch.testing.assert_close(seen, network.encode(images.flip(3), mirrored))
        assert not torch.allclose(seen, network.encode(images, mirrored))


def test_without_a_mirror_image_there_is_one_look() -> None:
    torch.manual_seed(2)
    encoder = EfficientNetLite0(pretrained=False)
    both, alone = (
        AttributeSequence(encoder, GRAMMAR.tokens, mirror, size=SIZE).eval()
        for mirror in (True, False)
    )
    pixels = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    boxes = torch.tensor([[0.0, 0.0, 0.5, 1.0], [0.2, 0.1, 0.9, 0.6]])
    with torch.no_grad():
        looks = EncoderGraph(both)(pixels), EncoderGraph(alone)(pixels)
        assert [maps.shape[1] for look in looks for maps in look] == [2, 2, 1, 1]
        features, _ = StartGraph(alone).pool_boxes(*looks[1], boxes, boxes)
        left, top, right, bottom = boxes.unbind(1)
        mirrored = torch.stack([1 - right, top, 1 - left, bottom], dim=1)
        other, _ = StartGraph(alone).pool_boxes(
            *EncoderGraph(alone)(pixels.flip(2)), mirrored, mirrored
        )
        mean, _ = StartGraph(both).pool_boxes(*looks[0], boxes, boxes)
    torch.testing.assert_close(mean, (features + other) / 2)


def test_teacher_forcing_and_stepping_are_the_same_network() -> None:
    decoder = random_decoder(11)
    pooled, tokens = torch.randn(4, 10), torch.randint(0, GRAMMAR.tokens, (4, 5))
    with torch.no_grad():
        together = decoder(pooled, tokens)
        scores, state = decoder.start(pooled)
        single = [decoder.score(scores, state[0])]
        for k in range(5):
            state = decoder.step(tokens[:, k], state)
            single.append(decoder.score(scores, state[0]))
    assert torch.allclose(together, torch.stack(single, 1), atol=1e-4)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AttributeSequence, Path]]:
    torch.manual_seed(12)
    network = AttributeSequence(EfficientNetLite0(pretrained=False), GRAMMAR.tokens, size=SIZE)
    for parameter in network.decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():  # the exporter stores equal tensors once
            tensor += torch.rand_like(tensor) * 0.01
    stem = tmp_path_factory.mktemp("weights") / "tiny-1"
    export_recogniser(network, "sequence", SIDE, stem)
    yield network, stem


@pytest.fixture(scope="module")
def recogniser(exported: tuple[AttributeSequence, Path]) -> SequenceRecogniser:
    stem = exported[1]
    files = Files.of(stem, (ENCODER, READER, DECODER))
    thresholds = np.zeros(1, np.float32)
    card = Card("tiny-1", "sequence", SIDE, HEADS, TEMPERATURES, (), thresholds, files=files)
    return SequenceRecogniser(stem, card, TAXONOMY, 1)


def test_torch_and_onnxruntime_agree_on_every_term(
    exported: tuple[AttributeSequence, Path], recogniser: SequenceRecogniser
) -> None:
    network, _stem = exported
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (500, SIDE, SIDE, 3), dtype=np.uint8)
    box = np.array([0.1, 0.1, 0.9, 0.9], np.float32)
    crops = [Crop(p, box, box) for p in pixels]
    encoder, reader = EncoderGraph(network).eval(), StartGraph(network).eval()
    step = StepGraph(network.decoder).eval()

    def by_torch(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        with torch.no_grad():
            return tuple(part.numpy() for part in step(*map(torch.from_numpy, inputs)))

    for begin in range(0, 500, 100):
        here = slice(begin, begin + 100)
        with torch.no_grad():
            boxes = torch.from_numpy(np.stack([c.box for c in crops[here]]))
            _, *start = reader(*encoder(torch.from_numpy(pixels[here])), boxes, boxes)
        expected = decode(
            by_torch,
            Start(*(s.numpy() for s in start)),
            [None] * 100,
            GRAMMAR,
        )
        for a, b in zip(
            encode_and_predict(recogniser, crops[here], [None] * 100)[1], expected, strict=True
        ):
            assert a.category == b.category and list(a.groups) == list(b.groups)
            for group, likely in a.groups.items():
                other = b.groups[group]
                assert max(likely, key=likely.__getitem__) == max(other, key=other.__getitem__)


def test_likelihoods_of_the_truth_are_those_of_the_decoder(recogniser: SequenceRecogniser) -> None:
    whole = np.array([0, 0, 1, 1], np.float32)
    crop = Crop(np.full((SIDE, SIDE, 3), 90, np.uint8), whole, whole)
    truth = {GREAT_CATEGORY: "top", CATEGORY: "shirt", "colour": "colour:red", "fit": "fit:slim"}
    found = recogniser.likelihoods([crop], [truth])[0]
    assert set(found) == set(truth) and all(0 <= p <= 1 for p in found.values())
    guided = encode_and_predict(recogniser, [crop], [{"shirt"}])[1][0]
    if "colour" in guided.groups:
        assert found["colour"] == pytest.approx(guided.groups["colour"]["colour:red"], abs=1e-5)


def test_another_box_of_the_same_photo_needs_no_second_look(recogniser: SequenceRecogniser) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    whole, left = np.array([[0, 0, 1, 1], [0, 0, 0.5, 1]], np.float32)
    look = recogniser.encode([Crop(pixels, whole, whole)])
    closer = [Crop(pixels, whole, left)]
    reading = recogniser.read(look, closer, [{"shirt"}])
    features, [told] = reading.features, reading.predictions
    expected, [anew] = encode_and_predict(recogniser, closer, [{"shirt"}])
    assert np.array_equal(features, expected) and told == anew
    other = recogniser.read(look, [Crop(pixels, whole, whole)], [None])
    assert not np.allclose(features, other.features)


def test_exported_weights_come_back_whole(exported: tuple[AttributeSequence, Path]) -> None:
    network, stem = exported
    weights, state = exported_weights(stem), network.state_dict()
    missing = set(state) - set(weights)
    assert all(name.endswith("num_batches_tracked") for name in missing)
    for name, tensor in weights.items():
        assert torch.equal(tensor.reshape(state[name].shape), state[name]), name
