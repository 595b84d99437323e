"""Things that lie apart from each other on a plain background, by a recursive X-Y cut.

The cut divides an image where empty lines run through all of it, then each half in the same way
(Nagy and Seth 1984, "Hierarchical representation of optically scanned documents").
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Box
from houndstooth.models.localisation.background import Foreground

GAP = 0.015
"""Things lie apart where so large a share of the longest side is empty between them."""

SPECK = 0.04
"""A thing whose box has less than this share of the largest one's is none: text, a price tag."""


def things_apart(foreground: Foreground) -> tuple[Box, ...]:
    """Find the boxes of things that lie apart in what stands out from a plain background.

    Returns:
        In fractions of the image, from top to bottom; empty where it is one thing.
    """
    mask, box = foreground.mask, foreground.box
    found = list(_cut(mask, max(2, round(GAP * max(mask.shape)))))
    areas = [(y1 - y0) * (x1 - x0) for y0, y1, x0, x1 in found]
    large = [cut for cut, area in zip(found, areas, strict=True) if area >= SPECK * max(areas)]
    if len(large) < 2:
        return ()
    high, wide = box.h / mask.shape[0], box.w / mask.shape[1]
    return tuple(
        Box(box.x + x0 * wide, box.y + y0 * high, (x1 - x0) * wide, (y1 - y0) * high)
        for y0, y1, x0, x1 in large
    )


def _cut(mask: NDArray[np.bool_], gap: int) -> Iterator[tuple[int, int, int, int]]:
    """List the parts of a mask between empty lines: top, bottom, left and right."""
    rows = _runs(mask, gap)
    if len(rows) == 1:
        [(top, bottom)] = rows
        columns = _runs(mask[top:bottom].T, gap)
        if len(columns) == 1:
            [(left, right)] = columns
            yield top, bottom, left, right
            return
        for left, right in columns:
            for y0, y1, x0, x1 in _cut(mask[top:bottom, left:right], gap):
                yield top + y0, top + y1, left + x0, left + x1
        return
    for top, bottom in rows:
        for y0, y1, x0, x1 in _cut(mask[top:bottom], gap):
            yield top + y0, top + y1, x0, x1


def _runs(mask: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """List the first and one past the last of filled lines; smaller gaps do not divide."""
    filled = np.flatnonzero(mask.any(axis=1))
    if not len(filled):
        return []
    runs = np.split(filled, np.flatnonzero(np.diff(filled) > gap) + 1)
    return [(int(run[0]), int(run[-1]) + 1) for run in runs]
