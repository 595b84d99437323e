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


def weights_by_byte(weights: Numbers) -> Numbers:
    """Add up the weights of the bits that are set in each value of each byte.

    Args:
        weights: float64 [8 b], of the bits of b bytes, most significant bit first.

    Returns:
        float64 [b, 256].
    """
    values = np.unpackbits(np.arange(256, dtype=np.uint8)[:, np.newaxis], axis=1)
    sums: Numbers = (weights.reshape(-1, 1, 8) * values).sum(axis=2)
    return sums


def weight_of_differing_bits(query: Bytes, codes: Bytes, by_byte: Numbers) -> Numbers:
    """Add up the weights of the bits in which each code differs from the query.

    A byte at a time is looked up for all codes, as product quantisation does (Jégou et al. 2011).
    Each sum is computed in the order of the bytes, so it does not depend on the other codes.

    Args:
        query: uint8 [b].
        codes: uint8 [n, b].
        by_byte: float64 [b, 256], of ``weights_by_byte``.

    Returns:
        float64 [n].
    """
    sums = np.zeros(len(codes))
    differing = np.ascontiguousarray(codes[:, : len(query)].T) ^ query[:, np.newaxis]
    for place, column in enumerate(differing):
        sums += by_byte[place].take(column)
    return sums


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
