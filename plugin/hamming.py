"""Compute the Hamming distance between binary codes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes

BLOCK_BYTES = 256 * 1024
"""Size of the codes compared at once: with the XOR and bit counts they fit in a core's cache."""


def hamming_distances(query: Bytes, codes: Bytes) -> NDArray[np.float32]:
    """Compute the fraction of bits in which each code differs from the query.

    Args:
        query: uint8 [b].
        codes: uint8 [n, b].

    Returns:
        float32 [n] in [0, 1].

    Raises:
        ValueError: The shapes do not match, or the codes have no bits.
    """
    if len(codes) == 0:
        return np.zeros(0, dtype=np.float32)
    if query.size == 0 or codes.shape != (len(codes), *query.shape):
        raise ValueError(
            f"expected a query [b] and codes [n, b]; got {query.shape} and {codes.shape}"
        )
    query_words = _words(query[np.newaxis])
    code_words = _words(codes)
    differing = np.empty(len(codes), dtype=np.uint32)
    rows = max(1, BLOCK_BYTES // (8 * code_words.shape[1]))
    for start in range(0, len(codes), rows):
        block = np.bitwise_count(code_words[start : start + rows] ^ query_words)
        block.sum(axis=1, dtype=np.uint32, out=differing[start : start + rows])
    return (differing / (8 * query.size)).astype(np.float32)


def _words(codes: Bytes) -> NDArray[np.uint64]:
    """View uint8 [n, b] as uint64 [n, ceil(b / 8)], padded with zeros, which never differ."""
    padding = -codes.shape[1] % 8
    if padding:
        codes = np.pad(codes, ((0, 0), (0, padding)))
    return np.ascontiguousarray(codes).view(np.uint64)
