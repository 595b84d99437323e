"""Let a command end in order when it is interrupted."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


@contextmanager
def interrupts() -> Iterator[Event]:
    """Let started batches finish at the first Ctrl-C or SIGTERM; a second one interrupts."""
    interrupted = Event()

    def note(_signal: int, _frame: FrameType | None) -> None:
        interrupted.set()
        for number in stops:
            signal.signal(number, signal.default_int_handler)

    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, note) for number in stops]
    try:
        yield interrupted
    finally:
        for number, handler in zip(stops, before, strict=True):
            signal.signal(number, handler)
