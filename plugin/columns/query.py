"""Define what columns are asked, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.features import Bytes
from houndstooth.mappings.rows import Lengths

Place = tuple[bool, float, str]
"""Sorting key of a ranking; see RankedRow."""


class RankedRow(NamedTuple):
    """A product of a ranking.

    Attributes:
        version: Version of the document whose features were ranked.
        variant: Hash of its variant group; 0 = none.
        score: In [0, 1], higher is better.
        appearance_distance, colour_distance: Of the nearest view, in [0, 1].
        view: Number of the nearest view among the product's, 0 = the first.
        last: Whether it comes after all others because it is sold out.
        kind_known: Whether its category is known.
    """

    product_id: str
    version: int
    variant: int
    score: float
    appearance_distance: float
    colour_distance: float
    view: int = 0
    last: bool = False
    kind_known: bool = True

    @property
    def place(self) -> Place:
        """Sorting key: sold out last, by descending score, equal scores by product id."""
        return self.last, -self.score, self.product_id


@dataclass(frozen=True)
class RankingQuery:
    """A query for products, and the weights that rank them.

    ::

        distance  = appearance_weight * appearance + (1 - appearance_weight) * colour
                    of the nearest view; of equally near ones the first
        agreement = attribute score / best possible attribute score
        score     = (1 - attribute_weight) * (1 - distance) + attribute_weight * agreement

    Appearance is the share of differing bits; with ``bit_weights``, the sum of the weights of those
    that differ. Colour is the squared Hellinger distance: one minus
    the Bhattacharyya coefficient of two histograms. Those are stored as ``255 * sqrt(p)``, so it
    is their squared Euclidean distance divided by ``2 * 255 ** 2``; rounding may take it slightly
    over 1, where it is cut off. If no term is preferred, every agreement is 1. All values are
    float64 and computed as written.

    Attributes:
        binary_code: uint8 [bits / 8].
        colour_histogram: uint8 [bins].
        candidates: What to rank and how attributes score; its filters are not applied.
        without: Leave out what matches one of these queries.
        appearance_weight: Weight of the appearance distance, in [0, 1].
        attribute_weight: Weight of the agreement, in [0, 1].
        sold_out_last: Rank sold-out products after all others.
        bit_weights: What each bit of the code costs, float64 [bits], adding up to 1; see
            ``mappings.features.WeightedCode``. None = all the same.
    """

    binary_code: Bytes
    colour_histogram: Bytes
    candidates: CandidateQuery
    appearance_weight: float
    attribute_weight: float
    without: tuple[CandidateQuery, ...] = ()
    sold_out_last: bool = False
    bit_weights: NDArray[np.float64] | None = None

    @property
    def lengths(self) -> Lengths:
        """Bytes of the code and of the histogram; products with others cannot be compared."""
        return Lengths(self.binary_code.size, self.colour_histogram.size)
