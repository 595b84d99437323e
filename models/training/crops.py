"""Training crops, located and cropped once and kept in memory."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from houndstooth.models.localisation.background import find_foreground
from houndstooth.models.localisation.locator import Locator, located_crop
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.images import decode_image
from houndstooth.models.training.samples import Sample

UNKNOWN_OTHERS = -1.0
"""Stands for photos of which the detector was not asked whether other items are seen."""


class Crops(NamedTuple):
    """Crops of n samples.

    Attributes:
        pixels: uint8 RGB [n, side, side, 3].
        boxes: the foreground's box and the item's own in each, float32 [n, 2, 4].
        others: 1 where the detector sees other items beside the item in front of a plain
            background, 0 where it sees none, UNKNOWN_OTHERS elsewhere; float32 [n].
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    others: NDArray[np.float32]

    def each(self) -> list[Crop]:
        """Make a Crop of each sample, as networks take it."""
        return [Crop(p, *both) for p, both in zip(self.pixels, self.boxes, strict=True)]


def load_crops(
    samples: Sequence[Sample],
    side: int,
    locator: Locator,
    workers: int = 8,
    *,
    progress: bool = True,
) -> Crops:
    """Load the crops that the served network gets where the category is known.

    A photo of several garments is cropped to its foreground, so that all of them are seen.

    Args:
        side: side of the crops, pixels.
        workers: number of threads.
        progress: whether to show it.
    """
    pixels = np.empty((len(samples), side, side, 3), dtype=np.uint8)
    boxes = np.empty((len(samples), 2, 4), dtype=np.float32)
    others = np.full(len(samples), UNKNOWN_OTHERS, dtype=np.float32)

    def load(index: int) -> None:
        sample = samples[index]
        image = decode_image(sample.path.read_bytes())
        several = len(sample.categories) > 1
        box = find_foreground(image)[0] if several and sample.box is None else sample.box
        located = locator.locate(image, {sample.category}, box)
        crop = located_crop(image, located, side)
        pixels[index], boxes[index] = crop.pixels, (crop.box, crop.item)
        if located.asked and located.background is not None:
            others[index] = located.among_others

    with ThreadPoolExecutor(workers) as pool:
        loaded = pool.map(load, range(len(samples)))
        list(tqdm(loaded, "cropping", len(samples), unit=" photos", disable=not progress))
    return Crops(pixels, boxes, others)
