"""What the extractor finds in one image: the item's box, terms, code and colours."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidBox
from houndstooth.mappings.numbers import read_number

Bytes = NDArray[np.uint8]
# Of a side; boxes are told and stored to as many digits.
MIN_SIDE = 1e-4
CategorySource = Literal["auto", "chosen", "text"]
BoxSource = Literal["given", "detector", "foreground", "whole"]


@dataclass(frozen=True)
class Box:
    """A rectangle as fractions of the image's width and height, origin top left, all in [0, 1].

    Raises:
        InvalidBox: not finite, a side below MIN_SIDE, or not inside the image.
    """

    x: float
    y: float
    w: float
    h: float

    def __post_init__(self) -> None:
        values = (self.x, self.y, self.w, self.h)
        inside = (
            all(isfinite(v) for v in values)
            and 0 <= self.x < 1
            and 0 <= self.y < 1
            and min(self.w, self.h) >= MIN_SIDE
            and self.x + self.w <= 1 + 1e-6
            and self.y + self.h <= 1 + 1e-6
        )
        if not inside:
            raise InvalidBox(
                "expected a box x,y,w,h in fractions of the image, inside it and with an area, "
                f"its sides at least {MIN_SIDE:g}; got {','.join(f'{v:g}' for v in values)}"
            )

    @classmethod
    def parse(cls, text: str) -> Box:
        """Read ``x,y,w,h``.

        Raises:
            InvalidBox: not four numbers, or not inside the image.
        """
        try:
            x, y, w, h = (read_number(part) for part in text.split(","))
        except ValueError:
            raise InvalidBox(
                "expected a box as four numbers x,y,w,h, in fractions of the image and inside it; "
                f"got {text[:80]!r}"
            ) from None
        return cls(x, y, w, h)

    def as_list(self) -> list[float]:
        """``[x, y, w, h]`` to four digits, the form of JSON documents and answers.

        Edges are rounded, and not sides: so a box that touches the image's edge still lies inside.
        """
        left, width = _rounded(self.x, self.w)
        top, height = _rounded(self.y, self.h)
        return [left, top, width, height]


def _rounded(start: float, side: float) -> tuple[float, float]:
    """Start and side of a stretch inside [0, 1], in whole MIN_SIDEs, one of them at least."""
    steps = round(1 / MIN_SIDE)
    first = min(round(start * steps), steps - 1)
    end = min(max(round((start + side) * steps), first + 1), steps)
    return first / steps, (end - first) / steps


WHOLE_IMAGE = Box(0.0, 0.0, 1.0, 1.0)


def group_of(term: str) -> str:
    """The group of an attribute term: ``colour`` of ``colour:navy-blue``."""
    return term.partition(":")[0]


@dataclass(frozen=True)
class ScoredTerm:
    """A category (``t-shirt``) or attribute term (``colour:navy-blue``), and its probability."""

    term: str
    confidence: float


@dataclass(frozen=True)
class Detection:
    """One thing that a detector found in an image.

    Attributes:
        label: the detector's class, ``shoes``.
        categories: leaf categories of that class.
        score: how likely, in [0, 1].
        box: where.
    """

    label: str
    categories: tuple[str, ...]
    score: float
    box: Box


@dataclass(frozen=True)
class Features:
    """All that is indexed of a product's image, and all that is asked with a query's.

    Attributes:
        categories: the most likely leaf categories, best first, at least one; when the category
            was chosen, the chosen one comes first with confidence 1.
        category_source: ``chosen`` when one category was given, ``text`` when a wider choice was
            given and the image decided within it, ``auto`` when the image decided alone.
        attributes: ``group:value`` terms of the groups that the category has, groups in taxonomy
            order, best first within a group; probabilities within a group sum to at most 1.
        box: where the item is, in fractions of the image as shown (after its EXIF turn).
        binary_code: of the embedding, uint8 [bits / 8], bits packed most significant first.
        colour_histogram: square root of the HSV histogram, uint8 [bins], 255 = all pixels in one bin.
        model: which weights made this; codes of different models are not comparable.
        items: all that a detector found in the image, best first, for "which of these?"; empty
            where none looked.
    """

    categories: tuple[ScoredTerm, ...]
    category_source: CategorySource
    attributes: tuple[ScoredTerm, ...]
    box: Box
    box_source: BoxSource
    binary_code: Bytes
    colour_histogram: Bytes
    model: str
    items: tuple[Detection, ...] = ()

    @property
    def category(self) -> ScoredTerm:
        """The category decided on."""
        return self.categories[0]

    def best_attributes(self) -> tuple[ScoredTerm, ...]:
        """The most likely term of each group, in taxonomy order."""
        best: dict[str, ScoredTerm] = {}
        for found in self.attributes:
            best.setdefault(group_of(found.term), found)
        return tuple(best.values())
