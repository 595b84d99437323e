"""Compositing: cutouts of products on white, pasted on other photos with exact boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from houndstooth.models.localisation.background import TOLERANCE
from houndstooth.models.training.detection.classes import CLASSES
from houndstooth.models.training.detection.samples import BoxedImage

MAX_OCCLUSION = 0.15
"""The share of another box that a pasted cutout may occlude."""

TRIES = 8
"""Number of random places tried for a cutout."""


@dataclass(frozen=True)
class Cutout:
    """An item without its background: a tight RGBA image, and its class number."""

    image: Image.Image
    label: int


def cut_out(sample: BoxedImage) -> Cutout | None:
    """Cut the item out of a product photo, with the whites inside it; None where too small."""
    left, top, right, bottom = sample.boxes[0].astype(int)
    pixels = sample.pixels[top:bottom, left:right]
    mask = foreground_mask(pixels)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) < 8 or len(columns) < 8:
        return None
    tight = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    alpha = Image.fromarray((mask[tight] * 255).astype(np.uint8))
    image = Image.fromarray(np.ascontiguousarray(pixels[tight]))
    image.putalpha(alpha)
    return Cutout(image, int(sample.labels[0]))


def paste(
    scene: BoxedImage, cutouts: Sequence[Cutout], rng: np.random.Generator, count: int
) -> BoxedImage:
    """Paste random cutouts on a scene where they occlude little of its items.

    Args:
        count: the most cutouts; one for which no place is found is left out.
    """
    height, width = scene.pixels.shape[:2]
    canvas = Image.fromarray(scene.pixels)
    boxes, labels = list(scene.boxes), list(scene.labels)
    for _ in range(count):
        cutout = cutouts[int(rng.integers(len(cutouts)))]
        item = _transform(cutout, rng, max(height, width) / 320)
        if item is None or item.width >= width or item.height >= height:
            continue
        for _ in range(TRIES):
            x = int(rng.integers(width - item.width))
            y = int(rng.integers(height - item.height))
            box = np.array([x, y, x + item.width, y + item.height], dtype=np.float32)
            if _occlusion(box, boxes) <= MAX_OCCLUSION:
                canvas.paste(item, (x, y), item)
                boxes.append(box)
                labels.append(np.int64(cutout.label))
                break
    return BoxedImage(
        np.asarray(canvas),
        np.array(boxes, dtype=np.float32).reshape(-1, 4),
        np.array(labels, dtype=np.int64),
        scene.name,
    )


def replace_background(sample: BoxedImage, rng: np.random.Generator) -> BoxedImage:
    """Replace a white background by a plain one of another colour."""
    height, width = sample.pixels.shape[:2]
    plain = plain_scene(rng, width, height)
    pixels = np.where(foreground_mask(sample.pixels)[..., None], sample.pixels, plain.pixels)
    return BoxedImage(pixels, sample.boxes, sample.labels, sample.name)


def plain_scene(rng: np.random.Generator, width: int, height: int) -> BoxedImage:
    """Make a scene without items: one colour, mostly light, shaded from side to side."""
    colour = rng.uniform(60, 255, 3) if rng.random() < 0.4 else rng.uniform(225, 255, 3)
    shade = np.linspace(1.0, rng.uniform(0.8, 1.0), width)[None, :, None]
    noise = rng.normal(0, rng.uniform(0, 6), (height, width, 1))
    pixels = (colour[None, None] * shade + noise).clip(0, 255).astype(np.uint8)
    return BoxedImage(pixels, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), "plain")


def foreground_mask(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mask what is not white background, whites inside it included: [h, w, 3] to bool [h, w]."""
    mask = (pixels < 255 - TOLERANCE).any(axis=2)
    # Padded, as closing would erode the edges.
    filled: NDArray[np.bool_] = ndimage.binary_fill_holes(ndimage.binary_closing(np.pad(mask, 2)))
    return filled[2:-2, 2:-2]


def _transform(cutout: Cutout, rng: np.random.Generator, scale: float) -> Image.Image | None:
    sizes = CLASSES[cutout.label - 1].sizes
    if sizes is None:
        return None
    side = float(np.exp(rng.uniform(*np.log(sizes)))) * scale
    image = cutout.image
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    factor = side / max(image.size)
    size = (max(6, round(image.width * factor)), max(6, round(image.height * factor)))
    image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    if rng.random() < 0.5:
        image = image.rotate(rng.uniform(-20, 20), Image.Resampling.BILINEAR, expand=True)
    tight = image.getchannel("A").point(lambda a: 255 if a > 100 else 0).getbbox()
    if tight is None or min(tight[2] - tight[0], tight[3] - tight[1]) < 6:
        return None
    image = image.crop(tight)
    image.putalpha(image.getchannel("A").filter(ImageFilter.BoxBlur(0.5)))
    return image


def _occlusion(box: NDArray[np.float32], boxes: Sequence[NDArray[np.float32]]) -> float:
    """Compute the largest share that the box takes of another one, or another one of it."""
    if not boxes:
        return 0.0
    others = np.array(boxes)
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return float((shared / np.minimum(areas, (box[2:] - box[:2]).prod())).max())
