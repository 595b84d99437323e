"""Decodes image files to RGB images; they are bounded before their pixels are decoded."""

from __future__ import annotations

import io
import math
import struct
from contextlib import nullcontext, suppress
from threading import Lock

import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from houndstooth.mappings.errors import InvalidImage
from houndstooth.mappings.file_kinds import NAMED_BYTES, name_kind
from houndstooth.mappings.picture_formats import FORMAT_NAMES, JPEG_XL, PICTURE_FORMATS
from houndstooth.models.runtime.avif import avif_frames
from houndstooth.models.runtime.colour_management import find_profile
from houndstooth.models.runtime.flatten import flatten
from houndstooth.models.runtime.jpeg_xl import jpeg_xl_size

if JPEG_XL in PICTURE_FORMATS:
    import pillow_jxl  # noqa: F401 - registers its decoder

FORMATS = tuple(decoder for each in PICTURE_FORMATS for decoder in each.decoders)
"""Names of Pillow's decoders that are tried."""

MAX_PIXELS = 50_000_000
MIN_SIDE = 16
WORKING_SIDE = 1024
"""Larger images are reduced while they are decoded: no network uses more pixels a side."""

LARGE_PIXELS = 8_000_000
"""Larger images are decoded one at a time, so that a few uploads cannot fill the memory."""

REDUCED_PIXELS = 5
"""A JPEG may have so many times the pixels: a quarter a side of it is decoded at most."""

MAX_FRAMES = 8
"""So many frames of an animation are looked at for one that is not blank."""

BLANK_LEVELS = 8
"""A frame is blank where no channel differs by more levels of 255."""

MIN_LINES = 0.75
"""A JPEG that ends early is taken if at least this share of its lines is there."""

PREVIEW_SIDE, PREVIEW_QUALITY = 800, 85
"""Side in pixels and JPEG quality of what is shown in the place of a file."""

ENDS_EARLY = "the JPEG ends early; what is missing was taken as white"
"""The note of a JPEG that lacks its last lines."""

NOTES = "notes"
"""Key of a decoded image's ``info``: texts on how it differs from its file, tuple[str, ...]."""

_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"RIFF")
_END_OF_JPEG = b"\xff\xd9"
_MISSING = (127, 128)
_MOVES = 2  # the animation flag of a WebP file
_DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError),
    *(RuntimeError, OverflowError),
)
_LARGE = Lock()

