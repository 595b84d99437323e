"""Sum up the events of an ingest job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.tally import GROUPS, Tally

KEPT = 1000
"""Outcomes kept of products that failed, and as many of those with something else to tell. All are
counted."""

Last = Literal["deletion", "placeholders"]
"""A step that follows the last batch, in this order."""

READ = "read "
"""Begins the names of steps that read a part of the feed."""

_PLAIN = (
    *("request", "survey", "started", "changed", "model", "batches", "stopped", "stopped_public"),
    *("done", "planned", "deletion", "placeholders", "away", "away_since", "is_aside"),
)


@dataclass
class Progress:
    """The sum of a job's events so far; the methods that return nothing are the events.

    Attributes:
        request, survey: JSON of a ``JobRequest`` and of a ``Survey``.
        started: Start time, in seconds since 1970.
        changed: Time of the last recorded batch.
        touched: Time of the last event of any kind.
        model: Name and version of the weights.
        batches: Number of batches; None until the whole feed has been read.
        stopped: Why the job stopped, or None.
        stopped_public: The same for everybody.
        done: Number of recorded batches; ``recorded`` has their numbers until the job is finished.
        parts: First batches of the parts of the feed that are queued.
        totals: Number of products by status.
        tallies: Counts and examples by kind, by group.
        failed, noted: The first outcomes of each sort, ``KEPT`` at most.
        failed_rows: Lines of all products that failed.
        attempts: Number of attempts by step, of steps that have not ended.
        planned, deletion: JSON of a ``Deletion`` before and after it; None until then.
        placeholders: JSON of each ``Placeholder``; None until they are looked for.
        away, away_since, is_aside: Those of a Job.
    """

    request: Mapping[str, Any]
    survey: Mapping[str, Any] | None
    started: float
    changed: float
    touched: float = 0.0
    model: str = ""
    batches: int | None = None
    stopped: str | None = None
    stopped_public: str | None = None
    done: int = 0
    recorded: set[int] = field(default_factory=set)
    parts: set[int] = field(default_factory=set)
    totals: Counter[str] = field(default_factory=Counter)
    tallies: Mapping[str, Tally] = field(
        default_factory=lambda: {group: Tally() for group in GROUPS}
    )
    failed: list[Outcome] = field(default_factory=list)
    noted: list[Outcome] = field(default_factory=list)
    failed_rows: list[int] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    away: str | None = None
    away_since: float = 0.0
    is_aside: bool = False
    planned: Mapping[str, Any] | None = None
    deletion: Mapping[str, Any] | None = None
    placeholders: Sequence[Mapping[str, Any]] | None = None

    @property
    def is_finished(self) -> bool:
        """Return true if the outcomes of all batches are recorded, and the last steps are done."""
        return self._is_written and self.awaits is None

    @property
    def awaits(self) -> Last | None:
        """Return the step that is next once the outcomes of all batches are recorded."""
        if not self._is_written:
            return None
        if self.request.get("delete_at_most") is not None and self.deletion is None:
            return "deletion"
        return "placeholders" if self.batches and self.placeholders is None else None

    @property
    def is_at_hand(self) -> bool:
        """Return true if a process has begun what the job goes on by, or waits for its engine.

        Until the feed has been read to its end, that is the step that reads its next part.
        """
        if self.batches is None:
            return self.away is not None or any(step.startswith(READ) for step in self.attempts)
        return self.away is not None or bool(self.attempts)

    @property
    def _is_written(self) -> bool:
        return self.stopped is None and self.done == self.batches

    def record(
        self,
        number: int,
        model: str,
        totals: Mapping[str, int],
        tallies: Mapping[str, Any],
        outcomes: Sequence[Any],
    ) -> None:
        """Add what became of a batch: all counts, and the outcomes that have something to tell."""
        self.away, self.away_since = None, 0.0
        self.recorded.add(number)
        self.done += 1
        self.model = model
        self.changed = self.touched
        self.totals.update(totals)
        for group, tally in tallies.items():
            self.tallies[group].merge(tally)
        for outcome in map(Outcome.from_json, outcomes):
            if outcome.status == "failed" and outcome.row is not None:
                self.failed_rows.append(outcome.row)
            self._keep(outcome)

    def queue(self, start: int) -> None:
        """Mark the part of the feed from batch ``start`` on as queued."""
        self.parts.add(start)

    def end(self, batches: int) -> None:
        """Set the number of batches: the feed has been read to its end."""
        self.batches = batches

    def attempt(self, step: str) -> None:
        """Count an attempt at a step."""
        self.attempts[step] += 1

    def leave(self, step: str) -> None:
        """Forget the attempts at a step that has ended."""
        del self.attempts[step]

    def wait(self, reason: str) -> None:
        """Note that the engine is away. Who waits for it dies of nothing that is in a batch.

        The attempts count for nothing, but their steps stay at hand.
        """
        self.away, self.away_since = reason, self.away_since or self.touched
        self.attempts = Counter(dict.fromkeys(self.attempts, 0))

    def step_aside(self) -> None:
        """Let the job wait outside of the queue, until it is resumed."""
        self.is_aside = True

    def plan(self, deletion: Mapping[str, Any]) -> None:
        """Keep what is to be deleted."""
        self.planned = deletion

    def delete(self, deletion: Mapping[str, Any]) -> None:
        """Keep what was deleted."""
        self.deletion, self.changed = deletion, self.touched

    def set_aside(self, placeholders: Sequence[Mapping[str, Any]]) -> None:
        """Keep the placeholders that were found."""
        self.placeholders = placeholders

    def stop(self, reason: str, public: str) -> None:
        """Stop the job; the first reason is kept."""
        if self.stopped is None:
            self.stopped, self.stopped_public = reason, public

    def resume(self, by_itself: bool = False) -> None:
        """Let the job go on; its feed is read again, without the batches that are recorded.

        Args:
            by_itself: Nobody asked for it; the patience with the engine does not begin anew.
        """
        self.stopped = self.stopped_public = None
        self.is_aside = False
        self.away = None
        if not by_itself:
            self.away_since, self.planned = 0.0, None
        self.parts.clear()
        self.attempts.clear()

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON, for ``from_json``."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "recorded": [] if self.is_finished else sorted(self.recorded),
            "parts": sorted(self.parts),
            "totals": self.totals,
            "tallies": {group: tally.to_json() for group, tally in self.tallies.items()},
            "outcomes": [outcome.to_json() for outcome in (*self.failed, *self.noted)],
            "failed_rows": self.failed_rows,
            "attempts": self.attempts,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Progress:
        """Read the JSON of ``to_json``."""
        progress = cls(
            **{name: data[name] for name in _PLAIN if name in data},
            recorded=set(data["recorded"]),
            parts=set(data["parts"]),
            totals=Counter(data["totals"]),
            failed_rows=list(data["failed_rows"]),
            attempts=Counter(data["attempts"]),
        )
        for group, tally in data["tallies"].items():
            progress.tallies[group].merge(tally)
        for outcome in map(Outcome.from_json, data["outcomes"]):
            progress._keep(outcome)
        if progress.done and not progress.recorded:  # of a release that looked for none: finished
            progress.placeholders = progress.placeholders or []
        return progress

    def _keep(self, outcome: Outcome) -> None:
        kept = self.failed if outcome.status == "failed" else self.noted
        if len(kept) < KEPT:
            kept.append(outcome)
