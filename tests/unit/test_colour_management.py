"""Colours are decoded as a person sees them: profiles and numbers in files, to sRGB."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from houndstooth.models.runtime.colour_management import MAX_PROFILE_BYTES
from houndstooth.models.runtime.icc import PRIMARIES, matrix_profile, power_curve, transfer_curve
from houndstooth.models.runtime.images import decode_image
from tests.profiles import (
    DISPLAY_P3,
    RGB_SPACES,
    SRGB_PROFILE,
    encode,
    from_srgb,
    grey_profile,
    ink_profile,
)

COLOURS = [(200, 30, 30), (30, 160, 60), (0, 120, 120), (40, 60, 180), (128, 128, 128)]
WAYS = {
    "PNG": {},
    "TIFF": {},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
}


def middle(data: bytes) -> np.ndarray:
    decoded = np.asarray(decode_image(data), dtype=int)
    found: np.ndarray = decoded[decoded.shape[0] // 2, decoded.shape[1] // 2]
    return found


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """A PNG with one chunk more behind its header."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return png[:33] + chunk + png[33:]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("image_format", WAYS)
@pytest.mark.parametrize("space", RGB_SPACES)
def test_a_colour_is_the_same_in_every_rgb_space(
    space: str, image_format: str, colour: tuple[int, int, int]
) -> None:
    profile = RGB_SPACES[space]
    image = from_srgb(Image.new("RGB", (48, 32), colour), profile)
    assert image.getpixel((0, 0)) != colour or colour == (128, 128, 128)
    data = encode(image, image_format, icc_profile=profile, **WAYS[image_format])
    # AVIF has 8 bits of luma and chroma, which a wide space spreads.
    assert np.abs(middle(data) - colour).max() <= (10 if image_format == "AVIF" else 5)


@pytest.mark.parametrize("mode", ["P", "RGBA"])
def test_palettes_and_transparency_are_converted_too(mode: str) -> None:
    image = from_srgb(Image.new("RGB", (48, 32), COLOURS[1]), DISPLAY_P3)
    image = image.quantize(4) if mode == "P" else image.convert("RGBA")
    if mode == "RGBA":
        image.paste((0, 0, 0, 0), (0, 0, 48, 8))
    data = encode(image, icc_profile=DISPLAY_P3)
    assert np.abs(middle(data) - COLOURS[1]).max() <= 3
    if mode == "RGBA":
        assert decode_image(data).getpixel((5, 5)) == (255, 255, 255)


def srgb_profiles() -> list[bytes]:
    return [SRGB_PROFILE, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()]


@pytest.mark.parametrize("profile", srgb_profiles())
def test_srgb_stays_as_it_is_to_the_bit(profile: bytes) -> None:
    image = Image.effect_noise((64, 64), 90).convert("RGB")
    decoded = decode_image(encode(image, icc_profile=profile))
    assert (np.asarray(decoded) == np.asarray(image)).all()


def damaged() -> dict[str, bytes]:
    return {
        "noise": bytes(range(256)) * 4,
        "empty": b"",
        "cut": DISPLAY_P3[:400],
        "of greys": grey_profile(1.8),
        "of inks": ink_profile(3),
        "huge": DISPLAY_P3 + bytes(MAX_PROFILE_BYTES),
        "huge table": DISPLAY_P3[:128] + b"\xff" * 4 + DISPLAY_P3[132:],
    }


@pytest.mark.parametrize("fault", damaged())
def test_a_profile_that_cannot_be_used_costs_itself_alone(fault: str) -> None:
    data = encode(Image.new("RGB", (48, 32), COLOURS[0]), "TIFF", icc_profile=damaged()[fault])
    assert tuple(middle(data)) == COLOURS[0]


