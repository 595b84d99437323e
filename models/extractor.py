"""The one door from images to features; ingest and queries both go through it.

image → location of the item → crop → category, attributes, embedding → binary code and colours
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import (
    Box,
    Bytes,
    CategorySource,
    Detection,
    Features,
    ScoredTerm,
)
from houndstooth.mappings.rows import Lengths
from houndstooth.models.embedding.binary_code import binarise
from houndstooth.models.embedding.colour_histogram import (
    colour_histogram,
    crop_histogram,
    item_pixels,
)
from houndstooth.models.embedding.hsv_histogram import hsv_histogram
from houndstooth.models.encoder.onnx_encoder import ImageEncoder, region_box
from houndstooth.models.item_recognition import ItemRecognition
from houndstooth.models.items import Asked, Item
from houndstooth.models.localisation.background import PlainBackground
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.localisation.no_item import shows_item
from houndstooth.models.recognition.grammar import CATEGORY
from houndstooth.models.recognition.prediction import mean_prediction, set_confidence
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.runtime.card import CATEGORY_MEASURED, precision_of
from houndstooth.models.runtime.images import MAX_PIXELS, NOTES, decode_image, encode_preview

MIN_FILLED = 0.01
"""A given box is empty where a smaller share of its pixels stands out from a plain background."""

EMPTY_BOX = "the box shows nothing but plain background"
"""The note of a given box that is empty."""

NO_ITEM = "no item is seen in the picture"
"""The note of a picture that shows none."""


class ImageExtractor:
    """``mappings.extractor.Extractor`` with trained networks, run by onnxruntime.

    Args:
        recogniser: predicts category and attributes.
        locator: finds the item's box.
        encoder: makes what binary codes are made of; None takes the recogniser's features.
        max_pixels: the largest image that is decoded.
        paper_threshold: binarise at 0 as the paper does, not at each dimension's median.
        paper_histogram: count colours in the paper's HSV bins, not in CIELAB.

    Attributes:
        thresholds: float32 [d]; a bit of the code is set where the embedding is above.
        texts: embeds texts beside the pictures; None where the encoder does not.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        locator: Locator,
        encoder: ImageEncoder | None = None,
        *,
        max_pixels: int = MAX_PIXELS,
        paper_threshold: bool = False,
        paper_histogram: bool = False,
    ) -> None:
        self.recogniser, self.locator, self.encoder = recogniser, locator, encoder
        self.texts = encoder.text if encoder else None
        self._items = ItemRecognition(recogniser, locator)
        self._max_pixels = max_pixels
        thresholds = encoder.thresholds if encoder else recogniser.card.thresholds
        self.thresholds = np.zeros_like(thresholds) if paper_threshold else thresholds
        self._histogram = hsv_histogram if paper_histogram else colour_histogram
        self._bins = len(self._histogram(np.zeros((1, 3), np.uint8), np.ones(1, np.float32)))
        self._known_categories = frozenset(recogniser.card.heads.get(CATEGORY, ()))
        models = [recogniser.card.model]
        models += [encoder.model] if encoder else []
        models += [locator.detector.model] if locator.detector else []
        models += ["hsv-1" if paper_histogram else "cielab-1"]
        self.model = "+".join(models) + ("-threshold-0" if paper_threshold else "")

    @property
    def precisions(self) -> Mapping[str, float]:
        """Measured precision by attribute term that is stored from pictures, in [0, 1]."""
        measured = self.recogniser.card.measured
        return {term: m.precision for term, m in measured.items() if term != CATEGORY_MEASURED}

    @property
    def lengths(self) -> Lengths:
        """Bytes of each code and of each histogram."""
        return Lengths(-(-len(self.thresholds) // 8), self._bins)

    def decode(self, data: bytes) -> Image.Image:
        """Decode one image file to RGB; see ``models.runtime.images.decode_image``."""
        return decode_image(data, self._max_pixels)

    def preview(self, image: Image.Image) -> bytes:
        """Encode a decoded image as a JPEG; see ``models.runtime.images.encode_preview``."""
        return encode_preview(image)

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Features]:
        """Extract the features of a batch; see ``mappings.extractor.Extractor``."""
        items = self.recognise(images, categories, boxes, with_others)
        beside = [other for item in items for other in item.beside]
        features = iter(self._all_features([*items, *beside]))
        found = list(islice(features, len(items)))
        found = [
            replace(one, beside=tuple(islice(features, len(item.beside))))
            for one, item in zip(found, items, strict=True)
        ]
        given = boxes or [None] * len(images)
        return [
            features if box or self._shows_item(image, item) else _of_no_item(features)
            for features, image, item, box in zip(found, images, items, given, strict=True)
        ]

    def extract_items(self, image: Image.Image) -> list[Features]:
        """Extract the features of each item in an image; see ``mappings.extractor.Extractor``."""
        items = self._items.recognise_all(image)
        found = self._all_features(items)
        return found if self._shows_item(image, items[0]) else [_of_no_item(found[0])]

    def extract_together(
        self, images: Sequence[Image.Image], category: str | None = None
    ) -> Features:
        """Extract the features of one item in several images; see ``mappings.extractor``."""
        choice = None if category is None else frozenset({category})
        asked = self.recognise(images, [choice] * len(images))
        shown = [bool(choice) or self._shows_item(*one) for one in zip(images, asked, strict=True)]
        if not any(shown):
            return _of_no_item(self._all_features(asked[:1])[0])
        items = [item for item, shows in zip(asked, shown, strict=True) if shows]
        mean = mean_prediction([item.prediction for item in items], given=category is not None)
        for row, item in enumerate(items):
            if item.prediction.category != mean.category:
                [items[row]] = self.recognise([item.view.asked.image], [[mean.category]])
        groups = mean_prediction([item.prediction for item in items], given=True).groups
        view = replace(items[0].view, asked=replace(items[0].view.asked, choice=choice))
        whole = replace(items[0], view=view, prediction=replace(mean, groups=groups))
        pixels = [item_pixels(item.view.crop, _background(item)) for item in items]
        [code] = binarise(self.embed(items).mean(axis=0, keepdims=True), self.thresholds)
        return replace(
            self._features(whole, code),
            colour_histogram=self._histogram(*map(np.concatenate, zip(*pixels, strict=True))),
            notes=tuple(
                f"picture {place}: {note}"
                for place, (image, shows) in enumerate(zip(images, shown, strict=True), start=1)
                for note in (*image.info.get(NOTES, ()), *(() if shows else (NO_ITEM,)))
            ),
        )

    def _all_features(self, items: Sequence[Item]) -> list[Features]:
        if not items:
            return []
        codes = binarise(self.embed(items), self.thresholds)
        return [self._features(item, code) for item, code in zip(items, codes, strict=True)]

    def recognise(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Item]:
        """Locate and recognise the item of each image; ``extract`` makes features of them."""
        if not images:
            return []
        asked = [
            Asked(image, choice or None, box, with_others=others)
            for image, choice, box, others in zip(
                images,
                categories or [None] * len(images),
                boxes or [None] * len(images),
                with_others or [False] * len(images),
                strict=True,
            )
        ]
        return self._items.recognise(asked)

    def _shows_item(self, image: Image.Image, item: Item) -> bool:
        sureness = max(item.prediction.categories.values())
        return shows_item(image, sureness, self.locator.detector)

    def embed(self, items: Sequence[Item]) -> NDArray[np.float32]:
        """Embed n items, at least one: what their binary codes are made of, float32 [n, d]."""
        if self.encoder is None:
            return np.stack([item.features for item in items])
        seen = []
        for item in items:
            location = item.view.location
            box = region_box(self.encoder.region, location.box, location.window)
            seen.append((item.view.asked.image, box))
        return self.encoder.encode(seen)

    def _with_precision(self, scored: ScoredTerm, measured_as: str = "") -> ScoredTerm:
        """Add the measured precision of a term that is sure enough to be stored."""
        measured, term = self.recogniser.card.measured, measured_as or scored.term
        precision = precision_of(measured, term, scored.confidence)
        return ScoredTerm(scored.term, scored.confidence, precision)

    def _features(self, item: Item, code: Bytes) -> Features:
        choice, location = item.view.choice, item.view.location
        source: CategorySource = "auto"
        if choice:
            source = "chosen" if len(choice) == 1 else "text"
        categories = item.prediction.ranked_categories()
        if location.detection and item.prediction.given:
            # The detector decided the category: it is no surer than the detector was.
            categories = set_confidence(categories, location.detection.score)
        best = categories[0]
        if best.term in self._known_categories:
            best = self._with_precision(best, CATEGORY_MEASURED)
        return Features(
            categories=(best, *categories[1:]),
            category_source=source,
            attributes=tuple(map(self._with_precision, item.prediction.ranked_attributes())),
            box=item.view.asked.in_photo(location.box),
            box_source=location.source,
            binary_code=code,
            colour_histogram=crop_histogram(
                item.view.crop,
                _background(item),
                self._histogram,
            ),
            model=self.model,
            items=self._detections(item),
            notes=(*item.view.asked.image.info.get(NOTES, ()), *_box_notes(item)),
        )

    def _detections(self, item: Item) -> tuple[Detection, ...]:
        """List what was found in the photo, best first, with boxes in it."""
        asked, location = item.view.asked, item.view.location
        found = [replace(each, box=asked.in_photo(each.box)) for each in location.items]
        if asked.beside and not found:
            best = item.prediction.ranked_categories()[0]
            box = asked.in_photo(location.box)
            found = [self.locator.detection(best.term, best.confidence, box)]
        return tuple(sorted((*found, *asked.beside), key=lambda each: -each.score))


def _of_no_item(features: Features) -> Features:
    return replace(features, shows_item=False, beside=(), notes=(*features.notes, NO_ITEM))


def _background(item: Item) -> PlainBackground | None:
    """Return the background of an item's crop, which is balanced."""
    background = item.view.location.background
    return background and background.balanced


def _box_notes(item: Item) -> tuple[str, ...]:
    """Say so where a given box shows nothing but the plain background."""
    location, crop = item.view.location, item.view.crop
    if location.source != "given" or location.background is None:
        return ()
    left, top, right, bottom = (crop.item * len(crop.pixels)).round().astype(int)
    inside = crop.pixels[top : max(top + 1, bottom), left : max(left + 1, right)]
    filled = location.background.balanced.differs(inside).mean()
    return (EMPTY_BOX,) if filled < MIN_FILLED else ()
