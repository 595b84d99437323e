"""HSV colour histograms (SK Planet paper, section 3.5), stored as square roots in bytes.

The bins are sixteen hues by two saturations by three values, and eight greys, where hue means
nothing. A pixel is shared between neighbouring hues and greys, so that a small shift of light moves
little mass. The squared distance of two square roots is the squared Hellinger distance.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import Bytes
from houndstooth.models.localisation.background import PlainBackground
from houndstooth.models.runtime.crop import Crop

HUES, SATURATIONS, VALUES, GREYS = 16, 2, 3, 8
BINS = HUES * SATURATIONS * VALUES + GREYS

BITS = 5
"""Bits a channel of the table in which colours are looked up."""

GREY_SATURATION = 10.0
"""Below this saturation, of 255, a pixel is grey; above twice that it is a colour."""

VIVID_SATURATION = 120
DARK_VALUE, BRIGHT_VALUE = 90, 170

CROP_SIDE = 48
"""Crops are thinned to about this many pixels a side: they settle a histogram."""

MIN_PIXELS = 8
"""With fewer pixels in front of the background, all of the item's box counts."""


def colour_histogram(
    pixels: NDArray[np.uint8], pixel_weights: NDArray[np.float32] | None = None
) -> Bytes:
    """Compute the histogram of some pixels, in its stored form.

    Args:
        pixels: uint8 RGB [n, 3].
        pixel_weights: float32 [n], how much each pixel counts; None is evenly.

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


def crop_histogram(crop: Crop, background: PlainBackground | None) -> Bytes:
    """Compute the histogram of a crop's item.

    The pixels in the item's box count, without the plain background. The middle of the box weighs
    most.

    Returns:
        uint8 [BINS], as ``colour_histogram``.
    """
    step = max(1, crop.pixels.shape[0] // CROP_SIDE)
    pixels = crop.pixels[::step, ::step]
    left, top, right, bottom = crop.item
    centres = (np.arange(len(pixels), dtype=np.float32) + 0.5) / len(pixels)
    x, y = centres[None, :], centres[:, None]
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    item = inside & background.differs(pixels) if background is not None else inside
    if item.sum() < MIN_PIXELS:
        item = inside if inside.any() else np.ones_like(inside)
    pixel = 1 / len(pixels)  # a box between two pixels' centres still has some near
    across = (x - (left + right) / 2) / max(right - left, pixel)
    down = (y - (top + bottom) / 2) / max(bottom - top, pixel)
    pixel_weights = np.exp(-3.0 * (across**2 + down**2)).astype(np.float32)
    return colour_histogram(pixels[item], pixel_weights[item])


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