# Pillow's own bound only warns, and through a process-wide filter; decode_image has a firm one.
Image.MAX_IMAGE_PIXELS = None
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def decode_image(data: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode one image file as a person would see it on white paper.

    The first frame of an animation that is not blank is taken. It is turned by its EXIF or XMP
    orientation, transparency is laid on white, colours are converted to sRGB, 16-bit depth is
    scaled to 8, and the longer side is at most ``WORKING_SIDE`` pixels.

    Returns:
        An image of mode RGB. Its ``info`` has ``NOTES`` alone, and only if there is something to
        say.

    Raises:
        InvalidImage: not an image of a format in ``PICTURE_FORMATS``, broken, wholly transparent,
            under ``MIN_SIDE`` pixels a side, or of more than ``max_pixels``. The size is read from
            the header, as are those of a TIFF's tiles and of an AVIF's frames. A JPEG of one scan
            may be larger, see REDUCED_PIXELS; one of several is decoded whole.
    """
    data = _from_signature(data)
    try:
        try:
            return _decode(data, max_pixels)
        except OSError as error:
            if isinstance(error, UnidentifiedImageError) or not data.startswith(b"\xff\xd8"):
                raise
            with suppress(*_DAMAGE):
                return _decode(data + _END_OF_JPEG, max_pixels, ends_early=True)
            raise
    except UnidentifiedImageError:
        kind = name_kind(data[:NAMED_BYTES]) or f"{len(data)} bytes of something else"
        if any(each.name.upper() in kind.upper() for each in PICTURE_FORMATS):
            kind += " that is broken"
        raise InvalidImage(f"expected an image ({FORMAT_NAMES}); got {kind}") from None
    except _DAMAGE as error:
        raise InvalidImage(f"expected a whole image; this one is broken: {error}") from None


def encode_preview(image: Image.Image) -> bytes:
    """Encode a decoded image as a JPEG of at most PREVIEW_SIDE pixels a side, to show it."""
    small = image.copy()
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=PREVIEW_QUALITY)
    return file.getvalue()


def _from_signature(data: bytes) -> bytes:
    """Drop the blank lines and the byte order mark that scripts write before a file."""
    stripped = data[:NAMED_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    start = min(len(data), NAMED_BYTES) - len(stripped)
    return data[start:] if start and stripped.startswith(_SIGNATURES) else data


def _decode(data: bytes, max_pixels: int, ends_early: bool = False) -> Image.Image:
    if size := jpeg_xl_size(data):
        _check_sides(*size, max_pixels)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        pixels = _check_size(image, data, max_pixels)
        profile = find_profile(image, data)
        if isinstance(image, WebPImageFile) and data[12:16] == b"VP8X" and data[20] & _MOVES:
            # Pillow drops the transparency of what no frame covers, which is then black.
            image.rawmode = image._mode = "RGBA"
        with _LARGE if pixels > LARGE_PIXELS else nullcontext():
            if image.format in _ANIMATED and getattr(image, "is_animated", False):
                found = _first_picture(image, profile)
            else:
                _reduce(image, data)
                notes = _lay_white_where_missing(image) if ends_early else ()
                found = flatten(_upright(image), profile)
                found.info = {NOTES: notes} if notes else {}
        return found


def _reduce(image: Image.Image, data: bytes) -> None:
    """Reduce an image in place, while it is decoded if its decoder can."""
    if isinstance(image, Jpeg2KImageFile):
        image.reduce = _halvings(image, data)
    image.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BILINEAR)


def _upright(image: Image.Image) -> Image.Image:
    """Turn an image by its orientation; one that cannot be read is left out."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except _DAMAGE:
        return image


def _halvings(image: Image.Image, data: bytes) -> int:
    """Count how often a JPEG 2000 image is halved as it is decoded; it must have such levels."""
    start = data.find(b"\xff\x4f\xff\x51")
    style = data.find(b"\xff\x52", start)
    levels = data[style + 9] if 0 <= start < style < len(data) - 9 else 0
    return min(levels, max(0, int(math.log2(max(image.size) / WORKING_SIDE))))


def _first_picture(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Decode the first frame of an animation that is not blank; the first one if all are."""
    first: Image.Image | InvalidImage | None = None
    for number in range(MAX_FRAMES):
        try:
            image.seek(number)
            frame = image.copy()
            _reduce(frame, b"")
            found: Image.Image | InvalidImage = flatten(_upright(frame), profile)
        except InvalidImage as error:
            found = error
        except EOFError:
            break
        if isinstance(found, Image.Image):
            found.info = {}
            if max(high - low for low, high in _extremes(found)) > BLANK_LEVELS:
                return found
        first = first or found
    if isinstance(first, Image.Image):
        return first
    raise first or EOFError("no frames")


def _extremes(image: Image.Image) -> list[tuple[int, int]]:
    return [channel.getextrema() for channel in image.split()]  # type: ignore[misc]


def _lay_white_where_missing(image: Image.Image) -> tuple[str, ...]:
    """Paint the lines that a JPEG lacks, which its decoder leaves in middle grey, as browsers do.

    Raises:
        InvalidImage: More is missing than MIN_LINES allows.
    """
    there = image.height
    while there and all(
        low == high in _MISSING
        for low, high in _extremes(image.crop((0, there - 1, image.width, there)))
    ):
        there -= 1
    if there < MIN_LINES * image.height:
        raise InvalidImage(
            f"expected a whole image; this JPEG ends after {there / image.height:.0%} of its lines"
        )
    white = (0, 0, 0, 0) if image.mode == "CMYK" else "white"
    image.paste(white, (0, there, image.width, image.height))
    return (ENDS_EARLY,)


def _check_size(image: Image.Image, data: bytes, max_pixels: int) -> int:
    """Return about how many pixels are decoded. Raises InvalidImage if they are too many or few."""
    pixels = image.width * image.height
    if isinstance(image, JpegImageFile) and is_sequential(data):
        max_pixels *= REDUCED_PIXELS
    _check_sides(*image.size, max_pixels)
    if image.format == "AVIF":
        # A frame is decoded as its stream has it, whatever the file states.
        frames = avif_frames(data, MAX_FRAMES)
        for width, height in frames:
            _check_pixels(width, height, max_pixels)
        pixels = max(pixels, sum(width * height for width, height in frames))
        if pixels > MAX_FRAMES * max_pixels:
            raise InvalidImage(f"expected at most {MAX_FRAMES * max_pixels:,} pixels in all frames")
    if isinstance(image, TiffImageFile):
        # A tile is decoded whole, however little of it the image covers.
        tile = [int(image.tag_v2.get(tag, 0)) for tag in (TILEWIDTH, TILELENGTH)]
        if math.prod(tile) > max_pixels:
            raise InvalidImage(
                f"expected tiles of at most {max_pixels:,} pixels; got {tile[0]} x {tile[1]}"
            )
    return pixels


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise InvalidImage(
            f"expected an image of at most {max_pixels:,} pixels; got {width} x {height}"
        )


def _check_sides(width: int, height: int, max_pixels: int) -> None:
    _check_pixels(width, height, max_pixels)
    if min(width, height) < MIN_SIDE:
        raise InvalidImage(
            f"expected an image of at least {MIN_SIDE} x {MIN_SIDE} pixels; got {width} x {height}"
        )


def is_sequential(data: bytes) -> bool:
    """Tell whether a JPEG has all its colours in one scan, so that it is decoded line by line."""
    at = 2
    components = 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] == 0xFF:  # a byte that fills
            at += 1
            continue
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        segment = data[at + 4 : at + 2 + length]
        if marker in (0xC0, 0xC1) and len(segment) > 5:
            components = segment[5]
        elif 0xC0 < marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return False  # another way of coding, such as progressive
        if marker == 0xDA:
            return bool(segment) and segment[0] == components > 0
        at += 2 + length
    return False
