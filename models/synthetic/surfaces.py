"""The small light and dark of materials: twill, ribs, weave and grain."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]


def plane(sheet: Image.Image) -> Plane:
    """Convert a picture to (h, w) or (h, w, 3) float32 in 0..1."""
    return np.asarray(np.asarray(sheet, np.float32) / 255, dtype=np.float32)


@lru_cache(maxsize=16)
def surface(texture: str) -> Plane:
    """Make a (512, 512) field of small light and dark for a material, about 0."""
    rng = np.random.default_rng(len(texture) * 977 + ord(texture[0]))
    y, x = np.mgrid[0:512, 0:512].astype(np.float32)
    fine = rng.standard_normal((512, 512)).astype(np.float32)
    soft = fine
    for axis in (0, 1):
        soft = (soft + np.roll(soft, 1, axis) + np.roll(soft, 2, axis)) / 1.73
    if texture == "denim":
        twill = np.sin((x + y) * 2.1) * 0.04
        return np.asarray(twill + 0.012 * soft + 0.02 * fine, dtype=np.float32)
    if texture == "wool":
        return np.asarray(0.02 * soft + 0.03 * fine, dtype=np.float32)
    if texture == "knit":
        rows = np.sin(y * 1.55 + 1.1 * np.abs(np.sin(x * 0.8))) * 0.09
        return np.asarray(rows + np.cos(x * 1.6) * 0.04 + 0.02 * soft, dtype=np.float32)
    amount = {"leather": 0.008, "suede": 0.025, "canvas": 0.03, "jute": 0.08, "linen": 0.03}
    if texture in ("canvas", "jute", "linen"):
        weave = np.sin(x * 2.0) * np.sin(y * 2.0) * amount[texture]
        return np.asarray(weave + 0.3 * amount[texture] * soft, dtype=np.float32)
    if texture == "melange":
        return np.asarray(0.055 * np.roll(soft, 3, 1) + 0.04 * fine, dtype=np.float32)
    return np.asarray(amount.get(texture, 0.005) * soft, dtype=np.float32)
