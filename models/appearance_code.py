"""Binary appearance codes (paper, section 3.5): one bit a feature, above its threshold or not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mappings.features import Bytes


def binarise(features: NDArray[np.float32], thresholds: NDArray[np.float32]) -> Bytes:
    """Codes of pooled features.

    Args:
        features: float32 [n, d].
        thresholds: float32 [d]; zeros are the paper's choice, each dimension's median over a
            catalogue keeps every bit balanced.

    Returns:
        uint8 [n, ceil(d / 8)], most significant bit first, padded with zero bits.
    """
    return np.packbits(features > thresholds, axis=1)
