"""The one door from images to features; ingest and queries both go through it.

image → location of the item → crop → category, attributes, embedding → binary code and colours
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import Box, Bytes, CategorySource, Features, ScoredTerm
from houndstooth.models.embedding.binary_code import binarise
from houndstooth.models.embedding.colour_histogram import crop_histogram
from houndstooth.models.embedding.embedder import Embedder
from houndstooth.models.localisation.locator import Location, Locator
from houndstooth.models.recognition.feature_maps import FeatureMaps, put_rows, take_rows
from houndstooth.models.recognition.grammar import CATEGORY
from houndstooth.models.recognition.prediction import Choice, Prediction, set_confidence
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.runtime.card import CATEGORY_MEASURED, precision_of
from houndstooth.models.runtime.crop import Crop, crop_square
from houndstooth.models.runtime.images import MAX_PIXELS, decode_image


@dataclass(frozen=True)
class View:
    """The crop of one image, and why it was cut there.

    Attributes:
        image: mode RGB, any size.
        choice: the leaf categories that the caller leaves; None is all.
        location: of the item.
        crop: the window around it, as the recogniser takes it.
    """

    image: Image.Image
    choice: Choice
    location: Location
    crop: Crop


@dataclass(frozen=True)
class Item:
    """One image's item, recognised.

    Attributes:
        view: where it was looked at.
        prediction: its category and attributes.
        features: the recogniser's pooled features, float32 [d].
    """

    view: View
    prediction: Prediction
    features: NDArray[np.float32]


class ImageExtractor:
    """``mappings.extractor.Extractor`` with trained networks, run by onnxruntime.

    Args:
        recogniser: predicts category and attributes.
        locator: finds the item's box.
        embedder: makes what binary codes are made of; None takes the recogniser's features.
        max_pixels: the largest image that is decoded.
        paper_threshold: binarise at 0 as the paper does, not at each dimension's median.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        locator: Locator,
        embedder: Embedder | None = None,
        *,
        max_pixels: int = MAX_PIXELS,
        paper_threshold: bool = False,
    ) -> None:
        self.recogniser, self.locator, self.embedder = recogniser, locator, embedder
        self._max_pixels = max_pixels
        thresholds = embedder.thresholds if embedder else recogniser.card.thresholds
        self._thresholds = np.zeros_like(thresholds) if paper_threshold else thresholds
        self._known_categories = frozenset(recogniser.card.heads.get(CATEGORY, ()))
        models = [recogniser.card.model]
        models += [embedder.model] if embedder else []
        models += [locator.detector.model] if locator.detector else []
        self.model = "+".join(models) + ("-threshold-0" if paper_threshold else "")

    @property
    def precisions(self) -> Mapping[str, float]:
        """Measured precision by attribute term that is stored from pictures, in [0, 1]."""
        measured = self.recogniser.card.measured
        return {term: m.precision for term, m in measured.items() if term != CATEGORY_MEASURED}

    def decode(self, data: bytes) -> Image.Image:
        """Decode one image file to RGB; see ``models.runtime.images.decode_image``."""
        return decode_image(data, self._max_pixels)

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> list[Features]:
        """Extract the features of a batch; see ``mappings.extractor.Extractor``."""
        items = self.recognise(images, categories, boxes)
        if not items:
            return []
        if self.embedder is None:
            embeddings = np.stack([item.features for item in items])
        else:
            embeddings = self.embedder.encode([item.view.crop for item in items])
        codes = binarise(embeddings, self._thresholds)
        return [self._features(item, code) for item, code in zip(items, codes, strict=True)]

    def recognise(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> list[Item]:
        """Locate and recognise the item of each image; ``extract`` makes features of them."""
        if not images:
            return []
        choices = [choice or None for choice in categories or [None] * len(images)]
        views = [
            self._view(image, choice, self.locator.locate(image, choice, box))
            for image, choice, box in zip(
                images, choices, boxes or [None] * len(images), strict=True
            )
        ]
        maps = self.recogniser.encode([view.crop for view in views])
        guides = [view.choice or view.location.categories or None for view in views]
        return self._refine(self._predict(maps, views, guides), maps)

    def _view(self, image: Image.Image, choice: Choice, location: Location) -> View:
        side = self.recogniser.card.side
        crop = crop_square(image, location.window, side, location.box)
        return View(image, choice, location, crop)

    def _predict(
        self, maps: FeatureMaps, views: Sequence[View], guides: Sequence[Choice]
    ) -> list[Item]:
        features, predictions = self.recogniser.predict(maps, [v.crop for v in views], guides)
        return [Item(*parts) for parts in zip(views, predictions, features, strict=True)]

    def _refine(self, items: list[Item], maps: FeatureMaps) -> list[Item]:
        """Ask again in the item's own box, where nobody guides and it is worn with others.

        The category recognised is the guide then, as for a product whose text names it, so that
        the attributes are those of this item. The maps serve again unless the window is another.
        """
        closer = {
            row: location
            for row, item in enumerate(items)
            if item.view.choice is None
            and (location := self.locator.refine(item.view.location, item.prediction.category))
            is not item.view.location
        }
        if not closer:
            return items
        rows = list(closer)
        views = [self._view(items[row].view.image, None, closer[row]) for row in rows]
        again = take_rows(maps, rows)
        moved = [
            at
            for at, row in enumerate(rows)
            if closer[row].window != items[row].view.location.window
        ]
        if moved:
            put_rows(again, moved, self.recogniser.encode([views[at].crop for at in moved]))
        guides = [{items[row].prediction.category} for row in rows]
        refined = list(items)
        for row, item in zip(rows, self._predict(again, views, guides), strict=True):
            prediction = replace(items[row].prediction, groups=item.prediction.groups)
            refined[row] = replace(item, prediction=prediction)
        return refined

    def _with_precision(self, scored: ScoredTerm, measured_as: str = "") -> ScoredTerm:
        """Add the measured precision of a term that is sure enough to be stored."""
        measured, term = self.recogniser.card.measured, measured_as or scored.term
        return replace(scored, precision=precision_of(measured, term, scored.confidence))

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
            box=location.box,
            box_source=location.source,
            binary_code=code,
            colour_histogram=crop_histogram(item.view.crop, location.background),
            model=self.model,
            items=location.items,
        )
