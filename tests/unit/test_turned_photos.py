"""What the extractor does with photos that are turned, or that show other items beside the item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from houndstooth.mappings.features import Box, Detection
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.recognition.feature_maps import FeatureMaps
from houndstooth.models.recognition.prediction import Choice, Prediction, Reading
from houndstooth.models.runtime.card import Card
from houndstooth.models.runtime.crop import Crop

TAXONOMY = Taxonomy.load()
SHIRT = Detection("top", ("shirt",), 0.9, Box(0.3, 0.2, 0.4, 0.3))
TROUSERS = Detection("trousers", ("trousers",), 0.9, Box(0.3, 0.5, 0.4, 0.4))


class Recogniser:
    """Says that a photo is turned until the red mark is on top, and how sure it is of others."""

    def __init__(self, others: float = 0.0, category: str = "shirt") -> None:
        self.card = Card("fake-1", "distilled", 64, {}, {}, (), np.zeros(8, np.float32))
        self.others, self.category, self.asked = others, category, 0

    def encode(self, crops: Sequence[Crop]) -> FeatureMaps:
        self.asked += len(crops)
        return ((np.stack([crop.pixels for crop in crops])[:, None].astype(np.float32),),)

    def read(self, maps: FeatureMaps, crops: Sequence[Crop], choices: Sequence[Choice]) -> Reading:
        found = []
        for pixels in (each[0] for each in maps[0][0]):
            red = (pixels[..., 0] > 180) & (pixels[..., 1] < 90)
            sides = [red[:20].sum(), red[:, :20].sum(), red[-20:].sum(), red[:, -20:].sum()]
            turns = int(np.argmax(sides)) if red.any() else 0
            category = self.category
            found.append(
                Prediction({category: 1.0}, category, False, {}, others=self.others, turns=turns)
            )
        return Reading.of(np.zeros((len(crops), 8), np.float32), found)


class FakeDetector:
    """Finds a shirt and trousers, and counts how often it is asked."""

    model = "fake-detector-1"

    def __init__(self) -> None:
        self.asked = 0

    def find(self, image: Image.Image, side: int | None = None) -> list[Detection]:
        self.asked += 1
        return [SHIRT, TROUSERS]

    def __getattr__(self, name: str) -> Any:
        return getattr(Detector, name).__get__(self)

    @property
    def card(self) -> Any:
        class Scores:
            sure_score = 0.5
            sure_scores: Mapping[str, float] = {}

        return Scores()


def photo() -> Image.Image:
    """A tall item on white with a red mark at its top."""
    image = Image.new("RGB", (120, 160), "white")
    image.paste((20, 20, 60), (30, 20, 90, 140))
    image.paste((220, 30, 30), (30, 20, 90, 40))
    return image


def extractor(recogniser: Recogniser, detector: FakeDetector | None = None) -> ImageExtractor:
    return ImageExtractor(recogniser, Locator(cast(Any, detector), TAXONOMY))


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_turned_photo_is_turned_back_and_its_box_told_in_the_photo_as_given(
    quarters: int,
) -> None:
    pixels = np.ascontiguousarray(np.rot90(np.asarray(photo()), quarters))
    recogniser = Recogniser()
    of = extractor(recogniser)
    [item] = of.recognise([Image.fromarray(pixels)])
    assert np.array_equal(np.asarray(item.view.asked.image), np.asarray(photo()))
    assert recogniser.asked == (2 if quarters else 1)
    [features] = of.extract([Image.fromarray(pixels)])
    ys, xs = np.nonzero(pixels.min(axis=2) < 200)
    height, width = pixels.shape[:2]
    expected = (xs.min() / width, ys.min() / height, np.ptp(xs) / width, np.ptp(ys) / height)
    assert np.abs(np.array(features.box.as_list()) - expected).max() < 0.03


def test_a_drawn_box_is_turned_with_its_photo() -> None:
    pixels = np.ascontiguousarray(np.rot90(np.asarray(photo()), 1))
    given = Box(0.125, 0.25, 0.75, 0.5)
    [features] = extractor(Recogniser()).extract([Image.fromarray(pixels)], None, [given])
    assert features.box_source == "given"
    assert np.abs(np.array(features.box.as_list()) - given.as_list()).max() < 1e-6


def test_the_detector_is_asked_only_where_others_are_seen() -> None:
    for others, asked in ((0.0, 0), (0.6, 0), (0.8, 1)):
        detector = FakeDetector()
        [features] = extractor(Recogniser(others), detector).extract([photo()])
        assert detector.asked == asked
        assert len(features.items) == 2 * asked
        assert features.box_source == ("detector" if asked else "foreground")


def test_what_is_never_worn_with_others_needs_no_detector() -> None:
    detector = FakeDetector()
    wide = photo().resize((200, 120))
    extractor(Recogniser(0.8, "heels"), detector).extract([wide])
    assert detector.asked == 0


def test_a_busy_ground_needs_it_first() -> None:
    noise = np.random.default_rng(0).integers(90, 256, (90, 120, 3), dtype=np.uint8)
    noise[..., 0] = 90
    detector = FakeDetector()
    [features] = extractor(Recogniser(0.0), detector).extract([Image.fromarray(noise)])
    assert detector.asked == 1 and features.box_source == "detector"
