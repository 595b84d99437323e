"""Kinds of files by their first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.file_kinds import name_kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", None),
        (b"id,title\n", None),
        (b"BMW,3.jpg\n\n", None),
        (b"PK,title", None),
        (b"<html><body>", "an HTML page"),
        (b"\xef\xbb\xbf \n<!doctype HTML>", "an HTML page"),
        (b"<rss>", None),
        (b"<?xml version='1.0'?><rss>", None),
        (b"<?xml version='1.0'?>\n<!-- drawn -->\n<svg>", "an SVG drawing"),
        (b"<svg xmlns=''>", "an SVG drawing"),
        (b"\0\0\0\x0cjP  \r\n", "a JPEG 2000 picture"),
        (b"BM" + bytes(30), "a BMP picture"),
        (bytes(4) + b"ftypavif", "an AVIF picture"),
        (bytes(4) + b"ftypisom", "a video"),
        (b"RIFF    WAVE", "a sound"),
        (b"RIFF    ????", "a media file"),
        (b"PK\3\4", "a zip archive"),
        (bytes(257) + b"ustar", "a tar archive"),
    ],
)
def test_kinds(head: bytes, kind: str | None) -> None:
    assert name_kind(head) == kind


@given(st.binary(max_size=300))
def test_any_bytes_have_a_kind_with_its_article_or_none(head: bytes) -> None:
    kind = name_kind(head)
    assert kind is None or kind.split()[0] in ("a", "an")
