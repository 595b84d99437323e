"""Flattens decoded pictures of any mode to 8-bit sRGB without transparency."""

from __future__ import annotations

import numpy as np
from PIL import Image

from houndstooth.mappings.errors import InvalidImage
from houndstooth.models.runtime.colour_management import to_srgb

LEAST_ALPHA = 8
"""A picture is wholly transparent where no pixel's alpha has so many levels of 255."""

_TRANSPARENT = ("RGBA", "LA", "PA", "RGBa", "La")
_SHOWN = ("L", "RGB", "CMYK", "LAB")


def flatten(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Lay a picture on white and convert it to 8-bit sRGB.

    Args:
        image: any mode.
        profile: its ICC profile; None is sRGB, or inks without a profile.

    Returns:
        An image of mode RGB.

    Raises:
        InvalidImage: It is wholly transparent.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return to_srgb(_eight_bits(image), profile)
    if image.mode in _TRANSPARENT or "transparency" in image.info:
        return _on_white(image, profile)
    if image.mode not in _SHOWN:
        image = image.convert("L" if image.mode == "1" else "RGB")
    return to_srgb(image, profile)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale levels of 16 bits, or of floats from 0 to 1, to 8 bits."""
    levels = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    highest = float(levels.max())
    top = 65535.0 if highest > 255 else 255.0
    if image.mode == "F":
        top = 1.0 if highest <= 1 else max(top, highest if highest > 65535 else top)
    return Image.fromarray((levels.clip(0, top) * (255.0 / top)).astype(np.uint8))


def _on_white(image: Image.Image, profile: bytes | None) -> Image.Image:
    rgba = image.convert("RGBA")
    alpha = rgba.getchannel("A")
    highest = alpha.getextrema()[1]
    if isinstance(highest, int) and highest < LEAST_ALPHA:
        raise InvalidImage("expected an image that can be seen; this one is wholly transparent")
    if profile:
        rgba = to_srgb(image.convert("L" if image.mode in ("LA", "La") else "RGB"), profile)
        rgba.putalpha(alpha)
    paper = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(paper, rgba).convert("RGB")
