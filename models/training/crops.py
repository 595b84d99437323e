"""All training crops in memory: what takes long is done once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from houndstooth.models.localisation.locator import Locator
from houndstooth.models.runtime.crop import crop_square
from houndstooth.models.runtime.images import decode_image
from houndstooth.models.training.samples import Sample


def load_crops(
    samples: Sequence[Sample], side: int, locator: Locator, workers: int = 8
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The windows that the network sees when it serves, its category being known.

    Returns:
        uint8 RGB [n, side, side, 3], and in them two boxes each, float32 [n, 2, 4]: where
        attributes are recognised, and the item's own.
    """
    pixels = np.empty((len(samples), side, side, 3), dtype=np.uint8)
    boxes = np.empty((len(samples), 2, 4), dtype=np.float32)

    def load(index: int) -> None:
        sample = samples[index]
        image = decode_image(sample.path.read_bytes())
        located = locator.locate(image, {sample.category}, sample.box)
        crop = crop_square(image, located.window, side, item=located.box)
        pixels[index], boxes[index] = crop.pixels, (crop.box, crop.item)

    with ThreadPoolExecutor(workers) as pool:
        list(tqdm(pool.map(load, range(len(samples))), total=len(samples), desc="crops"))
    return pixels, boxes
