"""Decodes image files to RGB images; they are bounded before their pixels are decoded."""

from __future__ import annotations

import io
import math
import struct
from contextlib import nullcontext
from threading import Lock

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile

from houndstooth.mappings.errors import InvalidImage
from houndstooth.mappings.file_kinds import NAMED_BYTES, name_kind

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 50_000_000
MIN_SIDE = 16
WORKING_SIDE = 1024
"""Larger images are reduced while they are decoded: no network uses more pixels a side."""

LARGE_PIXELS = 8_000_000
"""Larger images are decoded one at a time, so that a few uploads cannot fill the memory."""

REDUCED_PIXELS = 5
"""A JPEG may have so many times the pixels: a quarter a side of it is decoded at most."""

_LARGE = Lock()

# Pillow's own bound only warns, and through a process-wide filter; decode_image has a firm one.
Image.MAX_IMAGE_PIXELS = None


def decode_image(data: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode one image file as a person would see it on white paper.

    The first frame of an animation is taken. It is turned by its EXIF orientation, transparency is
    laid on white, 16-bit depth is scaled to 8, and the longer side is at most ``WORKING_SIDE``
    pixels.

    Returns:
        An image of mode RGB.

    Raises:
        InvalidImage: not an image of a format in ``FORMATS``, broken, under ``MIN_SIDE`` pixels a
            side, or of more than ``max_pixels``. The size is read from the header, as is that of
            a TIFF's tiles. A JPEG of one scan may be larger, see REDUCED_PIXELS; one of several
            is decoded whole.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image, data, max_pixels)
            with _LARGE if image.width * image.height > LARGE_PIXELS else nullcontext():
                image.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BILINEAR)
            return _to_rgb(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        kind = name_kind(data[:NAMED_BYTES]) or f"{len(data)} bytes of something else"
        if any(name in kind.upper() for name in FORMATS):
            kind += " that is broken"
        raise InvalidImage(f"expected an image ({', '.join(FORMATS)}); got {kind}") from None
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        IndexError,
        KeyError,
        TypeError,
    ) as error:
        raise InvalidImage(f"expected a whole image; this one is broken: {error}") from None


def _check_size(image: Image.Image, data: bytes, max_pixels: int) -> None:
    width, height = image.size
    if isinstance(image, JpegImageFile) and is_sequential(data):
        max_pixels *= REDUCED_PIXELS
    if width * height > max_pixels:
        raise InvalidImage(
            f"expected an image of at most {max_pixels:,} pixels; got {width} x {height}"
        )
    if isinstance(image, TiffImageFile):
        # A tile is decoded whole, however little of it the image covers.
        tile = [int(image.tag_v2.get(tag, 0)) for tag in (TILEWIDTH, TILELENGTH)]
        if math.prod(tile) > max_pixels:
            raise InvalidImage(
                f"expected tiles of at most {max_pixels:,} pixels; got {tile[0]} x {tile[1]}"
            )
    if min(width, height) < MIN_SIDE:
        raise InvalidImage(
            f"expected an image of at least {MIN_SIDE} x {MIN_SIDE} pixels; got {width} x {height}"
        )


def is_sequential(data: bytes) -> bool:
    """Tell whether a JPEG has all its colours in one scan, so that it is decoded line by line."""
    at = 2
    components = 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        segment = data[at + 4 : at + 2 + length]
        if marker in (0xC0, 0xC1) and len(segment) > 5:
            components = segment[5]
        if marker == 0xDA:
            return bool(segment) and segment[0] == components > 0
        at += 2 + length
    return False


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        levels = np.asarray(image, dtype=np.float64)
        top = 65535.0 if levels.max() > 255 else 255.0
        image = Image.fromarray((levels.clip(0, top) * (255.0 / top)).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(paper, rgba)
    return image if image.mode == "RGB" else image.convert("RGB")
