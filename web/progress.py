"""Count the progress of background indexing, for the page."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

State = Literal["running", "finished", "stopped"]


@dataclass
class Progress:
    """Counts the products of a feed that this process indexes. Threads may share it.

    Attributes:
        total: Number of products in the feed, or None if it is not known.
        present: Number of products that were indexed in an earlier run.
    """

    total: int | None
    present: int = 0

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._checked = self._failed = 0
        self._state: State = "running"

    def add(self, checked: int, failed: int) -> None:
        """Add indexed (or unchanged) and failed products."""
        with self._lock:
            self._checked += checked
            self._failed += failed

    def end(self, stopped: bool = False) -> None:
        """Mark the indexing as finished, or as stopped before the end of the feed."""
        with self._lock:
            self._state = "stopped" if stopped else "finished"

    def to_json(self) -> dict[str, Any]:
        """Convert the counts to JSON, for REST."""
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
        """Tell whether the indexing is running."""
        return self._state == "running"
