"""Bound how long a shopper's request waits for an engine that is asked over the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic


class _Patience:
    """Time for all that an engine is asked; it runs from the first question on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends_at: float | None = None

    def left(self) -> float:
        if self._ends_at is None:
            self._ends_at = monotonic() + self._seconds
        return max(0.0, self._ends_at - monotonic())


_PATIENCE: ContextVar[_Patience | None] = ContextVar("patience", default=None)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Give up what this thread asks of an engine after some seconds in all.

    Without it a thread waits as long as the engine's client does: an ingest may wait for long.
    """
    token = _PATIENCE.set(_Patience(seconds))
    try:
        yield
    finally:
        _PATIENCE.reset(token)


def seconds_left() -> float:
    """Return for how long this thread may still wait for an engine; infinite without a bound."""
    bound = _PATIENCE.get()
    return inf if bound is None else bound.left()
