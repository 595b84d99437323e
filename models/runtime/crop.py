"""Crops: the square windows around items that networks take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import Box

MARGIN = 1.06
"""The side of the window, as a multiple of the box's longer side."""


@dataclass(frozen=True)
class Crop:
    """A square window of one image, as networks take it.

    Attributes:
        pixels: uint8 RGB [side, side, 3]; white where the window reaches past the image.
        box: what the window was cut around, in the window's own fractions, float32 [4]: left, top,
            right, bottom.
        item: the item's own box, in the same form; code and colours are computed in it.
    """

    pixels: NDArray[np.uint8]
    box: NDArray[np.float32]
    item: NDArray[np.float32]


def crop_square(image: Image.Image, box: Box, side: int, item: Box | None = None) -> Crop:
    """Cut a square around the box, with the surroundings the image has, scaled to ``side``.

    Args:
        image: mode RGB, any size.
        box: what to cut out, in fractions of the image.
        item: where the item is; None is all of it.
    """
    width, height = image.size
    window = max(box.w * width, box.h * height, 2.0) * MARGIN
    x0, y0 = ((2 * box.x + box.w) * width - window) / 2, ((2 * box.y + box.h) * height - window) / 2
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

    def inside_window(box: Box) -> NDArray[np.float32]:
        across, down = np.array([box.x, box.x + box.w]), np.array([box.y, box.y + box.h])
        (x, right), (y, bottom) = across * width - x0, down * height - y0
        return (np.array([x, y, right, bottom], dtype=np.float32) / window).clip(0, 1)

    return Crop(np.asarray(canvas), inside_window(box), inside_window(item or box))


def resize_crops(crops: Sequence[Crop], side: int) -> Sequence[Crop]:
    """Resize crops to ``side`` pixels a side; the same crops where they have it already."""
    if all(len(crop.pixels) == side for crop in crops):
        return crops
    return [replace(crop, pixels=_resize(crop.pixels, side)) for crop in crops]


def _resize(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))
