"""The first values of every shipped network's outputs on a drawn image that is not square.

They hold with and without AVX-512, whose sums differ in the last digits. Where a network is
replaced on purpose: ``python -m tests.integration.test_pinned_outputs`` writes them anew.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from houndstooth.mappings.features import Box
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import DEFAULT_DETECTOR, load_extractor, open_recogniser
from houndstooth.models.localisation.detector import Detector, resized
from houndstooth.models.runtime.card import WEIGHTS, read_json
from houndstooth.models.runtime.crop import crop_square
from houndstooth.models.runtime.images import decode_image

PINNED = Path(__file__).with_name("pinned_outputs.json")
TAXONOMY = Taxonomy.load()
WIDTH, HEIGHT = 300, 200
VALUES = 6
"""Values pinned of each array, besides their mean and standard deviation."""

MIN_PROBABILITY = 0.05
"""Terms less probable are not pinned."""

TOP = Box(0.2, 0.12, 0.34, 0.71)
RED = [(60, 50), (95, 25), (125, 25), (160, 50), (150, 80), (137, 72), (137, 165)]
BLUE = [(200, 30), (250, 30), (262, 180), (235, 180)]
SHAPES = {
    (180, 30, 40): [*RED, (83, 165), (83, 72), (70, 80)],
    (30, 50, 120): [
        (200, 30),
        (250, 30),
        (262, 180),
        (235, 180),
        (226, 80),
        (216, 180),
        (190, 180),
    ],
}
"""A red top and blue trousers, by colour."""


def drawn() -> bytes:
    """The file of an image with two garments before a gradient; wider than high."""
    x, y = np.linspace(0, 1, WIDTH)[None], np.linspace(0, 1, HEIGHT)[:, None]
    gradient = np.stack([200 + 40 * x + 0 * y, 225 - 50 * y + 0 * x, 190 + 30 * x * y], axis=-1)
    image = Image.fromarray(np.rint(gradient).astype(np.uint8))
    for colour, corners in SHAPES.items():
        ImageDraw.Draw(image).polygon(corners, fill=colour)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def shown(array: NDArray[np.float32]) -> dict[str, Any]:
    """What is pinned of an array; of maps, [n, mirror, c, h, w], the first channels' means too."""
    channels = array.reshape(*array.shape[:-2], -1).mean(-1) if array.ndim > 2 else array
    return {
        "shape": list(array.shape),
        "first": [float(f"{value:.6g}") for value in array.ravel()[:VALUES]],
        "channels": [float(f"{value:.6g}") for value in channels.ravel()[:VALUES]],
        "mean": float(f"{array.mean():.6g}"),
        "deviation": float(f"{array.std():.6g}"),
    }


def recognised(name: str) -> dict[str, Any]:
    """What a recogniser makes of the top, from the file to the terms."""
    recogniser = open_recogniser(WEIGHTS / name, TAXONOMY, 1)
    crop = crop_square(decode_image(drawn()), TOP, recogniser.card.side)
    maps = recogniser.encode([crop])
    reading = recogniser.read(maps, [crop], [None])
    features, [prediction] = reading.features, reading.predictions
    found: dict[str, Any] = {
        f"{which} map {n}": shown(array)
        for n, pair in enumerate(maps)
        for which, array in zip(("middle", "last"), pair, strict=True)
    }
    found["features"] = shown(features)
    found["category"] = prediction.category
    terms = [*prediction.ranked_categories(), *prediction.ranked_attributes()]
    return found | {"terms": {term.term: round(term.confidence, 4) for term in terms}}


def detected() -> dict[str, Any]:
    """What the detector finds in the image, from the file to boxes in its pixels."""
    detector = Detector(WEIGHTS / DEFAULT_DETECTOR, 1)
    boxes, labels, scores = detector.run(resized(decode_image(drawn()), detector.card.side))
    return {
        "boxes": np.round(boxes[:2], 3).tolist(),
        "labels": labels[:2].tolist(),
        "scores": np.round(scores[:2], 5).tolist(),
    }


def recognisers() -> list[str]:
    """The names of the shipped cards, but the detector's."""
    return sorted(name for name in shipped() if name != DEFAULT_DETECTOR)


def shipped() -> list[str]:
    """Shipped networks, in order; a term reader is pinned with the ensemble that it reads for."""
    stems = sorted(path.with_suffix("") for path in WEIGHTS.glob("*.json"))
    return [stem.name for stem in stems if read_json(stem).get("kind") != "terms"]


@pytest.fixture(scope="module")
def pinned() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PINNED.read_text(encoding="utf-8"))
    return found


def test_every_shipped_network_is_pinned(pinned: dict[str, Any]) -> None:
    assert sorted(pinned) == shipped()


@pytest.mark.parametrize("name", recognisers())
def test_a_recogniser_computes_what_it_did(name: str, pinned: dict[str, Any]) -> None:
    found, expected = recognised(name), pinned[name]
    assert list(found) == list(expected)
    assert found["category"] == expected["category"]
    terms = {term: found["terms"].get(term, 0.0) for term in expected["terms"]}
    assert terms == pytest.approx(expected["terms"], abs=1e-2)
    for part, values in expected.items():
        if part in ("category", "terms"):
            continue
        assert found[part]["shape"] == values["shape"], part
        small = 1e-2 * values["deviation"]
        for key in ("first", "channels", "mean", "deviation"):
            assert found[part][key] == pytest.approx(values[key], rel=1e-2, abs=small), part


def test_the_detector_finds_what_it_did(pinned: dict[str, Any]) -> None:
    found, expected = detected(), pinned[DEFAULT_DETECTOR]
    assert found["labels"] == expected["labels"]
    assert found["scores"] == pytest.approx(expected["scores"], abs=1e-2)
    np.testing.assert_allclose(found["boxes"], expected["boxes"], atol=1.0)


def test_the_extractor_finds_both_garments() -> None:
    """Boxes are in fractions of the image as it is, 3 wide by 2 high."""
    extractor = load_extractor(TAXONOMY, "attribute-distilled-1")
    image = extractor.decode(drawn())
    assert image.size == (WIDTH, HEIGHT)
    [features] = extractor.extract([image], [{"trousers"}])
    assert features.box_source == "detector"
    box = [features.box.x, features.box.y, features.box.w, features.box.h]
    assert box == pytest.approx([190 / 300, 30 / 200, 72 / 300, 150 / 200], abs=0.06)
    assert {found.label for found in features.items} >= {"top", "trousers"}


def write() -> None:
    """Pin what the networks compute now; a line for each part."""
    parts = {name: recognised(name) for name in recognisers()}
    for found in parts.values():
        found["terms"] = {term: p for term, p in found["terms"].items() if p >= MIN_PROBABILITY}
    parts[DEFAULT_DETECTOR] = detected()
    networks = [
        f" {json.dumps(name)}: {{\n"
        + ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
        + "\n }"
        for name, found in parts.items()
    ]
    PINNED.write_text("{\n" + ",\n".join(networks) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
