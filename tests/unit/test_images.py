from __future__ import annotations

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from houndstooth.mappings.errors import InvalidImage
from houndstooth.models.runtime.images import FORMATS, WORKING_SIDE, decode_image, is_sequential

RED, GREEN = (220, 30, 30), (20, 160, 60)


def encode(image: Image.Image, image_format: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (40, 60), RED),
        Image.new("RGBA", (40, 60), (*RED, 255)),
        Image.new("RGB", (40, 60), RED).convert("P", palette=Image.Palette.ADAPTIVE),
        Image.new("RGB", (40, 60), RED).quantize(4),
    ],
    ids=["rgb", "rgba", "palette", "quantised"],
)
def test_any_mode_comes_out_rgb(image: Image.Image) -> None:
    decoded = decode_image(encode(image))
    assert decoded.mode == "RGB" and decoded.size == (40, 60)
    assert np.abs(np.asarray(decoded, int)[30, 20] - RED).max() < 12


def test_cmyk_comes_out_rgb() -> None:
    data = encode(Image.new("RGB", (40, 60), RED).convert("CMYK"), "JPEG", quality=95)
    assert np.abs(np.asarray(decode_image(data), int)[30, 20] - RED).max() < 12


def test_sixteen_bit_keeps_its_tones() -> None:
    levels = np.full((32, 32), 40_000, np.uint16)
    decoded = np.asarray(decode_image(encode(Image.fromarray(levels))))
    assert abs(int(decoded[5, 5, 0]) - 40_000 * 255 // 65_535) <= 1


def test_transparency_lies_on_white() -> None:
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((*RED, 255), (0, 0, 10, 20))
    decoded = decode_image(encode(image))
    assert decoded.getpixel((15, 10)) == (255, 255, 255) and decoded.getpixel((5, 10)) == RED


def test_what_is_wholly_transparent_is_refused() -> None:
    with pytest.raises(InvalidImage, match="this one is wholly transparent"):
        decode_image(encode(Image.new("RGBA", (20, 20), (90, 0, 0, 2))))


def test_exif_turn_is_applied() -> None:
    image = Image.new("RGB", (60, 30), RED)
    image.paste(GREEN, (0, 0, 10, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode_image(encode(image, "JPEG", quality=95, exif=exif))
    assert decoded.size == (30, 60)
    assert np.abs(np.asarray(decoded, int)[3, 15] - GREEN).max() < 25


def test_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in (RED, GREEN)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.abs(np.asarray(decode_image(data), int)[15, 15] - RED).max() < 12


def test_large_pictures_are_reduced() -> None:
    decoded = decode_image(encode(Image.new("RGB", (3000, 1500), RED), "JPEG"))
    assert max(decoded.size) <= WORKING_SIDE and decoded.size[0] == 2 * decoded.size[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "expected an image"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            r"expected an image \(.*\); got an SVG drawing",
        ),
        (bytes(3) + b"\x1cftypheic" + bytes(20), "got a HEIC picture that is broken"),
        (b"\xff\xd8\xff\xe0", "got a JPEG picture that is broken"),
        (b"12345", "got 5 bytes of something else"),
        (encode(Image.new("RGB", (1, 1))), "at least 16 x 16 pixels; got 1 x 1"),
        (encode(Image.new("RGB", (300, 300), RED), "JPEG")[:400], "broken"),
        (encode(Image.effect_noise((300, 300), 50))[:5000], "broken"),
    ],
    ids=["empty", "svg", "heic", "JPEG start", "text", "one pixel", "cut JPEG", "cut PNG"],
)
def test_what_is_no_image_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InvalidImage, match=words):
        decode_image(data)


def test_too_many_pixels_are_refused_by_the_header_alone() -> None:
    data = encode(Image.new("1", (20_000, 20_000)))
    with pytest.raises(InvalidImage, match="at most 50,000,000 pixels; got 20000 x 20000"):
        decode_image(data)


@pytest.mark.parametrize(("progressive", "refused"), [(False, 0), (True, 1)])
def test_a_large_jpeg_is_reduced_while_it_is_decoded(progressive: bool, refused: int) -> None:
    file = io.BytesIO()
    Image.new("RGB", (4200, 2800), "red").save(file, "JPEG", progressive=progressive)
    if refused:
        with pytest.raises(InvalidImage, match="at most 3,000,000 pixels; got 4200 x 2800"):
            decode_image(file.getvalue(), max_pixels=3_000_000)
    else:
        assert decode_image(file.getvalue(), max_pixels=3_000_000).size == (1024, 683)
    with pytest.raises(InvalidImage, match="pixels; got 4200 x 2800"):
        decode_image(file.getvalue(), max_pixels=2_000_000)


def test_a_jpeg_of_several_scans_is_decoded_whole_and_bounded() -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "JPEG")
    data = file.getvalue()
    assert is_sequential(data)
    scan = data.index(b"\xff\xda")
    # The first scan has one of the three colours.
    one = data[:scan] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + data[scan + 14 :]
    assert not is_sequential(one)
    assert not is_sequential(data[:scan]) and not is_sequential(b"\xff\xd8")
    filled = data[:2] + b"\xff\xff" + data[2:]
    assert is_sequential(filled), "bytes that fill are passed over"
    frame = filled.index(b"\xff\xc0")
    assert not is_sequential(filled[:frame] + b"\xff\xff\xc2" + filled[frame + 2 :])


def tiled(side: int) -> bytes:
    """A TIFF of 64 x 64 grey pixels in one tile of ``side`` pixels a side."""
    data = zlib.compress(bytes(side * side))
    fields = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side}
    fields |= {324: 8 + 2 + 12 * (len(fields) + 2) + 4, 325: len(data)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items())
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + entries + bytes(4) + data


def test_a_tile_is_as_bounded_as_an_image() -> None:
    assert decode_image(tiled(64)).size == (64, 64)
    with pytest.raises(InvalidImage, match="tiles of at most 1,000,000 pixels; got 1008 x 1008"):
        decode_image(tiled(1008), max_pixels=1_000_000)


WHOLE = [
    encode(Image.effect_noise((64, 48), 60).convert("RGB"), image_format)
    for image_format in FORMATS
]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow warns of tags that are damaged
@given(st.sampled_from(WHOLE), st.floats(0, 1), st.binary(min_size=1, max_size=12))
def test_damage_is_an_image_or_an_error_of_ours(data: bytes, at: float, junk: bytes) -> None:
    place = int(at * (len(data) - 1))
    damaged = data[:place] + junk + data[place + len(junk) :]
    with contextlib.suppress(InvalidImage):
        assert decode_image(damaged).mode == "RGB"
