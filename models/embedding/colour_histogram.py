"""Colour histograms of items, stored as square roots in bytes.

Bins are points of CIELAB, in which equal distances look equally different. A pixel is shared among
the bins around it by a Gaussian of its colour difference, so that no edge between bins is hard: the
distance of two flat colours grows with their difference ΔE, about as ``1 - exp(-ΔE² / 8σ²)``. The
squared distance of two square roots is the squared Hellinger distance.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes
from houndstooth.models.localisation.background import PlainBackground
from houndstooth.models.runtime.crop import Crop

Histogram = Callable[[NDArray[np.uint8], NDArray[np.float32]], Bytes]
"""Function from pixels, uint8 RGB [n, 3], and their weights, float32 [n], to a stored histogram."""

SPACING = 30.6
"""Side of the body-centred cubic lattice of bins, in units of ΔE."""

REACH = 0.35
"""A point of the lattice is a bin if a colour of sRGB is within this share of the side."""

SPREAD = 12.0
"""Standard deviation σ of the Gaussian, in units of ΔE."""

LEVELS = 11
"""Levels a channel of the table of shares; between them shares are interpolated."""

CROP_SIDE = 48
"""Crops are thinned to about this many pixels a side: they settle a histogram."""

MIN_PIXELS = 8
"""With fewer pixels in front of the background, all of the item's box counts."""

_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


_CORNERS = np.add.outer(np.add.outer((0, LEVELS * LEVELS), (0, LEVELS)), (0, 1)).reshape(-1)


def colour_histogram(
    pixels: NDArray[np.uint8], pixel_weights: NDArray[np.float32] | None = None
) -> Bytes:
    """Compute the histogram of some pixels, in its stored form.

    Args:
        pixels: uint8 RGB [n, 3].
        pixel_weights: float32 [n], how much each pixel counts; None is evenly.

    Returns:
        uint8 [bins]: 255 times the square root of each bin's share.
    """
    scaled = pixels.astype(np.float32) * np.float32((LEVELS - 1) / 255)
    lower = np.minimum(scaled.astype(np.int32), LEVELS - 2)
    upper = scaled - lower
    if pixel_weights is None:
        pixel_weights = np.ones(len(pixels), dtype=np.float32)
    # The eight colours of the table around each pixel, and how near each is.
    red, green, blue = np.moveaxis(np.stack([1 - upper, upper], axis=-1), 1, 0)
    red = red * pixel_weights[:, None]
    parts = red[:, :, None, None] * green[:, None, :, None] * blue[:, None, None, :]
    cells = (lower[:, 0] * LEVELS + lower[:, 1]) * LEVELS + lower[:, 2]
    places = (cells[:, None] + _CORNERS).reshape(-1)
    mass = np.bincount(places, parts.reshape(-1), LEVELS**3).astype(np.float32)
    shares = mass @ _shares()
    shares /= max(float(shares.sum()), 1e-9)
    return np.asarray(np.rint(255.0 * np.sqrt(shares)), dtype=np.uint8)


def crop_histogram(
    crop: Crop, background: PlainBackground | None, histogram: Histogram = colour_histogram
) -> Bytes:
    """Compute the histogram of a crop's item.

    Returns:
        uint8 [bins], as ``histogram``.
    """
    return histogram(*item_pixels(crop, background))


def item_pixels(
    crop: Crop, background: PlainBackground | None
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the pixels of a crop's item, and how much each counts.

    The pixels in the item's box count, without the plain background. The middle of the box weighs
    most.

    Returns:
        uint8 RGB [n, 3], and float32 [n].
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
    return pixels[item], pixel_weights[item]


def cielab(pixels: NDArray[np.generic]) -> NDArray[np.float64]:
    """Convert sRGB levels from 0 to 255, [..., 3], to CIELAB of the same white, float64."""
    value = np.asarray(pixels, dtype=np.float64) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    x, y, z = np.moveaxis(light @ _XYZ.T / _XYZ.sum(axis=1), -1, 0)
    x, y, z = (np.where(t > 216 / 24389, np.cbrt(t), t * 841 / 108 + 16 / 116) for t in (x, y, z))
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


@cache
def _shares() -> NDArray[np.float32]:
    """Compute each bin's share of the colours of the table, float32 [LEVELS ** 3, bins]."""
    levels = np.linspace(0, 255, LEVELS)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    colours = cielab(grid)
    squared = ((colours[:, None] - _lattice(colours)[None]) ** 2).sum(axis=2)
    shares = np.exp((squared.min(axis=1, keepdims=True) - squared) / (2 * SPREAD**2))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)


def _lattice(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Choose the points of the lattice that have one of the colours near, float64 [bins, 3]."""
    first = np.floor(colours.min(axis=0) / SPACING).astype(int) - 1
    last = np.ceil(colours.max(axis=0) / SPACING).astype(int) + 1
    axes = [np.arange(low, high + 1) * SPACING for low, high in zip(first, last, strict=True)]
    corners = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    points = np.concatenate([corners, corners + SPACING / 2])
    nearest = np.array([((colours - point) ** 2).sum(axis=1).min() for point in points])
    return np.asarray(points[nearest <= (REACH * SPACING) ** 2])
