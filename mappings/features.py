"""Define the features of one image: the item's box, terms, binary code and colours."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidBox
from houndstooth.mappings.numbers import read_number

Bytes = NDArray[np.uint8]
MIN_SIDE = 1e-4
"""Smallest side of a box, and the precision to which boxes are stored."""

CategorySource = Literal["auto", "chosen", "text"]
BoxSource = Literal["given", "detector", "foreground", "whole"]


@dataclass(frozen=True)
class Box:
    """A rectangle in fractions of the image's width and height, with the origin at the top left.

    Raises:
        InvalidBox: A value is not finite, a side is below MIN_SIDE, or the box is not inside the
            image.
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
            InvalidBox: The text is not four numbers, or the box is not inside the image.
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
        """Return ``[x, y, w, h]`` to four digits, the form in JSON documents and answers.

        The edges are rounded, not the sides, so that a box at the image's edge stays inside.
        """
        left, width = _rounded(self.x, self.w)
        top, height = _rounded(self.y, self.h)
        return [left, top, width, height]


def _rounded(start: float, side: float) -> tuple[float, float]:
    """Round an interval inside [0, 1] to multiples of MIN_SIDE, at least one long."""
    steps = round(1 / MIN_SIDE)
    first = min(round(start * steps), steps - 1)
    end = min(max(round((start + side) * steps), first + 1), steps)
    return first / steps, (end - first) / steps


WHOLE_IMAGE = Box(0.0, 0.0, 1.0, 1.0)

UNKNOWN_CATEGORY = "unknown"
"""The category of an item of which it is not known. It is none of the taxonomy's."""


def group_of(term: str) -> str:
    """Return the group of an attribute term: ``colour`` for ``colour:navy-blue``."""
    return term.partition(":")[0]


@dataclass(frozen=True)
class ScoredTerm:
    """A category (``t-shirt``) or attribute term (``colour:navy-blue``) and its probability.

    Attributes:
        precision: How often such a term was right on labelled photos, in [0, 1]. None if it was
            not measured, or not often enough right at this confidence: then it is a preference
            of a search, and never stored.
    """

    term: str
    confidence: float
    precision: float | None = None


@dataclass(frozen=True)
class Detection:
    """One item that the detector found in an image.

    Attributes:
        label: Class of the detector, such as ``shoes``.
        categories: Leaf categories of that class.
        score: Confidence in [0, 1].
        box: The item's box.
    """

    label: str
    categories: tuple[str, ...]
    score: float
    box: Box


@dataclass(frozen=True)
class WeightedCode:
    """A text's embedding as it is compared with the binary codes of pictures.

    A bit that differs costs its weight. So the distance is asymmetric (Gordo and Perronnin 2011):
    the side that is asked keeps its values, and the stored one its signs alone.

    Attributes:
        binary_code: Which bits are set, uint8 [bits / 8], most significant bit first.
        weights: What each bit costs, float64 [bits], none below 0; they add up to 1.
    """

    binary_code: Bytes
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Features:
    """The features of one image, stored for a product and searched with for a query.

    Attributes:
        categories: The most likely leaf categories, best first, at least one. A category that was
            chosen comes first with confidence 1.
        category_source: ``chosen`` if one category was given, ``text`` if several were given and
            the image decided among them, ``auto`` if the image alone decided.
        attributes: ``group:value`` terms of the category's groups: groups in taxonomy order, best
            term first. An item may have two of a group, or none.
        box: The item's box, in fractions of the upright image (EXIF orientation applied).
        box_source: Where the box comes from: the caller, the detector, the foreground on a plain
            background, or none of them (the whole image).
        binary_code: Binarised embedding, uint8 [bits / 8], most significant bit first.
        colour_histogram: Square root of the histogram of colours, uint8 [bins]; 255 = all pixels
            in one bin.
        model: Name and version of the weights. Codes of different models cannot be compared.
        items: All detections in the image, best first, so that a person can choose one. Empty if
            the detector did not run.
        notes: What to tell a person: how the image differs from its file, such as lines that a
            broken file lacks, or that a given box shows nothing.
        shows_item: False of a picture that is blank, a text, a size chart or a line drawing. Its
            features are those of no product.
        beside: The other items in the image, where they were asked for; see
            ``Extractor.extract``.
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
    notes: tuple[str, ...] = ()
    shows_item: bool = True
    beside: tuple[Features, ...] = ()

    @property
    def category(self) -> ScoredTerm:
        """The most likely category."""
        return self.categories[0]

    def best_attributes(self) -> tuple[ScoredTerm, ...]:
        """Return the most likely term of each group, in taxonomy order."""
        best: dict[str, ScoredTerm] = {}
        for scored in self.attributes:
            best.setdefault(group_of(scored.term), scored)
        return tuple(best.values())

    def sure_terms(self) -> tuple[ScoredTerm, ...]:
        """Return the terms that are sure enough to be stored, in the order of ``attributes``."""
        return tuple(scored for scored in self.attributes if scored.precision is not None)

    def known_category(self) -> str:
        """Return the category if it is sure enough to be stored, else ``UNKNOWN_CATEGORY``.

        It is if it alone was given, else by its precision.
        """
        sure = self.category_source == "chosen" or self.category.precision is not None
        return self.category.term if sure else UNKNOWN_CATEGORY
