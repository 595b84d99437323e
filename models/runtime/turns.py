"""Quarter turns of photos and of boxes in them, anticlockwise."""

from __future__ import annotations

from PIL import Image

from houndstooth.mappings.features import Box

_TRANSPOSED = {
    1: Image.Transpose.ROTATE_90,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}


def turn_image(image: Image.Image, quarters: int) -> Image.Image:
    """Turn an image by some quarters, 0 to 3."""
    return image.transpose(_TRANSPOSED[quarters]) if quarters else image


def turn_box(box: Box, quarters: int) -> Box:
    """Turn a box as its image is turned by some quarters, 0 to 3."""
    for _ in range(quarters):
        box = Box(box.y, max(0.0, 1 - box.x - box.w), box.h, box.w)
    return box
