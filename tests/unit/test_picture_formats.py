"""Every format that is read: bounds, orientation, animations, and files that end early."""

from __future__ import annotations

import contextlib
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from houndstooth.mappings.errors import InvalidImage
from houndstooth.mappings.picture_formats import MEDIA_TYPES, PICTURE_FORMATS, SUFFIXES
from houndstooth.models.runtime.images import FORMATS, NOTES, decode_image
from houndstooth.models.runtime.jpeg_xl import jpeg_xl_size
from tests.benchmarks.damaged_pictures import outcomes
from tests.profiles import DISPLAY_P3, encode, from_srgb

RED, GREEN = (220, 30, 30), (20, 160, 60)
DATA = os.environ.get("HOUNDSTOOTH_DATA", Path(__file__).parents[3] / "shared" / "data")
CASES = Path(DATA).parent / "cases" / "photos"


def near(colour: object, expected: tuple[int, int, int], within: int = 12) -> bool:
    return bool(np.abs(np.subtract(colour, expected)).max() <= within)


@pytest.mark.parametrize("image_format", FORMATS)
def test_every_format_is_read(image_format: str) -> None:
    decoded = decode_image(encode(Image.new("RGB", (60, 40), RED), image_format))
    assert decoded.mode == "RGB" and decoded.size == (60, 40)
    assert near(decoded.getpixel((30, 20)), RED)


@pytest.mark.parametrize("image_format", FORMATS)
def test_every_format_is_bounded_by_its_header(image_format: str) -> None:
    data = encode(Image.new("RGB", (600, 400)), image_format)
    with pytest.raises(InvalidImage, match=r"at most [0-9,]+ pixels; got 600 x 400"):
        decode_image(data, max_pixels=600 * 400 // 6)
    assert decode_image(data, max_pixels=600 * 400).size == (600, 400)


@pytest.mark.parametrize("image_format", [f for f in FORMATS if f != "BMP"])
def test_a_file_that_says_it_is_small_is_not_decoded_large(image_format: str) -> None:
    """The size stands in the head of the file; a lie there is an error or a small picture."""
    data = encode(Image.new("RGB", (600, 400), RED), image_format)
    for size in (struct.pack(">II", 600, 400), struct.pack("<II", 600, 400)):
        small = struct.pack(">II" if size[0] == 0 else "<II", 60, 40)
        with contextlib.suppress(InvalidImage):
            assert max(decode_image(data.replace(size, small)).size) <= 600


def test_media_types_and_suffixes_are_listed_once() -> None:
    assert len(set(MEDIA_TYPES)) == len(MEDIA_TYPES) and len(set(SUFFIXES)) == len(SUFFIXES)
    assert {"image/avif", "image/heic"} <= set(MEDIA_TYPES)


def turned(image_format: str, **options: object) -> Image.Image:
    """A red picture whose left edge is green, with orientation 6: the edge belongs on top."""
    image = Image.new("RGB", (80, 40), RED)
    image.paste(GREEN, (0, 0, 20, 40))
    return decode_image(encode(image, image_format, **options))


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_orientation_is_applied_in_every_format(image_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = turned(image_format, exif=exif)
    assert decoded.size == (40, 80)
    assert near(decoded.getpixel((20, 5)), GREEN, 30) and near(decoded.getpixel((20, 70)), RED, 30)


def test_xmp_orientation_alone_is_applied() -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    )
    assert turned("JPEG", xmp=packet).size == (40, 80)
    assert turned("WEBP", xmp=packet).size == (40, 80)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_damaged_exif_block_costs_the_orientation_alone() -> None:
    for exif in (
        b"Exif\0\0nonsense",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*" + bytes(9),
    ):
        assert turned("JPEG", exif=exif).size == (80, 40)


def test_no_metadata_is_left() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a place"
    image = Image.new("RGB", (40, 40), RED)
    assert decode_image(encode(image, "JPEG", exif=exif, icc_profile=DISPLAY_P3)).info == {}


def animation(image_format: str, frames: list[Image.Image]) -> Image.Image:
    return decode_image(encode(frames[0], image_format, save_all=True, append_images=frames[1:]))


def drawn(ground: tuple[int, ...] = (255, 255, 255)) -> Image.Image:
    mode = "RGBA" if len(ground) == 4 else "RGB"
    image = Image.new(mode, (60, 60), ground)
    image.paste(RED, (20, 20, 40, 40))
    return image


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_blank_frames_are_passed_over(image_format: str) -> None:
    blank = Image.new("RGB", (60, 60), "white")
    decoded = animation(image_format, [blank, drawn(), blank])
    assert near(decoded.getpixel((30, 30)), RED, 40)
    assert animation(image_format, [blank, blank, blank]).getpixel((30, 30)) == (255, 255, 255)
    two = animation(image_format, [drawn(), Image.new("RGB", (60, 60), GREEN)])
    assert near(two.getpixel((30, 30)), RED, 40)


def stating(data: bytes, width: int, height: int) -> bytes:
    """An AVIF file that states another size than its streams have."""
    changed = bytearray(data)
    for kind, offset, form, unit in (
        (b"ispe", 8, ">II", 1),
        (b"tkhd", 92, ">II", 1 << 16),
        (b"\0\0\0\1....av01", 36, ">HH", 1),  # of a track, not the kind of an image
    ):
        for found in re.finditer(kind, data, re.DOTALL):
            struct.pack_into(form, changed, found.start() + offset, width * unit, height * unit)
    return bytes(changed)


def avif(mode: str, size: tuple[int, int]) -> bytes:
    frames = [Image.new("RGBA", size, (200, 10, 10 * n, 90)) for n in range(3)]
    several = {"save_all": True, "append_images": frames[1:]} if mode == "animated" else {}
    return encode(frames[0].convert("RGB" if mode == "RGB" else "RGBA"), "AVIF", **several)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "animated"])
