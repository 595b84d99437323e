"""Compute distances with numpy alone, to compare others with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes

MAX_SQUARED = 2 * 255**2
"""Squared Euclidean distance between two histograms that share no bin."""

BLOCK = 4096
"""Rows that are compared at once."""

Distances = NDArray[np.float64]


def hamming(query: Bytes, codes: Bytes) -> Distances:
    """Compute the share of bits in which each code differs, float64 [n] in [0, 1]."""
    padding = -query.size % 8
    words = np.pad(query, (0, padding)).view(np.uint64)
    differing = np.empty(len(codes))
    for start in range(0, len(codes), BLOCK):
        block = np.pad(codes[start : start + BLOCK], ((0, 0), (0, padding))).view(np.uint64)
        differing[start : start + BLOCK] = np.bitwise_count(block ^ words).sum(axis=1)
    return differing / (8 * query.size)


def colour(query: Bytes, histograms: Bytes) -> Distances:
    """Compute the squared Hellinger distance of each histogram, float64 [n] in [0, 1]."""
    wide = query.astype(np.int32)
    squared = np.empty(len(histograms))
    for start in range(0, len(histograms), BLOCK):
        difference = histograms[start : start + BLOCK] - wide
        squared[start : start + BLOCK] = np.einsum("ij,ij->i", difference, difference)
    return np.minimum(squared / MAX_SQUARED, 1)
