"""Load a feed's images; a loader is a function from a reference to a file's bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path

from houndstooth.ingest.urls import MAX_BYTES, UrlImages
from houndstooth.mappings.errors import InvalidImage

LoadImage = Callable[[str], bytes]
"""Function from an image reference of a feed to bytes; raises InvalidImage."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_url(reference: str) -> bool:
    """Tell whether an image reference is a URL and not a path."""
    return _URL.match(reference) is not None


def feed_images(
    folder: Path, max_bytes: int = MAX_BYTES, hosts: Collection[str] = frozenset()
) -> LoadImage:
    """Create a loader of images by path relative to ``folder`` or by http(s) URL.

    Several threads may share the loader.

    Args:
        folder: The feed's folder.
        max_bytes: Maximum size of an image file.
        hosts: Hosts that may have private addresses; see ``ingest.urls``.
    """
    from_folder, from_url = folder_images(folder, max_bytes), UrlImages(max_bytes, hosts)

    def load(reference: str) -> bytes:
        return (from_url if is_url(reference) else from_folder)(reference)

    return load


def folder_images(folder: Path, max_bytes: int = MAX_BYTES) -> LoadImage:
    """Create a loader of images by path relative to ``folder``, and from nowhere else.

    The loader raises InvalidImage for a URL, an absolute path, a path that leaves the folder by
    ``..``, a missing file, and a file larger than ``max_bytes``. It follows symbolic links: they
    belong to the folder's owner, whereas the paths come from the feed.
    """

    def load(reference: str) -> bytes:
        path = folder / _relative_path(reference)
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


def _relative_path(reference: str) -> str:
    if is_url(reference):
        raise InvalidImage(f"expected an image path relative to the feed; got a URL: {reference!r}")
    path = os.path.normpath(reference)
    if os.path.isabs(path):  # noqa: PTH117 (the path is untrusted text of the feed)
        raise InvalidImage(
            f"expected an image path relative to the feed; {reference!r} is absolute and refused"
        )
    if path == ".." or path.startswith("../"):
        raise InvalidImage(
            f"expected an image path inside the feed's folder; {reference!r} leaves it by '..'"
        )
    return path
