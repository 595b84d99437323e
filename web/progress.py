"""Background indexing: how far it is, written by whoever indexes and read by the page."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

State = Literal["running", "finished", "stopped"]


@dataclass
class Progress:
    """Counts the products of a feed that is indexed in this process; safe among threads.

    Attributes:
        total: products of the feed, None where only reading would tell.
        present: products that were in at the start, from an earlier run.
    """

    total: int | None
    present: int = 0

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._checked = self._failed = 0
        self._state: State = "running"

    def add(self, checked: int, failed: int) -> None:
        """Count products that came in (or were in already), and products that failed."""
        with self._lock:
            self._checked += checked
            self._failed += failed

    def end(self, stopped: bool = False) -> None:
        """Note that no more will come; ``stopped`` where that is before the feed's end."""
        with self._lock:
            self._state = "stopped" if stopped else "finished"

    def to_json(self) -> dict[str, Any]:
        """Return the counts as REST gives them."""
        with self._lock:
            done = max(self._checked, self.present)
            if self.total is not None:
                done = min(done, self.total)
            return {
                "total": self.total,
                "done": done,
                "failed": self._failed,
                "state": self._state,
            }

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        return self._state == "running"
