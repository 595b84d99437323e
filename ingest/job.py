"""Define the state of an ingest job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from houndstooth.ingest.deletion import Deletion
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.placeholders import Placeholder
from houndstooth.ingest.progress import Last


@dataclass(frozen=True)
class Job:
    """The state of a job.

    Attributes:
        batches: Number of batches; None until the whole feed has been read.
        done: Number of batches whose outcomes are recorded.
        totals: Number of products by status.
        model: Name and version of the weights; empty until the first batch is done.
        started: Start time, in seconds since 1970.
        seconds: Time from the start to the last recorded batch.
        stopped: Why the job stopped before the end of the feed, or None.
        stopped_public: The same for everybody: without paths and addresses of servers.
        survey: What the feed was read as, the JSON of a Survey, or None.
        tallies: JSON of the counts and examples by kind, by group; see ``ingest.tally``.
        failed: The first outcomes of products that failed; ``totals`` counts all.
        noted: The first outcomes of products that came in with a note, or were left out.
        failed_rows: Lines of all products that failed.
        quiet: Time since anything happened, in seconds.
        away: Why workers wait for the engine, or None.
        away_since: Since when, in seconds since 1970; 0 if they do not.
        planned: What is to be deleted because the feed does not have it; None until it is counted.
        deletion: The same once it is deleted.
        placeholders: Pictures that stand under many unlike products.
        awaits: The step that is next once all batches are recorded, or None.
        is_at_hand: Whether a process has what the job goes on by; see Progress.
        is_aside: Whether it lets the jobs of other engines pass while its own is away.
    """

    job_id: str
    request: JobRequest
    batches: int | None
    done: int
    totals: Mapping[str, int]
    model: str
    started: float
    seconds: float
    stopped: str | None
    stopped_public: str | None
    survey: Mapping[str, Any] | None
    tallies: Mapping[str, Mapping[str, Any]]
    failed: Sequence[Outcome]
    noted: Sequence[Outcome]
    failed_rows: Sequence[int]
    quiet: float
    away: str | None = None
    away_since: float = 0.0
    is_at_hand: bool = False
    is_aside: bool = False
    planned: Deletion | None = None
    deletion: Deletion | None = None
    placeholders: Sequence[Placeholder] = ()
    awaits: Last | None = None

    @property
    def state(self) -> Literal["running", "finished", "stopped"]:
        """Return the state: running, finished or stopped."""
        if self.stopped is not None:
            return "stopped"
        return "finished" if self.done == self.batches and not self.awaits else "running"

    @property
    def products(self) -> int:
        """Number of products whose outcome is recorded."""
        return sum(self.totals.values())
