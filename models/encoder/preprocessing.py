"""Make what a network is fed of a picture: a region of it, resized, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import Box
from houndstooth.models.encoder.card import EncoderInput
from houndstooth.models.runtime.crop import MARGIN

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
}


def square_around(image: Image.Image, box: Box, wanted: EncoderInput) -> Image.Image:
    """Cut out the square around a box, filled where it reaches past the image.

    The square is larger by what cutting the centre out of a resized picture takes away, so that
    the box is always seen whole.

    Args:
        image: mode RGB, any size.
        box: in fractions of the image.
        wanted: says what is cut away, and the fill.
    """
    cut = max(wanted.resized[0] / wanted.size[0], wanted.resized[1] / wanted.size[1])
    longest = max(box.w * image.width, box.h * image.height)
    side = max(1, round(longest * MARGIN * cut))
    left = round((box.x + box.w / 2) * image.width - side / 2)
    top = round((box.y + box.h / 2) * image.height - side / 2)
    inside = (
        max(0, left),
        max(0, top),
        min(image.width, left + side),
        min(image.height, top + side),
    )
    if inside == (left, top, left + side, top + side):
        return image.crop(inside)
    canvas = Image.new("RGB", (side, side), wanted.fill)
    canvas.paste(image.crop(inside), (inside[0] - left, inside[1] - top))
    return canvas


def fit(picture: Image.Image, wanted: EncoderInput) -> Image.Image:
    """Resize a picture to a network's input, as its card says.

    Args:
        picture: mode RGB, any size.

    Returns:
        Mode RGB, of the size ``wanted.size``.
    """
    tall, wide = wanted.resized
    scales = wide / picture.width, tall / picture.height
    if wanted.resize == "squash":
        size = wide, tall
    elif wanted.resize == "longest":
        scale = min(scales)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    else:  # torchvision and transformers round the longer side down
        scale = max(scales) + 1e-9
        size = max(wide, int(picture.width * scale)), max(tall, int(picture.height * scale))
    if size != picture.size:
        picture = picture.resize(size, RESAMPLING[wanted.interpolation])
    return _centre(picture, wanted)


def _centre(picture: Image.Image, wanted: EncoderInput) -> Image.Image:
    """Cut out the centre, and fill up where the picture is smaller."""
    height, width = wanted.size
    if picture.size == (width, height):
        return picture
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    canvas = Image.new("RGB", (width, height), wanted.fill)
    canvas.paste(picture, (-left, -top))
    return canvas


def as_input(pictures: Sequence[Image.Image], wanted: EncoderInput) -> NDArray[Any]:
    """Make a batch of what a network is fed.

    Args:
        pictures: n, mode RGB, of any sizes.

    Returns:
        ``wanted.type`` [n, 3, height, width], or [n, height, width, 3] for NHWC.
    """
    pixels = np.stack([np.asarray(fit(picture, wanted)) for picture in pictures])
    values: NDArray[Any] = pixels
    if wanted.type != "uint8":
        mean, std = np.array((wanted.mean, wanted.std), dtype=np.float32)
        values = ((pixels / np.float32(255) - mean) / std).astype(wanted.type)
    if wanted.layout == "NCHW":
        values = values.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(values)
