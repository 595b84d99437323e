"""Augmentation of one image with its boxes: crop, scale, mirror, relight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.models.training.detection.samples import BoxedImage

MIN_VISIBLE = 0.4
"""A box of which a smaller share of its area stays in the view is dropped."""

MIN_SIDE = 5.0
"""A box with a shorter side in the view, pixels, is dropped."""


def random_view(
    sample: BoxedImage,
    rng: np.random.Generator,
    size: tuple[int, int],
    zoom: tuple[float, float],
) -> BoxedImage:
    """Make a random view of the given size.

    Args:
        size: width and height, pixels.
        zoom: smallest and largest scale; at 1 the whole image just fits.
    """
    width, height = size
    source_height, source_width = sample.pixels.shape[:2]
    scale = min(width / source_width, height / source_height)
    scale *= float(np.exp(rng.uniform(*np.log(zoom))))
    stretch = float(np.exp(rng.uniform(-0.1, 0.1)))
    sx, sy = scale * stretch, scale / stretch
    x0 = _offset(width, source_width * sx, rng)
    y0 = _offset(height, source_height * sy, rng)
    image = Image.fromarray(sample.pixels)
    rim = sample.pixels[0].mean(axis=0).round().astype(int)
    view = image.transform(
        size,
        Image.Transform.AFFINE,
        (1 / sx, 0, -x0 / sx, 0, 1 / sy, -y0 / sy),
        Image.Resampling.BILINEAR,
        fillcolor=tuple(int(v) for v in rim),
    )
    boxes = sample.boxes * np.array([sx, sy, sx, sy]) + np.array([x0, y0, x0, y0])
    pixels = np.asarray(view)
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
        boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)
    kept_boxes, kept = _clipped(boxes, width, height)
    return BoxedImage(_lit(pixels, rng), kept_boxes, sample.labels[kept], sample.name)


def _offset(room: int, length: float, rng: np.random.Generator) -> float:
    return float(rng.uniform(min(0.0, room - length), max(0.0, room - length)))


def _clipped(
    boxes: NDArray[np.float64], width: int, height: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    inside = boxes.clip(0, [width, height, width, height])
    sides, whole = inside[:, 2:] - inside[:, :2], boxes[:, 2:] - boxes[:, :2]
    visible = sides.prod(axis=1) >= MIN_VISIBLE * whole.prod(axis=1)
    kept = visible & (sides.min(axis=1) >= MIN_SIDE)
    return inside[kept].astype(np.float32), kept


def _lit(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Change exposure, contrast and tint, by one table for each channel."""
    levels = np.arange(256) / 255.0
    gamma, gain = np.exp(rng.uniform(-0.3, 0.3)), np.exp(rng.uniform(-0.25, 0.2))
    tint = np.exp(rng.uniform(-0.08, 0.08, 3))
    lit = np.empty_like(pixels)
    for channel in range(3):
        table = (levels**gamma * gain * tint[channel] * 255).clip(0, 255).astype(np.uint8)
        lit[..., channel] = table[pixels[..., channel]]
    return lit
