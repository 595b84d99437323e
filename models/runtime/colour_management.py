"""Converts decoded pictures to sRGB, the colour space that networks and histograms expect.

A picture says by an ICC profile, or by numbers in its file, what its values look like. Black point
compensation keeps dark inks apart; a profile that cannot be used is left out, never the picture.
"""

from __future__ import annotations

import io
import re
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from houndstooth.models.runtime.icc import (
    PRIMARIES,
    SRGB,
    Chromaticities,
    matrix_profile,
    power_curve,
    srgb_curve,
    transfer_curve,
)

MAX_PROFILE_BYTES = 4 * 1024 * 1024
"""Larger profiles are left out; those of presses have up to 3 MB."""

SAME_LEVELS = 2
"""A profile that moves no colour by more levels of 255 is sRGB itself: the pixels stay."""

GAMMA_TOLERANCE = 0.05
"""Share by which a PNG's gamma may differ from sRGB's before it matters (as in libpng)."""

SRGB_CODE, UNSPECIFIED = 1, 2
"""Code points of colour primaries (ITU-T H.273)."""

_SRGB_GAMMA = 0.45455
_HEAD_BYTES = 64 * 1024
_SPACES = {"CMYK": "CMYK", "LAB": "Lab", "L": "GRAY", "RGB": "RGB"}
_SRGB_PROFILE = ImageCms.createProfile("sRGB")
_SRGB = ImageCms.ImageCmsProfile(_SRGB_PROFILE)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert a picture to sRGB.

    Args:
        image: mode L, RGB, CMYK or LAB. Of mode RGB it is converted in place, which takes four
            fifths of the time.
        profile: its ICC profile. One that is damaged or of another kind of colours is left out.

    Returns:
        An image of mode RGB, the same object if it was RGB.
    """
    if image.mode == "LAB":
        converted: Image.Image = _lab_transform().apply(image)
        return converted
    transform = _transform(profile, image.mode) if profile else None
    if transform is None and profile and image.mode == "L":
        image = image.convert("RGB")
        transform = _transform(profile, "RGB")
    if transform is not None and image.mode == "RGB":
        transform.apply_in_place(image)
        return image
    if transform is not None:
        converted = transform.apply(image)
        return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def find_profile(image: Image.Image, data: bytes) -> bytes | None:
    """Find the ICC profile of an opened file, or build it from the file's numbers.

    Args:
        image: as Pillow opened it.
        data: the file.

    Returns:
        None if it has none, or one that says nothing.
    """
    embedded = image.info.get("icc_profile")
    codes = _png_code_points(data) if image.format == "PNG" else None
    if not embedded and image.format == "JPEG2000":
        embedded = _jpeg_2000_profile(data)
    if not embedded and image.format in ("HEIF", "AVIF"):
        codes = _code_points(image, data)
    if codes:
        return _profile_of_codes(*codes)
    if not embedded and image.format == "PNG" and "srgb" not in image.info:
        return _profile_of_gamma(image.info)
    usable = isinstance(embedded, bytes) and 0 < len(embedded) <= MAX_PROFILE_BYTES
    return embedded if usable else None


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> Any | None:
    """Build the transform from a profile to sRGB; None if it is not for the mode, or no change."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _SPACES[mode]:
            return None
        transform = ImageCms.buildTransform(
            source,
            _SRGB,
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return None if mode == "RGB" and _changes_nothing(transform) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


@lru_cache(maxsize=1)
def _lab_transform() -> Any:
    source = ImageCms.createProfile("LAB")
    return ImageCms.buildTransform(
        source, _SRGB, "LAB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
    )


def _changes_nothing(transform: Any) -> bool:
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(27, 27, 3)
    changed = np.asarray(transform.apply(Image.fromarray(colours)), dtype=np.int16)
    return bool(np.abs(changed - colours).max() <= SAME_LEVELS)


@lru_cache(maxsize=16)
def _profile_of_codes(primaries: int, transfer: int) -> bytes | None:
    """Build the profile of code points; None if they are sRGB's, or unknown."""
    curve = transfer_curve(transfer)
    space = PRIMARIES.get(SRGB_CODE if primaries == UNSPECIFIED else primaries)
    return matrix_profile(space, curve) if space and curve is not None else None


def _profile_of_gamma(info: dict[Any, Any]) -> bytes | None:
    """Build the profile of a PNG's ``gAMA`` and ``cHRM``; None if it is about sRGB."""
    gamma, numbers = info.get("gamma"), info.get("chromaticity")
    like_srgb = gamma is None or abs(gamma / _SRGB_GAMMA - 1) <= GAMMA_TOLERANCE
    try:
        space = SRGB if numbers is None else _chromaticities(numbers)
        if like_srgb and np.abs(np.subtract(space, SRGB)).max() < 0.005:
            return None
        curve = srgb_curve() if gamma is None else power_curve(1 / min(max(gamma, 0.1), 5.0))
        return matrix_profile(space, curve)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError):
        return None


def _chromaticities(numbers: Any) -> Chromaticities:
    """Order a PNG's numbers, white first, as red, green, blue and white."""
    white, red, green, blue = zip(numbers[::2], numbers[1::2], strict=True)
    return red, green, blue, white


def _png_code_points(data: bytes) -> tuple[int, int] | None:
    """Read a PNG's ``cICP``: colour primaries and transfer characteristic."""
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"cICP" and length == 4:
            primaries, transfer, matrix, full = data[at + 8 : at + 12].ljust(4, b"\0")
            return (primaries, transfer) if matrix == 0 and full else None
        if kind in (b"IDAT", b"IEND"):
            return None
        at += 12 + length
    return None


def _code_points(image: Image.Image, data: bytes) -> tuple[int, int] | None:
    """Read the colour primaries and transfer characteristic of a HEIC or AVIF file."""
    if image.format == "HEIF":
        nclx = image.info.get("nclx_profile") or {}
        names = ("color_primaries", "transfer_characteristics")
        return (int(nclx[names[0]]), int(nclx[names[1]])) if nclx.keys() >= {*names} else None
    if image.format == "AVIF" and (box := re.search(rb"colrnclx(....)", data[:_HEAD_BYTES], re.S)):
        primaries, transfer = struct.unpack(">HH", box[1])
        return primaries, transfer
    return None


def _jpeg_2000_profile(data: bytes) -> bytes | None:
    """Read the profile of a JPEG 2000 file's colour box; Pillow does not."""
    found = re.search(rb"(....)colr\x02..", data[:_HEAD_BYTES], re.S)
    end = found.start() + int.from_bytes(found[1]) if found else 0
    return data[found.end() : end] if found and found.end() < end else None
