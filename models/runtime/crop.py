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


@dataclass(frozen=True)
class _Window:
    """The square around a box of an image, in the image's pixels."""

    x: float
    y: float
    side: float
    width: int
    height: int

    @classmethod
    def around(cls, box: Box, size: tuple[int, int]) -> _Window:
        width, height = size
        side = max(box.w * width, box.h * height, 2.0) * MARGIN
        x, y = ((2 * box.x + box.w) * width - side) / 2, ((2 * box.y + box.h) * height - side) / 2
        return cls(x, y, side, width, height)

    def inside(self, box: Box) -> NDArray[np.float32]:
        """Return a box in the window's own fractions."""
        across = np.array([box.x, box.x + box.w]) * self.width - self.x
        down = np.array([box.y, box.y + box.h]) * self.height - self.y
        edges = np.array([across[0], down[0], across[1], down[1]], dtype=np.float32)
        return (edges / self.side).clip(0, 1)


def crop_square(image: Image.Image, box: Box, side: int, item: Box | None = None) -> Crop:
    """Cut a square around the box, with the surroundings the image has, scaled to ``side``.

    Args:
        image: mode RGB, any size.
        box: what to cut out, in fractions of the image.
        item: where the item is; None is all of it.
    """
    window = _Window.around(box, image.size)
    x, y, right, bottom = window.x, window.y, window.x + window.side, window.y + window.side
    scale = side / window.side
    inside = (max(x, 0.0), max(y, 0.0), min(right, image.width), min(bottom, image.height))
    target = [
        round((inside[0] - x) * scale),
        round((inside[1] - y) * scale),
        round((inside[2] - x) * scale),
        round((inside[3] - y) * scale),
    ]
    size = (max(1, target[2] - target[0]), max(1, target[3] - target[1]))
    part = image.resize(size, Image.Resampling.BILINEAR, box=inside, reducing_gap=2.0)
    canvas = Image.new("RGB", (side, side), "white")
    canvas.paste(part, (target[0], target[1]))
    return Crop(np.asarray(canvas), window.inside(box), window.inside(item or box))


def with_item(crop: Crop, size: tuple[int, int], box: Box, item: Box) -> Crop:
    """Move the item's box within a crop; the pixels stay.

    Args:
        size: width and height of the image that it was cut from.
        box: what was cut out, in fractions of the image.
        item: where the item is now.
    """
    return replace(crop, item=_Window.around(box, size).inside(item))


def resize_crops(crops: Sequence[Crop], side: int) -> Sequence[Crop]:
    """Resize crops to ``side`` pixels a side; the same crops where they have it already."""
    if all(len(crop.pixels) == side for crop in crops):
        return crops
    return [replace(crop, pixels=_resize(crop.pixels, side)) for crop in crops]


def _resize(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR))
