"""The one door from images to features; ingest and queries both go through it.

image → box of the item → window around it → category, attributes and code; its colours.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mappings.features import Box, Bytes, CategorySource, Features
from mappings.taxonomy import Taxonomy
from models.appearance_code import binarise
from models.colour_histogram import colour_histogram
from models.crop import Crop, crop_square
from models.detector import Detector
from models.foreground import Ground
from models.images import MAX_PIXELS, decode_image
from models.locate import Located, Locator
from models.recognised import Choice, Look, Recognised, as_likely_as
from models.recogniser import Recogniser, look_and_tell, open_recogniser
from models.session import WEIGHTS

DEFAULT_MODEL = "attribute-committee-4"
DEFAULT_DETECTOR = "guided-detector-2"
# Colours are read from a reduced window; this many pixels a side settle a histogram.
COLOUR_SIDE = 48


class ImageExtractor:
    """``mappings.search.Extractor`` with trained networks, run by onnxruntime.

    Args:
        recogniser: category, attributes and the features that codes are made of.
        locator: finds the item's box.
        max_pixels: the largest image decoded.
        paper_threshold: binarise at 0, as in the paper, and not at each dimension's median.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        locator: Locator,
        max_pixels: int = MAX_PIXELS,
        paper_threshold: bool = False,
    ) -> None:
        self.recogniser = recogniser
        self.locator = locator
        self._max_pixels = max_pixels
        learned = recogniser.card.thresholds
        self._thresholds = np.zeros_like(learned) if paper_threshold else learned
        names = [recogniser.card.model, *([locator.detector.model] if locator.detector else [])]
        self.model = "+".join(names) + ("-threshold-0" if paper_threshold else "")

    def decode(self, data: bytes) -> Image.Image:
        """One image file's bytes to an RGB image; see ``models.images.decode_image``."""
        return decode_image(data, self._max_pixels)

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> list[Features]:
        """Features of a batch; see ``mappings.search.Extractor``."""
        if not images:
            return []
        choices, located, crops, pooled, recognised = self._see(images, categories, boxes)
        codes = binarise(pooled, self._thresholds)
        return [
            self._features(crop, item, choice, seen, code)
            for crop, item, choice, seen, code in zip(
                crops, located, choices, recognised, codes, strict=True
            )
        ]

    def recognise(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
    ) -> tuple[list[Crop], list[Recognised]]:
        """The window that was looked at in each image, and all that it may show; for evaluation."""
        _, _, crops, _, recognised = self._see(images, categories, None)
        return crops, recognised

    def _see(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None,
        boxes: Sequence[Box | None] | None,
    ) -> tuple[list[Choice], list[Located], list[Crop], NDArray[np.float32], list[Recognised]]:
        choices: list[Choice] = [choice or None for choice in categories or [None] * len(images)]
        given = list(boxes) if boxes is not None else [None] * len(images)
        located = [
            self.locator.locate(image, choice, box)
            for image, choice, box in zip(images, choices, given, strict=True)
        ]
        crops = self._crops(images, located)
        look = self.recogniser.look(crops)
        asked = [
            choice or item.kinds or None for choice, item in zip(choices, located, strict=True)
        ]
        pooled, recognised = self.recogniser.tell(look, crops, asked)
        self._ask_again(images, choices, located, look, crops, pooled, recognised)
        return choices, located, crops, pooled, recognised

    def _crops(self, images: Sequence[Image.Image], located: Sequence[Located]) -> list[Crop]:
        side = self.recogniser.card.side
        return [
            crop_square(image, item.window, side, item.box)
            for image, item in zip(images, located, strict=True)
        ]

    def _ask_again(
        self,
        images: Sequence[Image.Image],
        choices: Sequence[Choice],
        located: list[Located],
        look: Look,
        crops: list[Crop],
        pooled: NDArray[np.float32],
        recognised: list[Recognised],
    ) -> None:
        """Where nobody guides and the item is worn with more: guide by the category recognised.

        All but the category is then that item's own, as of a product whose text names the category.
        What was seen holds for the item's box too, unless its window is another.
        """
        free = [row for row, choice in enumerate(choices) if choice is None]
        found = {row: self.locator.again(located[row], recognised[row].category) for row in free}
        rows = [row for row, item in found.items() if item is not located[row]]
        if not rows:
            return
        closer = [at for at, row in enumerate(rows) if found[row].window != located[row].window]
        again = self._crops([images[row] for row in rows], [found[row] for row in rows])
        seen = _of_rows(look, rows)
        if closer:
            _put(self.recogniser.look([again[at] for at in closer]), closer, seen)
        guides = [{recognised[row].category} for row in rows]
        pooled[rows], told = self.recogniser.tell(seen, again, guides)
        for row, crop, item in zip(rows, again, told, strict=True):
            located[row], crops[row] = found[row], crop
            recognised[row] = replace(recognised[row], groups=item.groups)

    def networks_only(self, choices: Sequence[Collection[str] | None], batch: int) -> float:
        """Seconds that the networks alone take for images on plain ground; for benchmarks.

        Args:
            choices: of each image; they decide whether the detector looks.
            batch: images at a time.
        """
        side = self.recogniser.card.side
        noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
        box = np.array([0.1, 0.1, 0.9, 0.9], np.float32)
        crops = [Crop(noise, box, box)] * batch
        photo = Image.fromarray(noise).resize((240, 320))
        ground = Ground(np.full(3, 255, np.float32))
        looked = sum(self.locator.looks(choice, ground, shape=1.0) for choice in choices)
        free = [choice or None for choice in choices[:batch]]
        look_and_tell(self.recogniser, crops[: len(free)], free)
        start = time.perf_counter()
        for first in range(0, len(choices), batch):
            here = [choice or None for choice in choices[first : first + batch]]
            look_and_tell(self.recogniser, crops[: len(here)], here)
        if self.locator.detector is not None:
            for _ in range(looked):
                self.locator.detector.find([photo])
        return time.perf_counter() - start

    def _features(
        self,
        crop: Crop,
        item: Located,
        choice: Collection[str] | None,
        seen: Recognised,
        code: Bytes,
    ) -> Features:
        source: CategorySource = "auto"
        if choice:
            source = "chosen" if len(choice) == 1 else "text"
        categories = seen.ranked_categories()
        if item.told and seen.given:  # the detector's word, and no more certain than that
            categories = as_likely_as(categories, item.told.score)
        return Features(
            categories=categories,
            category_source=source,
            attributes=seen.ranked_attributes(),
            box=item.box,
            box_source=item.source,
            code=code,
            colour=_colours(crop, item.ground),
            model=self.model,
            items=item.items,
        )


