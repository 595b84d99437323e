"""The square window around an item that the networks look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mappings.features import Box

# The window reaches this much past the box's longer side.
MARGIN = 1.06


@dataclass(frozen=True)
class Crop:
    """A window of one image.

    Attributes:
        pixels: uint8 RGB [side, side, 3]; white where the window reaches past the image.
        box: the item in the window, float32 [4]: left, top, right, bottom in [0, 1].
    """

    pixels: NDArray[np.uint8]
    box: NDArray[np.float32]


def crop_square(image: Image.Image, box: Box, side: int) -> Crop:
    """Cut a square around the box, with the surroundings the image has, scaled to ``side``.

    Args:
        image: mode RGB, any size.
        box: the item, in fractions of the image.
    """
    width, height = image.size
    left, top = box.x * width, box.y * height
    right, bottom = left + box.w * width, top + box.h * height
    window = max(right - left, bottom - top, 2.0) * MARGIN
    x0, y0 = (left + right - window) / 2, (top + bottom - window) / 2
    scale = side / window
    inside = (max(x0, 0.0), max(y0, 0.0), min(x0 + window, width), min(y0 + window, height))
    target = [
        round((inside[0] - x0) * scale),
        round((inside[1] - y0) * scale),
        round((inside[2] - x0) * scale),
        round((inside[3] - y0) * scale),
    ]
    size = (max(1, target[2] - target[0]), max(1, target[3] - target[1]))
    part = image.resize(size, Image.Resampling.BILINEAR, box=inside, reducing_gap=2.0)
    canvas = Image.new("RGB", (side, side), "white")
    canvas.paste(part, (target[0], target[1]))
    edges = np.array([left - x0, top - y0, right - x0, bottom - y0], dtype=np.float32) / window
    return Crop(np.asarray(canvas), edges.clip(0, 1))
