"""Where a feed's images come from: a loader is a function from a reference to a file's bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path

from houndstooth.ingest.urls import MAX_BYTES, UrlImages
from houndstooth.mappings.errors import InvalidImage

LoadImage = Callable[[str], bytes]
"""Bytes of the image that a feed names; raises InvalidImage with the reason."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_url(reference: str) -> bool:
    """Whether a feed's reference to an image is a URL and not a path."""
    return _URL.match(reference) is not None


def feed_images(
    folder: Path, max_bytes: int = MAX_BYTES, hosts: Collection[str] = frozenset()
) -> LoadImage:
    """Images by path relative to ``folder``, or by http(s) URL.

    The loader is safe to call from several threads. ``hosts`` are those that may have addresses
    which are not public; see ``ingest.urls``.
    """
    from_folder, from_url = folder_images(folder, max_bytes), UrlImages(max_bytes, hosts)

    def load(reference: str) -> bytes:
        return (from_url if is_url(reference) else from_folder)(reference)

    return load


def folder_images(folder: Path, max_bytes: int = MAX_BYTES) -> LoadImage:
    """Images by path relative to ``folder``, where the feed lies, and from nowhere else.

    The loader raises InvalidImage for a URL, an absolute path, one that leaves the folder by
    ``..``, what is not a file, and a file of more than ``max_bytes``. Symbolic links are followed:
    they are the folder's owner's, while the paths are the feed's.
    """

    def load(reference: str) -> bytes:
        path = folder / _inside(reference)
        try:
            if not path.is_file():
                raise InvalidImage(f"no such image file: {reference!r}")
            size = path.stat().st_size
            if size > max_bytes:
                raise InvalidImage(
                    f"expected an image of at most {max_bytes} bytes; {reference!r} has {size}"
                )
            return path.read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InvalidImage(f"cannot read the image {reference[:200]!r}: {reason}") from None

    return load


def _inside(reference: str) -> str:
    if is_url(reference):
        raise InvalidImage(f"expected an image path relative to the feed; got a URL: {reference!r}")
    path = os.path.normpath(reference)
    if os.path.isabs(path):  # noqa: PTH117 (the path is text of the feed, not yet one of ours)
        raise InvalidImage(
            f"expected an image path relative to the feed; {reference!r} is absolute and refused"
        )
    if path == ".." or path.startswith("../"):
        raise InvalidImage(
            f"expected an image path inside the feed's folder; {reference!r} leaves it by '..'"
        )
    return path