@given(st.integers(0, len(DISPLAY_P3) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_profile_never_costs_the_picture(at: int, junk: bytes) -> None:
    profile = DISPLAY_P3[:at] + junk + DISPLAY_P3[at + len(junk) :]
    data = encode(Image.new("RGB", (20, 20), COLOURS[0]), icc_profile=profile)
    assert decode_image(data).size == (20, 20)


def test_inks_with_a_profile_are_as_printed() -> None:
    inks = Image.new("CMYK", (48, 32), (255, 0, 0, 0))
    plain = middle(encode(inks, "TIFF"))
    printed = middle(encode(inks, "TIFF", icc_profile=ink_profile()))
    assert tuple(plain) == (0, 255, 255)
    assert np.abs(printed - (0, 151, 218)).max() <= 4
    paper = Image.new("CMYK", (48, 32))
    assert tuple(middle(encode(paper, "JPEG", icc_profile=ink_profile()))) == (255, 255, 255)


def test_greys_have_profiles_too() -> None:
    grey = Image.new("L", (48, 32), 100)
    level = int(middle(encode(grey, icc_profile=grey_profile(1.0)))[0])
    assert level == pytest.approx(168, abs=2)  # linear light 100 / 255
    rgb = middle(encode(grey, "JPEG", icc_profile=RGB_SPACES["ProPhoto"]))
    assert np.ptp(rgb) <= 1 and rgb[0] > 105


def test_lab_is_converted() -> None:
    lab = ImageCms.profileToProfile(
        Image.new("RGB", (48, 32), COLOURS[0]),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert np.abs(middle(encode(lab, "TIFF")) - COLOURS[0]).max() <= 3


def test_the_numbers_of_a_png_count() -> None:
    png = encode(Image.new("RGB", (48, 32), (100, 100, 100)))
    assert middle(with_chunk(png, b"gAMA", struct.pack(">I", 45455)))[0] == 100
    assert middle(with_chunk(png, b"gAMA", struct.pack(">I", 100000)))[0] == pytest.approx(168, 3)
    green = from_srgb(Image.new("RGB", (48, 32), COLOURS[1]), DISPLAY_P3)
    numbers = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    chrm = with_chunk(encode(green), b"cHRM", struct.pack(">8I", *numbers))
    assert np.abs(middle(chrm) - COLOURS[1]).max() <= 3
    assert (
        np.abs(middle(with_chunk(encode(green), b"cICP", bytes([12, 13, 0, 1]))) - COLOURS[1]).max()
        <= 3
    )
    srgb = with_chunk(chrm, b"sRGB", b"\0")
    assert tuple(middle(srgb)) == green.getpixel((0, 0))


@pytest.mark.parametrize("numbers", [(0,) * 8, (1,) * 8, (31270, 0, 1, 0, 2, 0, 3, 0)])
def test_numbers_that_mean_nothing_cost_themselves_alone(numbers: tuple[int, ...]) -> None:
    png = encode(Image.new("RGB", (48, 32), COLOURS[0]))
    broken = with_chunk(with_chunk(png, b"cHRM", struct.pack(">8I", *numbers)), b"gAMA", bytes(4))
    assert decode_image(broken).size == (48, 32)


@pytest.mark.parametrize("primaries", PRIMARIES)
def test_code_points_keep_white_and_black(primaries: int) -> None:
    codes = bytes([primaries, 13, 0, 1])
    for grey in (0, 255):
        png = encode(Image.new("RGB", (20, 20), (grey,) * 3))
        assert np.abs(middle(with_chunk(png, b"cICP", codes)) - grey).max() <= 1


@pytest.mark.parametrize("code", [1, 4, 5, 8, 13, 16, 18])
def test_transfer_curves_rise_from_black_to_white(code: int) -> None:
    curve = transfer_curve(code)
    assert curve is not None
    assert curve[0] == pytest.approx(0, abs=1e-6) and curve[-1] == pytest.approx(1)
    assert (np.diff(curve) >= 0).all()


def test_high_dynamic_range_shows_its_white_as_white() -> None:
    # In PQ 203 nits are 0.58 of the channel, in HLG three quarters.
    for transfer, level in ((16, 148), (18, 191)):
        png = encode(Image.new("RGB", (20, 20), (level,) * 3))
        assert middle(with_chunk(png, b"cICP", bytes([9, transfer, 0, 1])))[0] >= 253


def test_floats_and_sixteen_bits_are_scaled() -> None:
    shades = np.full((32, 32), 0.5, np.float32)
    shades[0, 0] = 1.0
    assert middle(encode(Image.fromarray(shades), "TIFF"))[0] == 127
    shades[1, 1] = np.nan
    assert decode_image(encode(Image.fromarray(shades), "TIFF")).mode == "RGB"
    levels = np.full((32, 32), 20_817, np.uint16)
    assert middle(encode(Image.fromarray(levels)))[0] == 81


def test_a_profile_is_built_only_of_real_primaries() -> None:
    with pytest.raises(ValueError, match="span colours"):
        matrix_profile(((0.3, 0.3),) * 4, power_curve(2.2))
