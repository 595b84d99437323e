"""HSV colour histograms (paper, section 3.5), stored as square roots in bytes.

Sixteen hues by two saturations by three values, and eight greys, where hue means nothing. Pixels
are shared between neighbouring hues and greys, so that a small shift of light moves little mass.
The square root makes the squared distance of two stored histograms the squared Hellinger distance.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mappings.features import Bytes

HUES, SATURATIONS, VALUES, GREYS = 16, 2, 3, 8
BINS = HUES * SATURATIONS * VALUES + GREYS

# Colours are looked up in a table of this many bits a channel.
BITS = 5
# Below this saturation (of 255) a pixel is grey, and above twice that it is a colour.
GREY_SATURATION = 10.0
VIVID_SATURATION = 120
DARK_VALUE, BRIGHT_VALUE = 90, 170


def colour_histogram(
    pixels: NDArray[np.uint8], weights: NDArray[np.float32] | None = None
) -> Bytes:
    """The stored form of the histogram of some pixels.

    Args:
        pixels: uint8 RGB [n, 3].
        weights: float32 [n], how much each pixel counts; None is evenly.

    Returns:
        uint8 [BINS]: 255 times the square root of each bin's share.
    """
    bins, shares = _lookup_table()
    coarse = (pixels >> (8 - BITS)).astype(np.intp)
    colour = (coarse[:, 0] << 2 * BITS) | (coarse[:, 1] << BITS) | coarse[:, 2]
    mass = shares[colour]
    if weights is not None:
        mass = mass * weights[:, None]
    histogram = np.bincount(bins[colour].reshape(-1), mass.reshape(-1), BINS)
    share = histogram / max(float(histogram.sum()), 1e-9)
    return np.asarray(np.rint(255.0 * np.sqrt(share)), dtype=np.uint8)


@cache
def _lookup_table() -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The four bins of each coarse colour, intp [8 ** BITS, 4], and its share in each."""
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
