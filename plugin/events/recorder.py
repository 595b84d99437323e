"""Record queries and events in the background, so that no search waits for it or fails."""

from __future__ import annotations

import atexit
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic

from houndstooth.plugin.events.stores import Record, Store

PLACES = 10_000
"""Records that may wait; further ones are dropped."""

BATCH = 500
"""Records that are written at once."""

SECONDS = 1.0
"""Time for which records are collected before they are written."""

CLOSE_SECONDS = 3.0
"""Time to write what waits when the process ends."""

TOLD_SECONDS = 60.0
"""Time between two lines of the log about records that could not be written."""

Count = Callable[[str, str, int], None]
"""Called with an index, ``recorded``, ``dropped`` or ``failed``, and a number of records."""

_LOG = logging.getLogger(__name__)


class Recorder:
    """Writes records in a thread, which begins with the first of them. Threads may share it.

    Args:
        store: Where to write.
        count: Counts what became of records.
        places: Records that may wait.
    """

    def __init__(self, store: Store, count: Count, places: int = PLACES) -> None:
        self._store, self._count = store, count
        self._queue: Queue[Record] = Queue(places)
        self._thread: Thread | None = None
        self._lock, self._closed = Lock(), Event()
        self._tell_at = 0.0

    def put(self, index: str, record: dict[str, object]) -> None:
        """Hand over a record; it is dropped, and counted, where too many wait."""
        self._begin()
        try:
            self._queue.put_nowait((index, record))
        except Full:
            self._count(index, "dropped", 1)

    def close(self) -> None:
        """Write what waits, for CLOSE_SECONDS at most."""
        self._closed.set()
        if self._thread:
            self._thread.join(CLOSE_SECONDS)

    def _begin(self) -> None:
        if self._thread:
            return
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _run(self) -> None:
        while not (self._closed.is_set() and self._queue.empty()):
            if batch := self._collect():
                self._write(batch)

    def _collect(self) -> list[Record]:
        """Wait for records: until there are many, or the first has waited for SECONDS."""
        batch: list[Record] = []
        ends_at = monotonic() + SECONDS
        while len(batch) < BATCH and (left := ends_at - monotonic()) > 0:
            try:
                batch.append(self._queue.get(timeout=min(left, 0.1)))
            except Empty:
                if self._closed.is_set():
                    break
        return batch

    def _write(self, batch: list[Record]) -> None:
        failed: Sequence[Record] = batch
        try:
            failed = self._store.write(batch)
            why = f"{len(failed)} were refused"
        except Exception as error:  # whatever it is, the next batch is tried
            why = str(error)
        if failed and monotonic() >= self._tell_at:
            self._tell_at = monotonic() + TOLD_SECONDS
            _LOG.error("events are not recorded: %s", why)
        everything = Counter(index for index, _ in batch)
        lost = Counter(index for index, _ in failed)
        for index, number in everything.items():
            self._count(index, "failed", lost[index])
            self._count(index, "recorded", number - lost[index])
