"""Define the rows in which features travel from an engine to the ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes

TermSet = tuple[str, str, tuple[str, ...]]
"""Great category, category and sorted attribute terms: all that an attribute query decides on."""


@dataclass(frozen=True)
class FeatureRows:
    """The features of n documents of one model, a row each.

    Attributes:
        product_ids: The n ids.
        versions: int64 [n]. The engine gives a document a new, higher version whenever any of its
            fields is written, so equal versions mean an unchanged document.
        term_sets: What each document is, n of them.
        binary_codes: uint8 [n, bits / 8].
        colour_histograms: uint8 [n, bins].
        variant_groups: Value of the variant field of each document, None where it has none; n of
            them.
    """

    product_ids: Sequence[str]
    versions: NDArray[np.int64]
    term_sets: Sequence[TermSet]
    binary_codes: Bytes
    colour_histograms: Bytes
    variant_groups: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.product_ids)

    def take(self, places: Sequence[int]) -> FeatureRows:
        """Return the rows at some places."""
        return FeatureRows(
            [self.product_ids[place] for place in places],
            self.versions[places],
            [self.term_sets[place] for place in places],
            self.binary_codes[places],
            self.colour_histograms[places],
            [self.variant_groups[place] for place in places],
        )


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
