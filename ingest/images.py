"""Load a feed's images; a loader is a function from a reference to a file's bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from houndstooth.ingest.urls import Guard
from houndstooth.mappings.errors import ImageUnavailable, InvalidImage
from houndstooth.mappings.picture_formats import MEDIA_TYPES

MAX_BYTES = 32 * 1024 * 1024
READ_SECONDS = 10.0
TOTAL_SECONDS = 30.0
"""Time limit for one image, redirects included; ``READ_SECONDS`` limits each single read."""

_HEADERS = {
    "Accept": ", ".join(MEDIA_TYPES),
    "Accept-Encoding": "identity",
    "User-Agent": "houndstooth",
}

LoadImage = Callable[[str], bytes]
"""Function from an image reference of a feed to bytes; raises InvalidImage."""

ELSEWHERE = "; --image-base says where else images are"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True)
class UrlImages:
    """A loader of images by URL. Threads may share it.

    Attributes:
        max_bytes: Maximum size of an image.
        hosts: The shop's own image hosts, names or addresses in lower case; their addresses may
            be private.
        seconds: Time limit for one image.
    """

    max_bytes: int = MAX_BYTES
    hosts: Collection[str] = frozenset()
    seconds: float = TOTAL_SECONDS

    def __call__(self, reference: str) -> bytes:
        """Fetch the bytes at a URL.

        Raises:
            ImageUnavailable: The server failed (time-out, lost connection, HTTP 503 …); a retry
                may succeed.
            InvalidImage: The URL is not allowed, or the image is missing or too large.
        """
        guard = Guard(
            "an image",
            InvalidImage,
            ImageUnavailable,
            _HEADERS,
            self.hosts,
            self.seconds,
            READ_SECONDS,
        )
        with guard.get(reference) as answer:
            return b"".join(answer.blocks(self.max_bytes))


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
                raise InvalidImage(f"no such image file: {reference!r}{ELSEWHERE}")
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
