"""HSV colour histograms (SK Planet paper, section 3.5): the paper's way, as an option.

The bins are sixteen hues by two saturations by three values, and eight greys, where hue means
nothing. A pixel is shared between neighbouring hues and greys; saturations and values have hard
edges.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import Bytes

HUES, SATURATIONS, VALUES, GREYS = 16, 2, 3, 8
BINS = HUES * SATURATIONS * VALUES + GREYS

BITS = 5
"""Bits a channel of the table in which colours are looked up."""

GREY_SATURATION = 10.0
"""Below this saturation, of 255, a pixel is grey; above twice that it is a colour."""

VIVID_SATURATION = 120
DARK_VALUE, BRIGHT_VALUE = 90, 170


def hsv_histogram(
    pixels: NDArray[np.uint8], pixel_weights: NDArray[np.float32] | None = None
) -> Bytes:
    """Compute the histogram of some pixels; see ``colour_histogram``.

    Returns:
        uint8 [BINS]: 255 times the square root of each bin's share.
    """
    bins, shares = _lookup_table()
    coarse = (pixels >> (8 - BITS)).astype(np.intp)
    colour = (coarse[:, 0] << 2 * BITS) | (coarse[:, 1] << BITS) | coarse[:, 2]
    mass = shares[colour]
    if pixel_weights is not None:
        mass = mass * pixel_weights[:, None]
    histogram = np.bincount(bins[colour].reshape(-1), mass.reshape(-1), BINS)
    share = histogram / max(float(histogram.sum()), 1e-9)
    return np.asarray(np.rint(255.0 * np.sqrt(share)), dtype=np.uint8)


@cache
def _lookup_table() -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Compute the four bins of each coarse colour, intp [8 ** BITS, 4], and its share in each."""
    level = (np.arange(1 << BITS) * (255.0 / ((1 << BITS) - 1))).astype(np.uint8)
    rgb = np.stack(np.meshgrid(level, level, level, indexing="ij"), axis=-1).reshape(1, -1, 3)
    hsv = np.asarray(Image.fromarray(rgb).convert("HSV"))[0].astype(np.float32)
    hue, saturation, value = hsv[:, 0], hsv[:, 1], hsv[:, 2]
    # The darker a pixel, the less its saturation says.
    vivid = np.clip(saturation * value / (255.0 * GREY_SATURATION) - 1.0, 0.0, 1.0)
    position = hue * (HUES / 256.0)
    first = np.floor(position)
    cell = (saturation >= VIVID_SATURATION) * VALUES + np.digitize(
        value, (DARK_VALUE, BRIGHT_VALUE)
    )
    per_hue = SATURATIONS * VALUES
    tone = value * ((GREYS - 1) / 255.0)
    darker = np.floor(tone)
    bins = [
        first % HUES * per_hue + cell,
        (first + 1) % HUES * per_hue + cell,
        HUES * per_hue + darker,
        HUES * per_hue + np.minimum(darker + 1, GREYS - 1),
    ]
    shares = [
        vivid * (1 - position + first),
        vivid * (position - first),
        (1 - vivid) * (1 - tone + darker),
        (1 - vivid) * (tone - darker),
    ]
    return np.stack(bins, 1).astype(np.intp), np.stack(shares, 1).astype(np.float32)
