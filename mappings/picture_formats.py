"""List the picture formats that are read, for decoder, fetcher and pages."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class PictureFormat:
    """A file format of pictures.

    Attributes:
        name: As people write it.
        decoders: Names of Pillow's decoders of it.
        media_types: Its media types, the registered one first.
        suffixes: Endings of file names, in lower case, without the dot.
    """

    name: str
    decoders: tuple[str, ...]
    media_types: tuple[str, ...]
    suffixes: tuple[str, ...]


JPEG_XL = PictureFormat("JPEG XL", ("JXL",), ("image/jxl",), ("jxl",))

PICTURE_FORMATS = (
    PictureFormat("JPEG", ("JPEG",), ("image/jpeg",), ("jpg", "jpeg", "jfif")),
    PictureFormat("PNG", ("PNG",), ("image/png",), ("png",)),
    PictureFormat("WebP", ("WEBP",), ("image/webp",), ("webp",)),
    PictureFormat("AVIF", ("AVIF",), ("image/avif",), ("avif",)),
    PictureFormat("HEIC", ("HEIF",), ("image/heic", "image/heif"), ("heic", "heif", "hif")),
    PictureFormat("GIF", ("GIF",), ("image/gif",), ("gif",)),
    PictureFormat("TIFF", ("TIFF",), ("image/tiff",), ("tif", "tiff")),
    PictureFormat("JPEG 2000", ("JPEG2000",), ("image/jp2",), ("jp2", "j2k", "jpf", "jpx")),
    PictureFormat("BMP", ("BMP",), ("image/bmp",), ("bmp",)),
    *((JPEG_XL,) if find_spec("pillow_jxl") else ()),
)
"""The formats that are read; JPEG XL only where the extra ``jxl`` is installed."""

MEDIA_TYPES = tuple(kind for each in PICTURE_FORMATS for kind in each.media_types)
SUFFIXES = tuple(suffix for each in PICTURE_FORMATS for suffix in each.suffixes)
FORMAT_NAMES = ", ".join(each.name for each in PICTURE_FORMATS)
