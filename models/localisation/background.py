"""Plain backgrounds, and the item in front of one: a box without a detector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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

MAX_ROUGHNESS = 0.4
"""A plain background changes by less than this from pixel to pixel; cloth and floors by more."""

SMOOTHEST = 0.8
"""The share of the steps that counts, the smallest ones: what is written on it does not."""


LEAST_WHITE, LEAST_TINT, LARGEST_TINT = 215, 4, 22
"""A background is a tinted white where its lightest channel has at least so many levels of 255, and
the others are so much darker."""

MIN_LINES = 8
"""What is left of an image between peeled edges has at least as many pixels a side."""

EDGE_SHARE = 0.5
"""At least this share of a line is of the colour of an edge; the rest may be text on it."""

LEAST_GROUND = 225
"""White lines at an edge are the item's own ground."""

DEEPEST_EDGE = 0.35
"""An edge is at most this share of the image."""

PART_SHARE = 0.15
"""A thing apart from the item is part of it where it has at least this share of its pixels."""

BAR, BAR_LENGTH, BAR_FILL = 5, 0.6, 0.8
"""A bar is so many times as long as high, so long a share of the image, and filled so far."""


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

    @property
    def gains(self) -> NDArray[np.float32]:
        """The factors by channel that take the tint off a background that is nearly white.

        1 where the background is dark, of a colour, or without a tint: float32 [3].
        """
        high, tint = float(self.colour.max()), float(np.ptp(self.colour))
        if high < LEAST_WHITE or not LEAST_TINT <= tint <= LARGEST_TINT:
            return np.ones(3, dtype=np.float32)
        return np.asarray(high / np.maximum(self.colour, 1.0), dtype=np.float32)

    @property
    def balanced(self) -> PlainBackground:
        """The background as it is in balanced pixels."""
        return PlainBackground(self.colour * self.gains)

    def balance(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Take the tint of the background off pixels, uint8 RGB [..., 3]."""
        gains = self.gains
        if (gains == 1).all():
            return pixels
        return (pixels * gains + 0.5).clip(0, 255).astype(np.uint8)

    def roughness(self, line: NDArray[np.uint8]) -> float:
        """Measure the mean change from pixel to pixel along a line, in levels of 255.

        The channel that changes most counts. Steps to or from other pixels do not, nor the largest.

        Args:
            line: uint8 RGB [n, 3].
        """
        same = ~self.differs(line)
        steps = np.abs(np.diff(line.astype(np.int16), axis=0)).max(axis=-1)[same[1:] & same[:-1]]
        steps = np.sort(steps)[: max(1, int(len(steps) * SMOOTHEST))]
        return float(steps.mean()) if len(steps) else 0.0


@dataclass(frozen=True)
class Foreground:
    """A foreground, pixel by pixel, and the plain background that it stands out from.

    Attributes:
        box: in fractions of the image; all of it where nothing is known to stand out.
        background: the plain background; None where it is not plain, or nothing stands out.
        mask: the pixels of the box that stand out, in a reduced image, bool [h, w].
    """

    box: Box = WHOLE_IMAGE
    background: PlainBackground | None = None
    mask: NDArray[np.bool_] = field(default_factory=lambda: np.ones((1, 1), dtype=np.bool_))


def find_foreground(image: Image.Image) -> tuple[Box, PlainBackground | None]:
    """Find the box of what stands out from a plain background, and that background."""
    found = mask_foreground(image)
    return found.box, found.background


def mask_foreground(image: Image.Image) -> Foreground:
    """Find what stands out from a plain background, pixel by pixel.

    Where the border is not plain, edges of another colour are peeled off first: bars of players,
    banners. Small things apart from the item, such as lines of text, are left out.

    Args:
        image: mode RGB, any size.
    """
    small = np.asarray(image.reduce(max(1, round(max(image.size) / SIDE))))
    height, width = small.shape[:2]
    for top, bottom, left, right in _inner_parts(small):
        inner = small[top:bottom, left:right]
        background = plain_background(inner)
        if background is not None:
            break
    else:
        return Foreground()
    mask = background.differs(inner)
    main = _main_part(mask)
    if main is None:
        return Foreground()
    (y0, y1), (x0, x1) = main
    x, y, w, h = (left + x0) / width, (top + y0) / height, (x1 - x0) / width, (y1 - y0) / height
    box = Box(x, y, min(w, 1 - x), min(h, 1 - y))
    return Foreground(box, background, mask[y0:y1, x0:x1])


def _inner_parts(small: NDArray[np.uint8]) -> Iterator[tuple[int, int, int, int]]:
    """List the whole, then what is left without some edges: top, bottom, left and right."""
    height, width = small.shape[:2]
    yield 0, height, 0, width
    across = small.transpose(1, 0, 2)
    top, bottom = peel(small), height - peel(small[::-1])
    left, right = peel(across), width - peel(across[::-1])
    parts = [
        *((0, height, left, right), (top, bottom, 0, width)),
        *((0, bottom, 0, width), (top, height, 0, width)),
        *((0, height, left, width), (0, height, 0, right), (top, bottom, left, right)),
    ]
    yield from dict.fromkeys(part for part in parts if part != (0, height, 0, width))


def plain_background(small: NDArray[np.uint8]) -> PlainBackground | None:
    """Find the colour of a plain border; None where it is not plain.

    Args:
        small: uint8 RGB [h, w, 3].
    """
    if min(small.shape[:2]) < MIN_LINES:
        return None
    # Once around, so that neighbours in the line are neighbours in the image.
    border = np.concatenate([small[0], small[1:, -1], small[-1, -2::-1], small[-2:0:-1, 0]])
    background = PlainBackground(np.median(border, axis=0).astype(np.float32))
    uniform = background.differs(border).mean() <= 1 - PLAIN_SHARE
    return background if uniform and background.roughness(border) <= MAX_ROUGHNESS else None


def peel(lines: NDArray[np.uint8]) -> int:
    """Count the lines at the start that are of one colour, up to a line of another colour.

    Args:
        lines: uint8 RGB [n, m, 3]; the first is at the image's edge.

    Returns:
        0 where the first line is not of one colour, or is white, as margins are; and where so many
        follow that it is no edge.
    """
    colour = PlainBackground(np.median(lines[0], axis=0).astype(np.float32))
    deepest = round(len(lines) * DEEPEST_EDGE)
    of_colour = (~colour.differs(lines[: deepest + 1])).mean(axis=1) >= EDGE_SHARE
    if not of_colour[0] or colour.colour.min() >= LEAST_GROUND:
        return 0
    depth = int(of_colour.argmin()) if not of_colour.all() else 0
    # The line between may be a mixture of both.
    return depth + 1 if depth else 0


def _main_part(mask: NDArray[np.bool_]) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Find the rows and columns of the largest thing, and of what is of its kind beside it."""
    rows = _extent(mask)
    if rows is None:
        return None
    columns = _extent(mask[slice(*rows)].T)
    if columns is None:
        return None
    # A line of text beside the item may have joined rows that are apart without it.
    closer = _extent(mask[slice(*rows), slice(*columns)])
    return (rows[0] + closer[0], rows[0] + closer[1]) if closer else rows, columns


def _extent(mask: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Find the lines from the first to one past the last that matter.

    Args:
        mask: the foreground, bool [lines, pixels]; a line of fewer than two is empty.
    """
    profile = mask.sum(axis=1)
    lines = np.flatnonzero(profile >= 2)
    if len(lines) < 2:
        return None
    runs = np.split(lines, np.flatnonzero(np.diff(lines) > 1) + 1)
    areas = np.array([int(profile[run].sum()) for run in runs])
    if len(runs) > 1:
        areas[[_is_bar(mask[run]) for run in runs]] //= BAR
    kept = [run for run, area in zip(runs, areas, strict=True) if area >= PART_SHARE * areas.max()]
    return int(kept[0][0]), int(kept[-1][-1]) + 1


def _is_bar(run: NDArray[np.bool_]) -> bool:
    """Tell whether some lines are a solid bar across the image, as a button or a rule is."""
    long = run.shape[1] * BAR_LENGTH
    across = np.flatnonzero(run.any(axis=0))
    extent = int(across[-1] - across[0]) + 1
    solid = bool(run[:, across[0] : across[-1] + 1].mean() >= BAR_FILL)
    return extent >= long and len(run) * BAR <= extent and solid
