"""Measure the time of each stage of a search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

STAGES = ("decode", "extract", "candidates", "rerank", "fetch")


class Clock:
    """Measures the milliseconds of each stage of a search; a stage that did not run has 0."""

    def __init__(self) -> None:
        self._started = perf_counter()
        self._took = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a part of a stage."""
        started = perf_counter()
        try:
            yield
        finally:
            self._took[name] += 1000 * (perf_counter() - started)

    def add(self, other: Clock) -> None:
        """Add the stages that another clock measured; the total is this one's own."""
        for name, took in other._took.items():
            self._took[name] += took

    def took_ms(self) -> dict[str, float]:
        """Return the milliseconds of each stage, and the ``total`` since the clock was made."""
        return {**self._took, "total": 1000 * (perf_counter() - self._started)}
