"""The one door from images to features; ingest and queries both go through it.

image → location of the item → crop → category, attributes, embedding → binary code and colours
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from houndstooth.mappings.features import Box, Bytes, CategorySource, Features, ScoredTerm
from houndstooth.mappings.rows import Lengths
from houndstooth.models.embedding.binary_code import binarise
from houndstooth.models.embedding.colour_histogram import colour_histogram, crop_histogram
from houndstooth.models.embedding.embedder import Embedder
from houndstooth.models.embedding.hsv_histogram import hsv_histogram
from houndstooth.models.items import Asked, Item, Seen, View, complete
from houndstooth.models.localisation.locator import Location, Locator, located_crop
from houndstooth.models.recognition.feature_maps import FeatureMaps, put_rows, take_rows
from houndstooth.models.recognition.grammar import CATEGORY
from houndstooth.models.recognition.prediction import Choice, set_confidence
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.runtime.card import CATEGORY_MEASURED, precision_of
from houndstooth.models.runtime.crop import with_item
from houndstooth.models.runtime.images import MAX_PIXELS, NOTES, decode_image, encode_preview
from houndstooth.models.runtime.turns import turn_box

MIN_OTHERS = 0.7
"""Below this probability of other items beside the item, the detector is not asked. That misses 2
of 100 photos that have some."""


class ImageExtractor:
    """``mappings.extractor.Extractor`` with trained networks, run by onnxruntime.

    Args:
        recogniser: predicts category and attributes.
        locator: finds the item's box.
        embedder: makes what binary codes are made of; None takes the recogniser's features.
        max_pixels: the largest image that is decoded.
        paper_threshold: binarise at 0 as the paper does, not at each dimension's median.
        paper_histogram: count colours in the paper's HSV bins, not in CIELAB.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        locator: Locator,
        embedder: Embedder | None = None,
        *,
        max_pixels: int = MAX_PIXELS,
        paper_threshold: bool = False,
        paper_histogram: bool = False,
    ) -> None:
        self.recogniser, self.locator, self.embedder = recogniser, locator, embedder
        self._max_pixels = max_pixels
        thresholds = embedder.thresholds if embedder else recogniser.card.thresholds
        self._thresholds = np.zeros_like(thresholds) if paper_threshold else thresholds
        self._histogram = hsv_histogram if paper_histogram else colour_histogram
        self._bins = len(self._histogram(np.zeros((1, 3), np.uint8), np.ones(1, np.float32)))
        self._known_categories = frozenset(recogniser.card.heads.get(CATEGORY, ()))
        models = [recogniser.card.model]
        models += [embedder.model] if embedder else []
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
        return Lengths(-(-len(self._thresholds) // 8), self._bins)

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
        """Locate and recognise the item of each image; ``extract`` makes features of them.

        What is surely turned is turned back, and recognised again.
        """
        if not images:
            return []
        asked = [
            Asked(image, choice or None, box)
            for image, choice, box in zip(
                images,
                categories or [None] * len(images),
                boxes or [None] * len(images),
                strict=True,
            )
        ]
        seen, maps = self._look(asked)
        turned = [row for row, one in enumerate(seen) if one.prediction.turns]
        if turned:
            upright = [asked[row].turned_back(seen[row].prediction.turns) for row in turned]
            again, maps_again = self._look(upright)
            better = [at for at, one in enumerate(again) if not one.prediction.turns]
            rows = [turned[at] for at in better]
            put_rows(maps, rows, take_rows(maps_again, better))
            for row, at in zip(rows, better, strict=True):
                seen[row] = again[at]
        return self._refine(seen, maps)

    def _look(self, asked: Sequence[Asked]) -> tuple[list[Seen], FeatureMaps]:
        """Look at each image where it is framed; the maps serve for other boxes too."""
        views = [self._view(one, self._frame(one)) for one in asked]
        maps = self.recogniser.encode([view.crop for view in views])
        guides = [view.choice or view.location.categories or None for view in views]
        return self._read(maps, views, guides), maps

    def _frame(self, asked: Asked) -> Location:
        """Locate the item as far as it must be, before it is recognised.

        On a plain background the detector can wait: recognising the foreground shows whether other
        items are worn beside the item.
        """
        framed = self.locator.frame(asked.image, asked.box)
        if framed.background is None and self.locator.needs_detector(framed, asked.choice):
            return self.locator.detect(asked.image, framed, asked.choice)
        return framed

    def _view(self, asked: Asked, location: Location) -> View:
        return View(asked, location, located_crop(asked.image, location, self.recogniser.card.side))

    def _moved(self, view: View, location: Location) -> View:
        """Look at another box: in the same crop, where its window is the same."""
        if location.window != view.location.window:
            return self._view(view.asked, location)
        image = view.asked.image
        crop = with_item(view.crop, image.size, location.window, location.box)
        return replace(view, location=location, crop=crop)

    def _read(
        self, maps: FeatureMaps, views: Sequence[View], guides: Sequence[Choice]
    ) -> list[Seen]:
        reading = self.recogniser.read(maps, [view.crop for view in views], guides)
        return [Seen(view, reading, row) for row, view in enumerate(views)]

    def _refine(self, seen: list[Seen], maps: FeatureMaps) -> list[Item]:
        """Recognise the items, each in its own box.

        Where nobody guides, the category seen is the guide of what is worn with other items on a
        plain background, as for a product whose text names it, so that the attributes are those of
        this item. The maps serve again unless the window is another.
        """
        closer = [self._closer(one) for one in seen]
        moved = [row for row, one in enumerate(seen) if closer[row].box != one.view.location.box]
        final = [
            replace(one, view=replace(one.view, location=location))
            for one, location in zip(seen, closer, strict=True)
        ]
        if moved:
            views = [self._moved(seen[row].view, closer[row]) for row in moved]
            again = take_rows(maps, moved)
            elsewhere = [
                at
                for at, row in enumerate(moved)
                if closer[row].window != seen[row].view.location.window
            ]
            if elsewhere:
                crops = [views[at].crop for at in elsewhere]
                put_rows(again, elsewhere, self.recogniser.encode(crops))
            guides = [
                view.choice or {seen[row].prediction.category}
                for row, view in zip(moved, views, strict=True)
            ]
            for row, one in zip(moved, self._read(again, views, guides), strict=True):
                final[row] = one
        items = complete(final)
        for row in moved:
            if seen[row].view.choice is None:
                groups = items[row].prediction.groups
                items[row] = replace(
                    items[row], prediction=replace(seen[row].prediction, groups=groups)
                )
        return items

    def _closer(self, seen: Seen) -> Location:
        """Locate the item by the detector, where others may be worn beside it; else as it is."""
        view, prediction = seen.view, seen.prediction
        location = view.location
        if location.source != "foreground" or prediction.others < MIN_OTHERS:
            return location
        guide = view.choice or {prediction.category}
        if not self.locator.needs_detector(location, guide):
            return location
        found = self.locator.detect(view.asked.image, location, view.choice)
        return found if view.choice else self.locator.refine(found, prediction.category)

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
            box=turn_box(location.box, -item.view.asked.turns % 4),
            box_source=location.source,
            binary_code=code,
            colour_histogram=crop_histogram(
                item.view.crop,
                location.background and location.background.balanced,
                self._histogram,
            ),
            model=self.model,
            items=tuple(
                replace(each, box=turn_box(each.box, -item.view.asked.turns % 4))
                for each in location.items
            ),
            notes=item.view.asked.image.info.get(NOTES, ()),
        )
