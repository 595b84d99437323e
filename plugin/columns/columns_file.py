"""Keep the file of one index's columns in a folder that processes share."""

from __future__ import annotations

import fcntl
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from houndstooth.mappings.rows import Checkpoint
from houndstooth.plugin.columns.builder import Draft, SegmentBuilder
from houndstooth.plugin.columns.segment_file import Saved, load, save, spool


class ColumnsFile:
    """One file of columns. Processes of a machine map the same one; one of them writes it.

    Args:
        folder: The folder; it is created when the file is first written.
        name: What the columns are of, such as the engine's address and the model.
    """

    def __init__(self, folder: Path, name: str) -> None:
        readable = re.sub(r"[^A-Za-z0-9]+", "-", name)[-80:].strip("-")
        self.path = folder / f"{readable}-{zlib.crc32(name.encode()):08x}.columns"
        self._loaded: tuple[int, int] | None = None

    @property
    def is_newer(self) -> bool:
        """Tell whether the file is another than the one that was loaded last."""
        return self._identity() not in (None, self._loaded)

    def load(self) -> Saved | None:
        """Map the file; return None if there is none that can be used."""
        self._loaded = self._identity()
        return load(self.path)

    def save(self, draft: Draft, checkpoint: Checkpoint) -> None:
        """Write the file anew, within ``writing``. Raises OSError."""
        save(draft, checkpoint, self.path)

    @contextmanager
    def writing(self) -> Iterator[SegmentBuilder]:
        """Wait until no other process writes the file, and give a builder to write it with.

        Raises:
            OSError: The folder cannot be written to.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._remove_leftovers()
            with spool(self.path.parent, self.path.stem) as builder:
                yield builder

    def _remove_leftovers(self) -> None:
        """Remove what a process left that was killed while it wrote."""
        for path in self.path.parent.glob(f".{self.path.stem}-*"):
            shutil.rmtree(path, ignore_errors=True)

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns
