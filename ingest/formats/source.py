"""Open the bytes of a feed: a file or pipe, plain, gzipped or the one feed of a zip archive.

Bytes are decompressed while they are read, and no more than ``MAX_BYTES`` of them. A workbook in an
archive is unpacked to a temporary file, as it must be sought.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.file_kinds import OFFICE, name_kind

MAX_BYTES = 1 << 35
"""Maximum size of a feed in bytes, decompressed: 32 GiB."""

MAX_WORKBOOK_BYTES = 1 << 30
"""Maximum size in bytes of a workbook in an archive."""

HEAD = 1 << 16
EXPECTED = "a feed (CSV, TSV, JSON, XML or .xlsx, also in gzip or zip)"
"""Words for what can be read."""

BROKEN = (OSError, EOFError, zlib.error, BadZipFile)
"""Errors of reading a file or archive that is broken."""

WORKBOOK = "xl/workbook.xml"
"""Name of a part that every Excel workbook has."""

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_SUFFIXES = frozenset(
    {".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".rss", ".atom", ".xlsx"}
)


@dataclass(frozen=True)
class Source:
    """The bytes of a feed.

    Attributes:
        stream: The bytes from the beginning, decompressed.
        head: The first ``HEAD`` bytes, or all if there are fewer.
        wrapping: ``gzip``, the place in a zip archive, or ``""``.
        is_workbook: Whether it is an Excel workbook; then ``stream`` can be sought.
    """

    stream: BinaryIO
    head: bytes
    wrapping: str = ""
    is_workbook: bool = False


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a feed's bytes.

    Raises:
        InvalidFeed: The feed is not a file, is not readable or is of a kind that is no feed; the
            message names the kind.
    """
    with ExitStack() as stack:
        try:
            yield _open(path, stack)
        except BadZipFile as error:
            raise InvalidFeed(f"expected a whole zip archive; {path} is broken: {error}") from None


def _open(path: Path, stack: ExitStack) -> Source:
    try:
        stream = stack.enter_context(path.open("rb"))
        source = _with_head(stream)
        if source.head.startswith(_GZIP):
            unzipped = stack.enter_context(gzip.GzipFile(fileobj=source.stream))
            source = _with_head(cast(BinaryIO, unzipped), "gzip")
            if source.head.startswith((_GZIP, _ZIP)):
                source = _open_workbook(source, f"the gzip file {path}", stack)
        elif source.head.startswith(_ZIP):
            source = _open_zip(source, path, stack)
    except BROKEN as error:
        if isinstance(error, BadZipFile):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidFeed(f"cannot open the feed {path}: {reason}") from None
    kind = None if source.is_workbook else name_kind(source.head)
    if kind is not None:
        inside = f", in {source.wrapping}" if source.wrapping else ""
        advice = ": save it as .xlsx without a password, or as CSV" if kind == OFFICE else ""
        raise InvalidFeed(f"expected {EXPECTED} in {path}; got {kind}{inside}{advice}")
    return source


def _with_head(stream: BinaryIO, wrapping: str = "") -> Source:
    """Read the head, so that the stream still gives it; a pipe cannot be sought."""
    head, _ = read_block(stream, HEAD)
    if stream.seekable() and not wrapping:
        stream.seek(0)
        return Source(stream, head)
    return Source(cast(BinaryIO, io.BufferedReader(_Bounded(head, stream), HEAD)), head, wrapping)


def _open_zip(source: Source, path: Path, stack: ExitStack) -> Source:
    if not source.stream.seekable():
        raise InvalidFeed(f"expected {path} as a file; a zip archive cannot be read from a pipe")
    archive = stack.enter_context(ZipFile(source.stream))
    names = archive.namelist()
    if WORKBOOK in names:
        return Source(source.stream, source.head, is_workbook=True)
    member = _only_feed(archive.infolist(), path)
    if member.flag_bits & 1:
        raise InvalidFeed(f"expected a zip archive without a password; got {path}")
    try:
        stream = stack.enter_context(archive.open(member))
    except RuntimeError as error:  # zipfile's, of a compression that it does not know
        raise InvalidFeed(f"cannot unpack {member.filename} in {path}: {error}") from None
    found = _with_head(cast(BinaryIO, stream), f"zip, {member.filename}")
    if found.head.startswith(_ZIP):
        return _open_workbook(found, f"the zip archive {path}", stack)
    return found


def _open_workbook(source: Source, where: str, stack: ExitStack) -> Source:
    """Unpack what is an archive itself to a temporary file; it must be a workbook.

    Args:
        source: The bytes.
        where: What they are in, for messages.
        stack: Removes the file in the end.
    """
    archive = InvalidFeed(f"expected one feed in {where}; got an archive: unpack that first")
    if not source.head.startswith(_ZIP):
        raise archive
    file = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
    while block := source.stream.read(_BLOCK):
        file.write(block)
        if file.tell() > MAX_WORKBOOK_BYTES:
            raise InvalidFeed(f"expected a feed of at most {MAX_WORKBOOK_BYTES} bytes in {where}")
    file.seek(0)
    if WORKBOOK not in ZipFile(file).namelist():
        raise archive
    file.seek(0)
    return Source(cast(BinaryIO, file), source.head, source.wrapping, is_workbook=True)


def _only_feed(members: list[ZipInfo], path: Path) -> ZipInfo:
    files = [
        member
        for member in members
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not PurePosixPath(member.filename).name.startswith(".")
    ]
    feeds = [m for m in files if PurePosixPath(m.filename).suffix.lower() in _SUFFIXES]
    found = feeds if len(files) > 1 else files
    if len(found) != 1:
        names = ", ".join(member.filename for member in (found or files)[:10]) or "nothing"
        raise InvalidFeed(f"expected one feed in the zip archive {path}; got {names}")
    return found[0]


def read_block(stream: BinaryIO, size: int) -> tuple[bytes, Exception | None]:
    """Read so many bytes; fewer at the end, or where an error, which is returned, ends them."""
    parts: list[bytes] = []
    try:
        while size > 0 and (part := stream.read1(size)):  # type: ignore[attr-defined]
            parts.append(part)
            size -= len(part)
    except BROKEN as error:
        return b"".join(parts), error
    return b"".join(parts), None


class _Bounded(io.RawIOBase):
    """A head and the rest of a stream, of at most ``MAX_BYTES``."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest, self._size = head, rest, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] or self._rest.read1(len(buffer))  # type: ignore[attr-defined]
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        self._size += len(data)
        if self._size > MAX_BYTES:
            raise OSError(f"expected at most {MAX_BYTES} bytes, decompressed; got more")
        return len(data)
