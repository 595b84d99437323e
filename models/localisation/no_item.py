"""Tell pictures that show no item: blank ones, texts, size charts and line drawings.

A text is made of thin strokes of few colours on a plain ground. So are some photos, of jewellery
and of white garments on white; those the networks are sure of. Solid signs, such as a camera, look
like items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.models.localisation.background import PlainBackground
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.localisation.locator import PLAIN_SIDE

SIDE = 300
"""Images are reduced to about so many pixels: strokes stay apart."""

MAX_BORDER = 0.1
"""A ground is plain where at most so much of the border differs from it."""

BLANK = 0.001
"""Share of an image that differs from its ground, below which it is blank."""

MAX_CHROMA = 40
"""Levels of 255 between the channels of a blank picture; one of more colour is a swatch."""

MAX_STROKE = 0.045
"""Thin strokes are at most so long on average, along rows or columns, as a share of the side."""

MIN_INK, MIN_ON_LINE = 0.4, 0.6
"""A drawing has at least so much of its pixels in two colours, or between one and the ground."""

INK_CELL, INK_TOLERANCE, LINE_TOLERANCE = 16, 16, 24
"""Levels of 255: of a cell of colours, from an ink, from the line between ink and ground."""

TEXT_STROKE, TEXT_RUNS = 0.0155, 12
"""A text's strokes are at most so long, and at least so many of them lie in each line."""

SURE_CATEGORY, SURE_DETECTION = 0.9, 0.75
"""An item is seen from this probability of its category on, or from this score of a detection.
Fitted on 10,098 photos, of which 3 are taken for none."""

DITHERED = 30
"""Strokes in each row and in each column, above which they are dots of a photo in few colours."""


@dataclass(frozen=True)
class Strokes:
    """Strokes that stand out from the ground of an image.

    Attributes:
        is_blank: nothing does.
        are_drawn: what does is thin and of few colours.
        are_text: it is as dense and as thin as a text, too.
    """

    is_blank: bool = False
    are_drawn: bool = False
    are_text: bool = False


def shows_item(image: Image.Image, sureness: float, detector: Detector | None) -> bool:
    """Tell whether an image shows an item.

    Args:
        image: RGB.
        sureness: Probability of its category, in [0, 1].
        detector: Is asked about line drawings; None takes them for items.
    """
    if sureness >= SURE_CATEGORY:
        return True
    strokes = measure_strokes(image)
    if strokes.is_blank or strokes.are_text:
        return False
    if not strokes.are_drawn or detector is None:
        return True
    return any(each.score >= SURE_DETECTION for each in detector.find(image, PLAIN_SIDE))


def measure_strokes(image: Image.Image) -> Strokes:
    """Measure what stands out from a plain ground.

    Args:
        image: mode RGB, any size.
    """
    pixels = np.asarray(image.reduce(max(1, round(max(image.size) / SIDE))))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ground = PlainBackground(np.median(border, axis=0).astype(np.float32))
    if ground.differs(border).mean() > MAX_BORDER:
        return Strokes()
    mask = ground.differs(pixels)
    if mask.mean() < BLANK:
        return Strokes(is_blank=bool(np.ptp(ground.colour) <= MAX_CHROMA))
    lines = [_runs(mask), _runs(mask.T)]
    side = max(mask.shape)
    is_dithered = min(count for count, _ in lines) > DITHERED
    if is_dithered or min(length for _, length in lines) > MAX_STROKE * side:
        return Strokes()
    drawn = _has_few_colours(pixels[mask].astype(np.int16), ground.colour)
    text = any(n >= TEXT_RUNS and length <= TEXT_STROKE * side for n, length in lines)
    return Strokes(are_drawn=drawn, are_text=drawn and text)


def _runs(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """Return how many runs a row has that has any, and their mean length in pixels."""
    starts = (np.diff(mask.astype(np.int8), axis=1, prepend=0) == 1).sum(axis=1)
    rows = starts[starts > 0]
    return float(rows.mean()), float(mask.sum() / rows.sum())


def _has_few_colours(pixels: NDArray[np.int16], ground: NDArray[np.float32]) -> bool:
    """Tell whether pixels are of two colours, or mixtures of one and the ground.

    Args:
        pixels: those that stand out, int16 RGB [n, 3], at least one.
        ground: RGB, float32 [3].
    """
    left, covered = pixels, 0
    for turn in range(2):
        cells = left // INK_CELL @ np.array([256, 16, 1])
        ink = np.median(left[cells == np.bincount(cells).argmax()], axis=0)
        far = np.abs(left - ink).max(axis=-1) > INK_TOLERANCE
        if turn == 0:
            line = ink - ground
            along = ((pixels - ground) @ line / (line @ line)).clip(0, 1)
            off = np.abs(pixels - ground - along[:, None] * line).max(axis=-1)
            if (off <= LINE_TOLERANCE).mean() >= MIN_ON_LINE:
                return True
        covered += int((~far).sum())
        left = left[far]
        if not len(left):
            break
    return covered >= MIN_INK * len(pixels)