def test_the_frames_of_an_avif_are_bounded_whatever_it_states(mode: str) -> None:
    data = avif(mode, (400, 300))
    assert decode_image(data, max_pixels=120_000).size == (400, 300)
    for stated in (data, stating(data, 64, 48)):
        with pytest.raises(InvalidImage, match="at most 119,999 pixels; got 400 x 300"):
            decode_image(stated, max_pixels=119_999)


AVIFS = [avif(mode, (40, 30)) for mode in ("RGBA", "animated")]


@given(st.data())
def test_a_damaged_avif_is_read_or_refused(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(st.sampled_from(AVIFS)))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with contextlib.suppress(InvalidImage):
        decode_image(bytes(data[: draw.draw(st.integers(20, len(data)))]))


@pytest.mark.parametrize("turn", [0, 45])
def test_a_clear_border_of_an_animation_is_white(turn: int) -> None:
    decoded = animation("WEBP", [drawn((0, 0, 0, 0)), drawn((0, 0, 0, 0)).rotate(turn)])
    assert decoded.getpixel((3, 3)) == (255, 255, 255)
    assert near(decoded.getpixel((30, 30)), RED, 20)


def test_what_no_frame_covers_is_white_though_no_flag_says_so() -> None:
    frames = [drawn((0, 0, 0, 0)), drawn((0, 0, 0, 0)).rotate(45)]
    data = bytearray(encode(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    assert data[12:16] == b"VP8X" and data[20] & 0x10
    data[20] &= ~0x10
    assert decode_image(bytes(data)).getpixel((3, 3)) == (255, 255, 255)


def photo() -> Image.Image:
    noise = [Image.effect_noise((320, 240), 60) for _ in range(3)]
    return Image.merge("RGB", noise)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_last_bytes_is_taken_and_it_is_said(
    mode: str, progressive: bool
) -> None:
    whole = encode(photo().convert(mode), "JPEG", quality=90, progressive=progressive)
    assert decode_image(whole).info == {}
    cut = decode_image(whole[:-2])
    assert cut.info == {NOTES: ("the JPEG ends early; what is missing was taken as white",)}
    assert (np.asarray(cut) == np.asarray(decode_image(whole))).mean() > 0.9


def test_the_lines_that_a_jpeg_lacks_are_white() -> None:
    whole = encode(photo(), "JPEG", quality=90)
    cut = decode_image(whole[: -len(whole) // 10])
    assert cut.getpixel((5, 239)) == (255, 255, 255)
    with pytest.raises(InvalidImage, match=r"this JPEG ends after [3-6]\d% of its lines"):
        decode_image(whole[: len(whole) // 2])


@pytest.mark.parametrize("start", [b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"  \n"])
def test_blank_lines_before_a_picture_are_passed_over(start: bytes) -> None:
    for image_format in ("JPEG", "PNG", "GIF", "WEBP"):
        assert decode_image(start + encode(drawn(), image_format)).size == (60, 60)


def test_heic_and_avif_say_their_colours_by_numbers() -> None:
    green = from_srgb(Image.new("RGB", (64, 64), GREEN), DISPLAY_P3)
    assert not near(green.getpixel((0, 0)), GREEN, 20)
    heic = encode(green, "HEIF", quality=100, color_primaries=12, transfer_characteristics=13)
    assert near(decode_image(heic).getpixel((30, 30)), GREEN)
    avif = encode(green, "AVIF", quality=100, subsampling="4:4:4")
    at = avif.index(b"colrnclx") + 8
    numbers = struct.pack(">HH", 12, 13)
    assert near(decode_image(avif[:at] + numbers + avif[at + 4 :]).getpixel((30, 30)), GREEN, 20)


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (b"\xff\x0a" + bytes([0b11111]) + bytes(9), (8, 128)),
        (b"\xff\x0a" + (1 | 3 << 1 | 1 << 6).to_bytes(10, "little"), (32, 32)),
        (b"\xff\x0a" + (0 | 3 << 1 | 99_999 << 3 | 1 << 33).to_bytes(10, "little"), (100_000,) * 2),
        (b"\xff\x0a", None),
        (b"\xff\xd8\xff" + bytes(20), None),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), None),
    ],
)  # fmt: skip
def test_the_size_of_a_jpeg_xl_stands_in_its_head(
    head: bytes, size: tuple[int, int] | None
) -> None:
    if size is None and head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL")):
        with pytest.raises(InvalidImage, match="JPEG XL"):
            jpeg_xl_size(head)
    else:
        assert jpeg_xl_size(head) == size


def test_the_head_of_a_jpeg_xl_may_be_cut_and_come_late() -> None:
    codestream = b"\xff\x0a" + bytes([0b1011_0110, 0b0110_1101]) + bytes(20)
    size = jpeg_xl_size(codestream)
    container = b"\0\0\0\x0cJXL \r\n\x87\n"

    def box(kind: bytes, data: bytes = b"") -> bytes:
        return (8 + len(data)).to_bytes(4) + kind + data

    late = container + 90 * box(b"free") + box(b"jxlc", codestream)
    cut = container + box(b"jxlp", bytes(4) + codestream[:1]) + box(b"free", bytes(9))
    cut += box(b"jxlp", b"\x80\0\0\1" + codestream[1:])
    assert size and jpeg_xl_size(late) == jpeg_xl_size(cut) == size
    with pytest.raises(InvalidImage, match="JPEG XL"):
        jpeg_xl_size(container + 5000 * box(b"free") + box(b"jxlc", codestream))


@pytest.mark.skipif("JXL" not in FORMATS, reason="the extra jxl is not installed")
@pytest.mark.parametrize("size", [(600, 400), (401, 1003), (512, 512), (64, 40), (1600, 900)])
def test_jpeg_xl_heads_are_those_of_its_encoder(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, RED)
    exif = Image.Exif()
    exif[0x010E] = "in a container"
    for options in ({}, {"exif": exif.tobytes()}):
        assert jpeg_xl_size(encode(image, "JXL", effort=1, **options)) == size


@pytest.mark.skipif(not CASES.exists(), reason=f"no cases at {CASES}")
def test_every_case_is_a_picture_or_named() -> None:
    refused = {}
    for path in sorted(CASES.iterdir()):
        try:
            assert decode_image(path.read_bytes()).mode == "RGB"
        except InvalidImage as error:
            refused[path.name] = str(error).rpartition("; got ")[2]
    assert refused == {
        "html200.jpg": "an HTML page",
        "tiny.gif": "1 x 1",
        "x.svg": "an SVG drawing",
    }
    assert len(PICTURE_FORMATS) >= 9


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow warns of tags that are damaged
@pytest.mark.parametrize("image_format", FORMATS)
def test_a_damaged_file_is_a_picture_or_a_reason(image_format: str) -> None:
    """Shortened; ``python -m tests.benchmarks.damaged_pictures`` damages a thousand of each."""
    found = [picture for picture, _ in outcomes(image_format, 25, seed=7)]
    assert len(found) == 25 and not all(found)
