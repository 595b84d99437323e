"""Download feeds by http(s) URL, only when they have changed, with the guard of ``ingest.urls``.

A feed is kept as the server sends it, also in gzip: ``open_feed`` reads both. Beside the file is
``FILE.json`` with what the server said of this version (ETag, Last-Modified).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path, PurePosixPath
from secrets import token_hex
from urllib.parse import urlsplit

from houndstooth.ingest.urls import Answer, Guard
from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.file_kinds import NAMED_BYTES, name_kind

MAX_BYTES = 2 * 1024**3
"""Maximum size of a feed as it is sent, in bytes."""

READ_SECONDS = 120.0
TOTAL_SECONDS = 3600.0
"""Time limit for one feed; ``READ_SECONDS`` limits each read, as shops may make it on request."""

_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, identity", "User-Agent": "houndstooth"}
_VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}


def fetch_feed(
    url: str,
    folder: Path,
    hosts: Collection[str] = frozenset(),
    max_bytes: int = MAX_BYTES,
    seconds: float = TOTAL_SECONDS,
) -> Path:
    """Download a feed to a folder, unless the version that is kept there is the newest.

    The file replaces the kept one when it is whole, never before.

    Args:
        url: The feed's http or https URL.
        folder: Folder for the file; it is made if there is none.
        hosts: Hosts that may have private addresses, in lower case.
        max_bytes: Maximum size.
        seconds: Time limit.

    Returns:
        Path of the file. The same URL always has the same.

    Raises:
        InvalidFeed: The URL is not allowed, the server failed, or it sent something else, such as
            a login page.
    """
    guard = Guard("a feed", InvalidFeed, InvalidFeed, _HEADERS, hosts, seconds, READ_SECONDS)
    path = folder / _file_name(url)
    notes = path.with_name(f"{path.name}.json")
    with guard.get(url, _conditions(path, notes)) as answer:
        if answer.response.status == 304 and path.is_file():
            return path
        coding = answer.response.headers.get("Content-Encoding", "identity").lower()
        if coding not in ("identity", "gzip", "x-gzip", ""):
            raise InvalidFeed(f"expected a feed plain or in gzip; got {coding!r} from {url!r}")
        try:
            _write(path, answer.blocks(max_bytes), answer)
            # Were this lost, the next download would only be needless.
            notes.write_text(json.dumps(_validators(answer.response.headers)), encoding="utf-8")
        except PermissionError as error:
            raise InvalidFeed(f"cannot keep the feed in {folder}: {error.strerror}") from None
    return path


def _file_name(url: str) -> str:
    """Name the file after the URL's path, for people, and its digest."""
    name = re.sub(r"[^\w.-]+", "_", PurePosixPath(urlsplit(url).path).name)[-60:].lstrip(".")
    return f"{sha256(url.encode()).hexdigest()[:16]}-{name or 'feed'}"


def _conditions(path: Path, notes: Path) -> dict[str, str]:
    """Return the headers that ask for a newer version than the kept one."""
    if path.is_file():
        with suppress(OSError, ValueError, AttributeError):
            kept = json.loads(notes.read_text(encoding="utf-8"))
            return {_VALIDATORS[name]: kept[name] for name in _VALIDATORS if kept.get(name)}
    return {}


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in _VALIDATORS if headers.get(name)}


def _write(path: Path, blocks: Iterable[bytes], answer: Answer) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{token_hex(4)}")
    head = b""
    try:
        with part.open("wb") as file:
            for block in blocks:
                if len(head) < NAMED_BYTES:
                    head += block
                file.write(block)
        if name_kind(_unpacked(head)) == "an HTML page":
            raise InvalidFeed(
                f"expected a feed; got an HTML page from {answer.address!r}: does it ask for a "
                "login?"
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _unpacked(head: bytes) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj(wbits=31).decompress(head, NAMED_BYTES)
    return head
