"""ICC profiles for tests: RGB spaces, inks and greys, made from numbers."""

from __future__ import annotations

import io
import struct
from itertools import product
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from houndstooth.models.runtime.icc import (
    D65,
    PRIMARIES,
    SRGB,
    matrix_profile,
    power_curve,
    srgb_curve,
)

SRGB_PROFILE = matrix_profile(SRGB, srgb_curve())
DISPLAY_P3 = matrix_profile(PRIMARIES[12], srgb_curve())
ADOBE_RGB = matrix_profile(((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65), power_curve(563 / 256))
PROPHOTO = matrix_profile(
    ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585)), power_curve(1.8)
)
RGB_SPACES = {"Display P3": DISPLAY_P3, "Adobe RGB": ADOBE_RGB, "ProPhoto": PROPHOTO}

INKS = {
    "cyan": (55.0, -37.0, -50.0),
    "magenta": (48.0, 74.0, -3.0),
    "yellow": (89.0, -5.0, 93.0),
    "black": (16.0, 0.0, 0.0),
}
"""CIELAB of solid inks on coated paper (ISO 12647-2)."""


def from_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert an image from sRGB into an RGB profile's space."""
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        target,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    assert converted is not None
    converted.info = {}  # encoders would embed the profile that stands there
    return converted


def encode(image: Image.Image, image_format: str = "PNG", **options: Any) -> bytes:
    """Encode an image as a file."""
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def inks_lab(inks: tuple[float, ...]) -> tuple[float, float, float]:
    """CIELAB of a mixture of inks, each in [0, 1]: each takes its share of the paper's light."""
    lightness, a, b = 100.0, 0.0, 0.0
    for amount, (ink_lightness, ink_a, ink_b) in zip(inks, INKS.values(), strict=True):
        lightness *= 1 - amount * (1 - ink_lightness / 100)
        a, b = a * (1 - amount / 2) + amount * ink_a, b * (1 - amount / 2) + amount * ink_b
    return lightness, a * min(1, lightness / 40), b * min(1, lightness / 40)


def ink_profile(grid: int = 9) -> bytes:
    """Build a press profile: a table from inks to CIELAB, as a scan of a printed chart makes."""
    levels = [at / (grid - 1) for at in range(grid)]
    table = bytearray()
    for inks in product(levels, repeat=4):
        lightness, a, b = inks_lab(inks)
        table += bytes(
            [
                round(lightness * 2.55),
                round(min(max(a + 128, 0), 255)),
                round(min(max(b + 128, 0), 255)),
            ]
        )
    identity = struct.pack(">9i", *(65536 if at % 4 == 0 else 0 for at in range(9)))
    ramp = bytes(range(256))
    lut = b"mft1" + bytes(4) + bytes([4, 3, grid, 0]) + identity + 4 * ramp + table + 3 * ramp
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})


def grey_profile(gamma: float) -> bytes:
    """Build the profile of greys of a gamma."""
    levels = np.rint(power_curve(gamma) * 65535).astype(">u2")
    curve = struct.pack(">4s4xI", b"curv", len(levels)) + levels.tobytes()
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    name = struct.pack(">4s4xI", b"desc", 5) + b"test\0" + bytes(78)
    tags = {b"wtpt": white, b"desc": name, b"cprt": b"text\0\0\0\0\0", **tags}
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        table += struct.pack(">4sII", tag, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4xI", at + len(body), 0x02400000) + kind + space + connection
    head = (head + bytes(12) + b"acsp" + bytes(28)).ljust(68, b"\0")
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body
