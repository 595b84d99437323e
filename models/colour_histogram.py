"""HSV colour histograms (paper, section 3.5), stored as square roots in bytes.

Sixteen hues by two saturations by three values, and eight greys, where hue means nothing. Pixels
are shared between neighbouring hues and greys, so that a small shift of light moves little mass.
The square root makes the squared distance of two stored histograms the squared Hellinger distance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mappings.features import Bytes

HUES, SATURATIONS, VALUES, GREYS = 16, 2, 3, 8
BINS = HUES * SATURATIONS * VALUES + GREYS

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
    hsv = np.asarray(Image.fromarray(pixels[None]).convert("HSV"))[0]
    hue, saturation, value = (hsv[:, i].astype(np.float32) for i in range(3))
    weight = np.ones(len(pixels), np.float32) if weights is None else weights
    # The darker a pixel, the less its saturation says.
    chroma = saturation * value / 255.0
    vivid = np.clip(chroma / GREY_SATURATION - 1.0, 0.0, 1.0)
    coloured = _coloured(hue, saturation, value, weight * vivid)
    grey = _greys(value, weight * (1.0 - vivid))
    histogram = np.concatenate([coloured, grey])
    share = histogram / max(float(histogram.sum()), 1e-9)
    return np.asarray(np.rint(255.0 * np.sqrt(share)), dtype=np.uint8)


def _coloured(
    hue: NDArray[np.float32],
    saturation: NDArray[np.float32],
    value: NDArray[np.float32],
    weight: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Mass by hue, saturation and value, shared between the two nearest hues: float64 [...]."""
    position = hue * (HUES / 256.0)
    first = np.floor(position)
    share = position - first
    cell = (saturation >= VIVID_SATURATION) * VALUES + np.digitize(
        value, (DARK_VALUE, BRIGHT_VALUE)
    )
    size = HUES * SATURATIONS * VALUES
    lower = (first.astype(np.intp) % HUES) * (SATURATIONS * VALUES) + cell
    upper = ((first.astype(np.intp) + 1) % HUES) * (SATURATIONS * VALUES) + cell
    mass = np.bincount(lower, weight * (1 - share), size)
    return np.asarray(mass + np.bincount(upper, weight * share, size), dtype=np.float64)


def _greys(value: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mass by value, shared between the two nearest greys: float64 [GREYS]."""
    position = value * ((GREYS - 1) / 255.0)
    first = np.floor(position).astype(np.intp)
    share = position - first
    upper = np.minimum(first + 1, GREYS - 1)
    mass = np.bincount(first, weight * (1 - share), GREYS)
    return np.asarray(mass + np.bincount(upper, weight * share, GREYS), dtype=np.float64)