def load_extractor(
    taxonomy: Taxonomy,
    model: str | Path = DEFAULT_MODEL,
    *,
    detector: str | Path | None = DEFAULT_DETECTOR,
    weights: Path = WEIGHTS,
    threads: int | None = None,
    max_pixels: int = MAX_PIXELS,
    paper_threshold: bool = False,
) -> ImageExtractor:
    """Open the shipped networks or others.

    Args:
        model, detector: names among the shipped ones, or paths of a card without ``.json``; no
            detector where None.
        weights: another folder in which ``model`` is a name.

    Raises:
        InvalidConfig: no such network or card.
    """
    recogniser = open_recogniser(weights / model, taxonomy, threads)
    finder = None if detector is None else Detector(WEIGHTS / detector, threads)
    return ImageExtractor(recogniser, Locator(finder, taxonomy), max_pixels, paper_threshold)


def _of_rows(look: Look, rows: list[int]) -> Look:
    """What was seen in some crops of a batch."""
    return tuple((middle[rows], last[rows]) for middle, last in look)


def _put(anew: Look, rows: list[int], look: Look) -> None:
    """Write what was seen anew over those rows of a look."""
    for (middle, last), (other_middle, other_last) in zip(look, anew, strict=True):
        middle[rows], last[rows] = other_middle, other_last


def _colours(crop: Crop, ground: Ground | None) -> Bytes:
    """Histogram of the item's pixels: in its box, plain ground left out, the middle weighs most."""
    step = max(1, crop.pixels.shape[0] // COLOUR_SIDE)
    pixels = crop.pixels[::step, ::step]
    left, top, right, bottom = crop.item
    centres = (np.arange(len(pixels), dtype=np.float32) + 0.5) / len(pixels)
    x, y = centres[None, :], centres[:, None]
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    item = inside & ground.differs(pixels) if ground is not None else inside
    if item.sum() < 8:
        item = inside if inside.any() else np.ones_like(inside)
    pixel = 1 / len(pixels)  # a box between two pixels' centres still has some near
    across = (x - (left + right) / 2) / max(right - left, pixel)
    down = (y - (top + bottom) / 2) / max(bottom - top, pixel)
    weights = np.exp(-3.0 * (across**2 + down**2)).astype(np.float32)
    return colour_histogram(pixels[item], weights[item])
