"""Binary codes of embeddings (SK Planet paper, section 3.5): one bit a dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes, WeightedCode


def binarise(embeddings: NDArray[np.float32], thresholds: NDArray[np.float32]) -> Bytes:
    """Binarise embeddings: a bit is set where the embedding is above its threshold.

    Args:
        embeddings: float32 [n, d].
        thresholds: float32 [d]. The paper has 0. The median of a catalogue's embeddings keeps
            every bit balanced.

    Returns:
        uint8 [n, ceil(d / 8)], most significant bit first, padded with zero bits.
    """
    return np.packbits(embeddings > thresholds, axis=1)


def weighted_code(embedding: NDArray[np.float32], centre: NDArray[np.float32]) -> WeightedCode:
    """Make of an embedding what is compared with the codes of others.

    A bit is set where the embedding u is above the centre c, and weighs |u − c|, as a share of the
    sum over all bits. So one minus twice the distance from a code of signs s is
    Σ (u − c) · s / Σ |u − c|.

    Args:
        embedding: float32 [d].
        centre: float32 [d], the mean of such embeddings.
    """
    apart = embedding.astype(np.float64) - centre
    weights = np.zeros(-(-len(apart) // 8) * 8)
    weights[: len(apart)] = np.abs(apart) / max(np.abs(apart).sum(), np.finfo(np.float64).tiny)
    return WeightedCode(np.packbits(apart > 0), weights)
