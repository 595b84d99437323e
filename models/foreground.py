"""The item on plain ground: a box without a detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mappings.features import WHOLE_IMAGE, Box

# Measured on an image reduced to about this side: fast, and specks vanish.
SIDE = 112
TOLERANCE = 20
PLAIN_SHARE = 0.8
# From pixel to pixel a studio's ground changes by less than this on average, even where it fades;
# cloth and floors change by more.
PLAIN_ROUGHNESS = 0.8


@dataclass(frozen=True)
class Ground:
    """The plain ground of a photo: its colour, RGB in [0, 255], float32 [3]."""

    colour: NDArray[np.float32]

    def differs(self, pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which of the pixels, uint8 RGB [..., 3], are not the ground: bool [...]."""
        differs = np.zeros(pixels.shape[:-1], dtype=np.bool_)
        for channel, level in enumerate(self.colour):
            values = pixels[..., channel]
            differs |= values < np.uint8(max(0.0, level - TOLERANCE))
            differs |= values > np.uint8(min(255.0, level + TOLERANCE))
        return differs

    def roughness(self, line: NDArray[np.uint8]) -> float:
        """How much it changes from pixel to pixel along a line, uint8 RGB [n, 3], on average.

        Of the channel that changes most, in levels of 255, where neither pixel differs from it.
        """
        same = ~self.differs(line)
        steps = np.abs(np.diff(line.astype(np.int16), axis=0)).max(axis=-1)[same[1:] & same[:-1]]
        return float(steps.mean()) if len(steps) else 0.0


def find_foreground(image: Image.Image) -> tuple[Box, Ground | None]:
    """The box of what stands out from plain ground, and that ground.

    The ground is plain when at least four fifths of the image's rim are of one colour, and smooth.
    Where it is not, or nothing stands out from it, the box is the whole image and the ground None.

    Args:
        image: mode RGB, any size.
    """
    small = np.asarray(image.reduce(max(1, round(max(image.size) / SIDE))))
    # Once around, so that neighbours are neighbours.
    rim = np.concatenate([small[0], small[1:, -1], small[-1, -2::-1], small[-2:0:-1, 0]])
    ground = Ground(np.median(rim, axis=0).astype(np.float32))
    if ground.differs(rim).mean() > 1 - PLAIN_SHARE or ground.roughness(rim) > PLAIN_ROUGHNESS:
        return WHOLE_IMAGE, None
    mask = ground.differs(small)
    columns, rows = _extent(mask.sum(axis=0)), _extent(mask.sum(axis=1))
    if columns is None or rows is None:
        return WHOLE_IMAGE, None
    height, width = mask.shape
    (x0, x1), (y0, y1) = columns, rows
    return Box(x0 / width, y0 / height, (x1 - x0) / width, (y1 - y0) / height), ground


def _extent(profile: NDArray[np.int64]) -> tuple[int, int] | None:
    """First and one past the last line with at least two foreground pixels."""
    lines = np.flatnonzero(profile >= 2)
    return (int(lines[0]), int(lines[-1]) + 1) if len(lines) > 1 else None
