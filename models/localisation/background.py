"""Plain backgrounds, and the item in front of one: a box without a detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import WHOLE_IMAGE, Box

SIDE = 112
"""Images are reduced to about this many pixels: it is fast, and specks vanish."""

TOLERANCE = 20
"""A pixel belongs to the background where no channel differs by more levels of 255."""

PLAIN_SHARE = 0.8
"""A background is plain where at least this share of the image's border is of its colour."""

MAX_ROUGHNESS = 0.8
"""A plain background changes by less than this from pixel to pixel; cloth and floors by more."""


@dataclass(frozen=True)
class PlainBackground:
    """The plain background of a photo: its colour, RGB in [0, 255], float32 [3]."""

    colour: NDArray[np.float32]

    def differs(self, pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Mark the pixels that are not background.

        Args:
            pixels: uint8 RGB [..., 3].

        Returns:
            bool [...].
        """
        differs = np.zeros(pixels.shape[:-1], dtype=np.bool_)
        for channel, level in enumerate(self.colour):
            values = pixels[..., channel]
            differs |= values < np.uint8(max(0.0, level - TOLERANCE))
            differs |= values > np.uint8(min(255.0, level + TOLERANCE))
        return differs

    def roughness(self, line: NDArray[np.uint8]) -> float:
        """Measure the mean change from pixel to pixel along a line, in levels of 255.

        The channel that changes most counts. Steps to or from other pixels do not.

        Args:
            line: uint8 RGB [n, 3].
        """
        same = ~self.differs(line)
        steps = np.abs(np.diff(line.astype(np.int16), axis=0)).max(axis=-1)[same[1:] & same[:-1]]
        return float(steps.mean()) if len(steps) else 0.0


def find_foreground(image: Image.Image) -> tuple[Box, PlainBackground | None]:
    """Find the box of what stands out from a plain background, and that background.

    Args:
        image: mode RGB, any size.

    Returns:
        The whole image and None where the background is not plain, or nothing stands out.
    """
    small = np.asarray(image.reduce(max(1, round(max(image.size) / SIDE))))
    # Once around, so that neighbours in the line are neighbours in the image.
    border = np.concatenate([small[0], small[1:, -1], small[-1, -2::-1], small[-2:0:-1, 0]])
    background = PlainBackground(np.median(border, axis=0).astype(np.float32))
    uniform = background.differs(border).mean() <= 1 - PLAIN_SHARE
    if not uniform or background.roughness(border) > MAX_ROUGHNESS:
        return WHOLE_IMAGE, None
    mask = background.differs(small)
    columns, rows = _extent(mask.sum(axis=0)), _extent(mask.sum(axis=1))
    if columns is None or rows is None:
        return WHOLE_IMAGE, None
    height, width = mask.shape
    (x0, x1), (y0, y1) = columns, rows
    box = Box(x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height)
    return box, background


def _extent(profile: NDArray[np.int64]) -> tuple[int, int] | None:
    """The first line, and one past the last, that has at least two foreground pixels."""
    lines = np.flatnonzero(profile >= 2)
    return (int(lines[0]), int(lines[-1]) + 1) if len(lines) > 1 else None
