"""Find the URLs of catalogue images, and check which files may be served."""

from __future__ import annotations

from mimetypes import guess_type
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

MEDIA = "/media"

SAFE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})
"""Image types that cannot contain scripts; SVG can."""


def image_url(image: object) -> str | None:
    """Return the URL of a feed's image, given by relative path or by http(s) URL.

    Returns None if the image cannot be served.
    """
    if not isinstance(image, str) or not image:
        return None
    if _scheme(image) in ("http", "https"):
        return image
    return f"{MEDIA}/{quote(image)}" if is_servable(image) else None


def is_servable(path: str) -> bool:
    """Tell whether a path is relative and names an image that may be served."""
    parts = PurePosixPath(path)
    return (
        not parts.is_absolute()
        and ".." not in parts.parts
        and guess_type(path, strict=False)[0] in SAFE_TYPES
    )


def _scheme(text: str) -> str:
    """Return the scheme of a URL in lower case, or ``""``."""
    try:
        return urlsplit(text).scheme.lower()
    except ValueError:
        return ""
