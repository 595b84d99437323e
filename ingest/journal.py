"""Keep what is known of an ingest job in a file, which outlives the workers' Redis.

Each line of a journal is the JSON of an event: when it was, its name, its values. The first line is
the sum of all events before it; when a job ends, the whole is replaced by one such line. Processes
on several machines may write to one journal: each locks it meanwhile.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from threading import RLock, get_ident
from typing import Any, Protocol

from houndstooth.ingest.progress import Progress

_SUM = "sum"
_HEAD = 64
"""First bytes of a file by which it is known from another one: they hold a time."""


class Write(Protocol):
    """Writes an event into a journal that is locked."""

    def __call__(self, event: str, **values: Any) -> None:
        """Write the event of that name; ``Progress`` has them."""


class Journal:
    """The journal of one job, read as far as it has been written.

    Every method raises FileNotFoundError if there is none, and OSError if it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = RLock()
        self._file_id = 0, b""
        self._end = 0
        self._progress: Progress | None = None

    @classmethod
    def create(cls, path: Path, progress: Progress) -> Journal:
        """Create a journal, whole or not at all; FileExistsError if there is one."""
        new = path.with_name(f"{path.name}.{os.getpid()}-{get_ident()}.new")
        try:
            with open(new, "wb", opener=_private) as file:
                file.write(_line(_SUM, progress.to_json()))
            _link(new, path)
        finally:
            new.unlink(missing_ok=True)
        return cls(path)

    @contextmanager
    def read(self) -> Iterator[Progress]:
        """Yield what is known by now."""
        with self._threads, FileIO(self._path) as file:
            yield self._read(file)

    @contextmanager
    def locked(self) -> Iterator[tuple[Progress, Write]]:
        """Lock the journal; yield what is known by now, and the function that writes events."""
        with self._threads, self._lock() as file:
            progress = self._read(file)
            ended = _has_ended(progress)

            def write(event: str, **values: Any) -> None:
                self._append(file, _line(event, values))

            yield progress, write
            if _has_ended(progress) and not ended:
                self._replace(progress)

    @contextmanager
    def _lock(self) -> Iterator[FileIO]:
        while True:
            with FileIO(self._path, "r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file.fileno()).st_ino == self._path.stat().st_ino:
                    yield file
                    return
                # It was replaced while this waited.

    def _read(self, file: FileIO) -> Progress:
        """Read the events that have been added."""
        status = os.fstat(file.fileno())
        # The number of a file that is gone is soon that of another one, which begins with its time.
        file_id = status.st_ino, os.pread(file.fileno(), _HEAD, 0)
        if file_id != self._file_id or status.st_size < self._end:
            self._file_id, self._end, self._progress = file_id, 0, None
        file.seek(self._end)
        for line in file.readall().splitlines(keepends=True):
            if line.endswith(b"\n"):
                self._apply(line)
                self._end += len(line)
        if self._progress is None:
            raise FileNotFoundError(f"{self._path} is empty")
        return self._progress

    def _apply(self, line: bytes) -> None:
        try:
            when, event, values = json.loads(line)
        except ValueError:
            return  # cut off by a crash
        if event == _SUM:
            self._progress = Progress.from_json(values)
            self._progress.touched = when
        elif self._progress is not None:
            self._progress.touched = when
            if apply := getattr(self._progress, event, None):  # else of another version
                apply(**values)

    def _append(self, file: FileIO, line: bytes) -> None:
        size = file.seek(0, os.SEEK_END)
        data = line if size == self._end else b"\n" + line  # after a line that was cut off
        if file.write(data) != len(data):
            file.truncate(size)
            raise OSError(f"cannot write {self._path}: no space is left")
        self._read(file)

    def _replace(self, progress: Progress) -> None:
        """Replace the events by their sum."""
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        self.create(new, progress)
        new.replace(self._path)


def _has_ended(progress: Progress) -> bool:
    return progress.stopped is not None or progress.is_finished


def _line(event: str, values: Mapping[str, Any]) -> bytes:
    return json.dumps([time.time(), event, values]).encode() + b"\n"


def _link(new: Path, path: Path) -> None:
    """Give a file another name, unless there is one of that name."""
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        new.rename(path)


def _private(path: str, flags: int) -> int:
    """Open a file for its owner alone: where a shop's feeds and engine are is nobody's business."""
    return os.open(path, flags, 0o600)
