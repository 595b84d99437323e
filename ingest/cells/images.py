"""Read image references from cell values: one or several, as text, lists or objects."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from houndstooth.ingest.images import is_url
from houndstooth.mappings.picture_formats import SUFFIXES

_EMPTY = frozenset({"", "no_selection", "null", "none", "n/a", "-", "nan"})
_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//\S+")
_FILE = re.compile(
    rf"(?![A-Za-z][A-Za-z0-9+.-]*:|//)[^?#]*\.(?:{'|'.join((*SUFFIXES, 'svg'))})(?:[?#]\S*)?",
    re.IGNORECASE,
)
_SEPARATORS = ("\n", "|", ";", ",", " ")
_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.){2,}[A-Za-z]{2,}(?::\d+)?/")
_ODD = " \t\r\n|;&\"'[]="
"""Characters of which none is in most cells: these are URLs between commas."""
_VERSION = re.compile(r"[?&]v=\d+$")
"""What Shopify adds to an address; the picture is the same without it."""
_KEYS = ("url", "src", "originalSrc", "transformedSrc", "href", "image", "preview", "link", "path")
_LISTS = ("nodes", "edges", "node", "images", "media")


def read_plain_images(columns: Sequence[Sequence[Any]]) -> list[tuple[str, ...]] | None:
    """Read the images of rows whose cells hold nothing but URLs between commas, fast.

    Args:
        columns: The cells of the image columns, by column.

    Returns:
        The images of each row; None if a cell holds anything else.
    """
    try:
        texts = [*map(",".join, zip(*columns, strict=True))]
    except TypeError:
        return None
    whole = f",{','.join(texts)}"
    if any(character in whole for character in _ODD):
        return None
    images = [
        tuple(text.strip(",").split(",")) if len(text) >= len(columns) else () for text in texts
    ]
    images = [found if all(found) else tuple(filter(None, found)) for found in images]
    if sum(map(len, images)) != whole.count(",http://") + whole.count(",https://"):
        return None
    return [
        found if len(found) == len(set(found)) else tuple(dict.fromkeys(found)) for found in images
    ]


def read_images(values: Iterable[Any], base: str) -> tuple[str, ...]:
    """Read the images of a product from its cell values, each once, in order.

    Args:
        values: The cell values.
        base: See ``complete``.
    """
    found: dict[str, str] = {}
    for value in values:
        if not value:
            continue
        for reference in read_references(value):
            whole = complete(reference, base)
            found.setdefault(_VERSION.sub("", whole) if "v=" in whole else whole, whole)
    return tuple(found.values())


def read_references(value: Any) -> Iterator[str]:
    """Yield the image references of a cell value, in order.

    A text holds several if all its parts look like image references: URLs separated by commas,
    vertical bars, semicolons, spaces or line breaks, or such paths with an image's suffix. A comma
    or a space inside one path or URL does not break it.
    """
    if value.__class__ is str:
        text = value.strip()
        if text[:1] == "[" and text[-1:] == "]":
            try:
                yield from read_references(json.loads(text))
                return
            except ValueError:
                pass
        if text.lower() not in _EMPTY:
            yield from filter(None, split_references(text))
    elif isinstance(value, list):
        for one in value:
            yield from read_references(one)
    elif isinstance(value, dict):
        for key in _LISTS:
            if isinstance(value.get(key), list | dict):
                yield from read_references(value[key])
        for key in _KEYS:
            if value.get(key):
                yield from read_references(value[key])
                return


def split_references(text: str) -> list[str]:
    """Split a text if every part looks like an image reference of the same kind."""
    for separator in _SEPARATORS:
        if separator not in text:
            continue
        parts = [part for one in text.split(separator) if (part := one.strip(" \t\r\n,;|\"'"))]
        if len(parts) > 1 and any(all(map(kind.fullmatch, parts)) for kind in (_URL, _FILE)):
            return [one for part in parts for one in split_references(part)]
    return [text.strip(" \t\r\n,;|")]


def complete(reference: str, base: str = "") -> str:
    """Complete an image reference to a URL or a path relative to the feed.

    Args:
        reference: As the feed has it, such as ``//host/a.jpg``, ``/media/a.jpg`` or
            ``cdn.shop.example/a.jpg``; a first part with two dots is a host.
        base: What stands before a path, with or without a leading slash: a URL, or a folder
            relative to the feed; empty = the feed's folder.
    """
    if reference.startswith("http"):
        return html.unescape(reference) if "&amp;" in reference else reference
    if reference.startswith("//"):
        return f"https:{html.unescape(reference)}"
    if reference.startswith("gs://"):
        return f"https://storage.googleapis.com/{reference[5:]}"
    if _HOST.match(reference):
        return f"https://{reference}"
    if not base or is_url(reference):
        return reference.lstrip("/")
    return f"{base.rstrip('/')}/{reference.lstrip('/')}".removeprefix("./")
