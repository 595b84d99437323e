"""Compute Hamming distances and squared colour distances of rows, exact integers.

simsimd's kernels are used if it is installed; numpy computes the same numbers without it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes

simsimd: Any
try:
    import simsimd
except ImportError:  # there is no wheel for this platform
    simsimd = None

MAX_SQUARED = 2 * 255**2
"""Squared Euclidean distance between two histograms that share no bin."""

Numbers = NDArray[np.float64]


def differing_bits(query: Bytes, codes: Bytes) -> Numbers:
    """Count the bits in which each code differs from the query.

    Args:
        query: uint8 [b], b a multiple of 8.
        codes: uint8 [n, b], rows contiguous.

    Returns:
        Whole numbers, float64 [n].
    """
    if simsimd is not None and len(codes):
        return _row(simsimd.cdist(query[np.newaxis], codes, metric="hamming", dtype="bin8"))
    words = np.bitwise_count(codes.view(np.uint64) ^ query.view(np.uint64))
    counts: Numbers = words.sum(axis=1, dtype=np.float64)
    return counts


def differing_bits_between(some: Bytes, others: Bytes) -> NDArray[np.float32]:
    """Count the bits in which each of some codes differs from each of others.

    Args:
        some: uint8 [m, b], b a multiple of 8, rows contiguous.
        others: uint8 [n, b], likewise.

    Returns:
        Whole numbers, float32 [m, n].
    """
    if simsimd is not None and len(some) and len(others):
        found = simsimd.cdist(some, others, metric="hamming", dtype="bin8", out_dtype="float32")
        return np.asarray(found, dtype=np.float32).reshape(len(some), len(others))
    counts = np.zeros((len(some), len(others)), dtype=np.float32)
    rows, columns = some.view(np.uint64), others.view(np.uint64)
    for word in range(rows.shape[1]):
        counts += np.bitwise_count(rows[:, word, np.newaxis] ^ columns[:, word])
    return counts


def squared_differences(query: Bytes, colours: Bytes) -> Numbers:
    """Compute the squared Euclidean distance of each histogram from the query.

    Args:
        query: uint8 [bins], at most 33,000 bins.
        colours: uint8 [n, bins], rows contiguous.

    Returns:
        Whole numbers, float64 [n].
    """
    if simsimd is not None and len(colours):
        return _row(simsimd.cdist(query[np.newaxis], colours, metric="sqeuclidean"))
    difference = colours - query.astype(np.int32)
    squared: Numbers = np.einsum("ij,ij->i", difference, difference).astype(np.float64)
    return squared


def _row(distances: Any) -> Numbers:
    return np.asarray(distances, dtype=np.float64).reshape(-1)
