"""Name the kind of a file by its first bytes, for messages about files that cannot be used."""

from __future__ import annotations

from collections.abc import Mapping

OFFICE = "an old Office file such as an .xls workbook, or one with a password"
"""Kind of files that Excel before 2007 wrote, and that it writes with a password."""

NAMED_BYTES = 512
"""Number of first bytes that ``name_kind`` needs at most."""

_STARTS: Mapping[bytes, str] = {
    b"%PDF": "a PDF document",
    b"\x89PNG\r\n\x1a\n": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"II*\x00": "a TIFF picture",
    b"MM\x00*": "a TIFF picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"\x00\x00\x00\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"\0\0\1\0": "an icon",
    b"%!PS": "a PostScript document",
    b"8BPS": "a Photoshop picture",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": OFFICE,
    b"SQLite format 3\x00": "an SQLite database",
    b"PAR1": "a Parquet file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"ARROW1": "an Arrow file",
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"{\\rtf": "an RTF document",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
}
# The brand of an ISO media file stands at byte 8.
_BRANDS: Mapping[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), "a HEIC picture"),
    **dict.fromkeys((b"hevc", b"hevx", b"mif1", b"msf1"), "a HEIC picture"),
    **dict.fromkeys((b"avif", b"avis"), "an AVIF picture"),
    b"crx ": "a camera's raw picture",
}
_RIFF: Mapping[bytes, str] = {b"WEBP": "a WebP picture", b"AVI ": "a video", b"WAVE": "a sound"}


def name_kind(head: bytes) -> str | None:
    """Name the kind of a file with its article, such as ``a PDF document``; None if unknown.

    Args:
        head: The first bytes of the file, ``NAMED_BYTES`` or more if it has as many.
    """
    for start, kind in _STARTS.items():
        if head.startswith(start):
            return kind
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "a video")
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "a media file")
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "a BMP picture"
    return _name_markup(head)


def _name_markup(head: bytes) -> str | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "an HTML page"
    drawing = start.startswith((b"<?xml", b"<!--", b"<!doctype svg", b"<svg")) and b"<svg" in start
    return "an SVG drawing" if drawing else None
