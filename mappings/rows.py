"""Define the rows in which features travel from an engine to the ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes
from houndstooth.mappings.product import OUT_OF_STOCK

TermSet = tuple[str, str, tuple[str, ...]]
"""Great category, category and sorted attribute terms: all that an attribute query decides on.

SOLD_OUT is one of the terms of a product that is sold out.
"""

AVAILABILITY = "availability"
"""Fact that says whether a product is sold out."""

SOLD_OUT = f"{AVAILABILITY}:{OUT_OF_STOCK}"


class Lengths(NamedTuple):
    """Bytes of each code and of each histogram of one model.

    What is stored may have been written by anybody: where the lengths are others, it cannot be
    compared.
    """

    code: int
    histogram: int


@dataclass(frozen=True)
class FeatureRows:
    """The features of n documents of one model, a row each.

    A document has one view or more: images that show it, each with a code and a histogram.

    Attributes:
        product_ids: The n ids.
        versions: int64 [n]. The engine gives a document a new, higher version whenever any of its
            fields is written, so equal versions mean an unchanged document.
        term_sets: What each document is, n of them.
        binary_codes: Those of all v views, the views of each document together, uint8
            [v, bits / 8].
        colour_histograms: As ``binary_codes``, uint8 [v, bins].
        variant_groups: Value of the variant field of each document, None where it has none; n of
            them.
        view_counts: Number of views of each document, at least 1, int64 [n]; None = each has one.
    """

    product_ids: Sequence[str]
    versions: NDArray[np.int64]
    term_sets: Sequence[TermSet]
    binary_codes: Bytes
    colour_histograms: Bytes
    variant_groups: Sequence[str | None]
    view_counts: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.product_ids)

    @property
    def lengths(self) -> Lengths:
        """Bytes of each code and of each histogram."""
        return Lengths(self.binary_codes.shape[1], self.colour_histograms.shape[1])

    def take(self, places: Sequence[int]) -> FeatureRows:
        """Return the rows at some places."""
        counts = None if self.view_counts is None else self.view_counts[places]
        views: Sequence[int] | NDArray[np.int64] = places
        if self.view_counts is not None and counts is not None:
            last = np.cumsum(self.view_counts)[places]
            views = ranges(last - counts, last)
        return FeatureRows(
            [self.product_ids[place] for place in places],
            self.versions[places],
            [self.term_sets[place] for place in places],
            self.binary_codes[views],
            self.colour_histograms[views],
            [self.variant_groups[place] for place in places],
            counts,
        )


def ranges(first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """Concatenate the ranges ``first[i] … last[i] - 1``."""
    counts = last - first
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    numbers: NDArray[np.int64] = np.arange(total) + np.repeat(first - ends + counts, counts)
    return numbers


@dataclass(frozen=True)
class Checkpoint:
    """The place up to which the changes of an index have been read.

    Attributes:
        index: Identity of the index behind the name; another index of that name has another one.
        positions: The version after which to go on, by shard.
    """

    index: str
    positions: Mapping[str, int]


@dataclass(frozen=True)
class Changes:
    """A batch of changes to the documents of one model.

    Attributes:
        rows: The documents that were written, in their newest version. Some may have been read
            before.
        gone: Ids of documents that were deleted, or whose features this model did not compute.
        checkpoint: Where to go on after this batch.
    """

    rows: FeatureRows
    gone: Sequence[str]
    checkpoint: Checkpoint


def term_set(
    great_category: str, category: str, terms: Sequence[str], availability: object
) -> TermSet:
    """Make a term set of sorted attribute terms and the fact AVAILABILITY."""
    if availability == OUT_OF_STOCK:
        terms = sorted((*terms, SOLD_OUT))
    return great_category, category, tuple(terms)
