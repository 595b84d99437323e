"""Compute the distance between colour histograms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes

BLOCK_BYTES = 32 * 1024
"""Size of the histograms compared at once: their differences fit in a core's cache."""

MAX_SQUARED = 2 * 255**2
"""Squared Euclidean distance between two histograms that share no bin."""


def colour_distances(query: Bytes, colours: Bytes) -> NDArray[np.float32]:
    """Compute the squared Hellinger distance from the query to each histogram.

    For histograms p and q that sum to 1 it is ``1 - sum(sqrt(p * q))``: one minus the
    Bhattacharyya coefficient, or ``sum((sqrt(p) - sqrt(q)) ** 2) / 2``. Histograms are stored as
    ``255 * sqrt(p)``, rounded to bytes. The distance is therefore the squared Euclidean distance
    of the byte vectors divided by ``2 * 255 ** 2``: 0 = same colours, 1 = no common bin.

    Rounding may take it slightly over 1; it is cut off there. Sums are exact in int32, for up to
    33,000 bins.

    Args:
        query: uint8 [bins], 255 = all pixels in one bin.
        colours: uint8 [n, bins].

    Returns:
        float32 [n] in [0, 1].

    Raises:
        ValueError: The shapes do not match, or there are no bins.
    """
    if len(colours) == 0:
        return np.zeros(0, dtype=np.float32)
    if query.size == 0 or colours.shape != (len(colours), *query.shape):
        raise ValueError(
            f"expected a query [bins] and colours [n, bins]; got {query.shape} and {colours.shape}"
        )
    wide_query = query.astype(np.int32)
    squared = np.empty(len(colours), dtype=np.int32)
    rows = max(1, BLOCK_BYTES // query.size)
    for start in range(0, len(colours), rows):
        difference = colours[start : start + rows] - wide_query
        np.einsum("ij,ij->i", difference, difference, out=squared[start : start + rows])
    return np.minimum(squared / MAX_SQUARED, 1).astype(np.float32)
