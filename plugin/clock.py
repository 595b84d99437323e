"""Measure the time of each stage of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

STAGES = ("decode", "extract", "candidates", "rerank", "fetch")

StageObserver = Callable[[str, float, float], None]
"""Called when a part of a stage ends, in its thread: its name, begin and end (perf_counter, s)."""


class Clock:
    """Measures the milliseconds of each stage of a search; a stage that did not run has 0.

    Args:
        observer: Called for each part of a stage; None = nobody is told.

    Attributes:
        compared: Number of products that were compared with the query, in all steps.
    """

    def __init__(self, observer: StageObserver | None = None) -> None:
        self._observer = observer
        self._started = perf_counter()
        self._took = dict.fromkeys(STAGES, 0.0)
        self.compared = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a part of a stage."""
        started = perf_counter()
        try:
            yield
        finally:
            ended = perf_counter()
            self._took[name] += 1000 * (ended - started)
            if self._observer:
                self._observer(name, started, ended)

    def add(self, other: Clock) -> None:
        """Add the stages that another clock measured; the total is this one's own."""
        for name, took in other._took.items():
            self._took[name] += took

    def took_ms(self) -> dict[str, float]:
        """Return the milliseconds of each stage, and the ``total`` since the clock was made."""
        return {**self._took, "total": 1000 * (perf_counter() - self._started)}
