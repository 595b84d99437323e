"""Binary codes of embeddings (SK Planet paper, section 3.5): one bit a dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes


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
