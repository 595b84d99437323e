"""Distance between colour histograms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes

BLOCK_BYTES = 32 * 1024
"""Histograms compared at once: their differences as int32 stay in a core's own cache."""

LARGEST = 2 * 255**2
"""Squared distance between two colours that share no bin."""


def colour_distances(query: Bytes, colours: Bytes) -> NDArray[np.float32]:
    """Squared Hellinger distance from the query to each histogram.

    For two histograms p and q, each summing to 1, it is ``1 - sum(sqrt(p * q))``, one minus the
    Bhattacharyya coefficient, which equals ``sum((sqrt(p) - sqrt(q)) ** 2) / 2``. What is stored
    is ``a = 255 * sqrt(p)`` rounded to a byte, and so the distance is the squared Euclidean
    distance of two byte vectors over ``2 * 255 ** 2``: 0 = same colours, 1 = no bin in common.
    Rounding may carry it a little over 1, where it is cut off. Sums are exact, in int32, which
    holds any 33,000 bins.

    Args:
        query: uint8 [bins], 255 = all pixels in one bin.
        colours: uint8 [n, bins].

    Returns:
        float32 [n] in [0, 1].

    Raises:
        ValueError: the shapes do not fit, or there are no bins.
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
    return np.minimum(squared / LARGEST, 1).astype(np.float32)
