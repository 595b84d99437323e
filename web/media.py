"""Catalogue images: where a browser finds them, and which files are served."""

from __future__ import annotations

from mimetypes import guess_type
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

MEDIA = "/media"

SAFE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})
"""What browsers show and cannot run: no SVG."""


def image_url(image: object) -> str | None:
    """The address of a feed's image, which is a path relative to the feed or an http(s) URL."""
    if not isinstance(image, str) or not image:
        return None
    if _scheme(image) in ("http", "https"):
        return image
    return f"{MEDIA}/{quote(image)}" if is_servable(image) else None


def is_servable(path: str) -> bool:
    """Whether a relative path is that of an image that may be served."""
    parts = PurePosixPath(path)
    return (
        not parts.is_absolute()
        and ".." not in parts.parts
        and guess_type(path, strict=False)[0] in SAFE_TYPES
    )


def _scheme(text: str) -> str:
    """The scheme of a URL in lower case, empty where there is none."""
    try:
        return urlsplit(text).scheme.lower()
    except ValueError:
        return ""
