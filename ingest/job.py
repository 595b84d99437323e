"""Define the parameters and the state of an ingest job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import Outcome


@dataclass(frozen=True)
class JobRequest:
    """The parameters of a job, for the workers.

    Attributes:
        feed: Absolute path of the feed; image paths are relative to its folder. Workers must be
            able to read both.
        stamp: Size and time of the feed's last change; it must not change during the job.
        engine: URL of the engine. Workers have its credentials in their own settings.
        options: What the user says about the feed.
        batch: Products per batch.
        size: Number of lines that may hold products, if known.
        visual_only: Write only ``visual``, to products that are in the index.
        rows: Lines of the products to ingest; None = all.
        patience: How long its engine is waited for while it is away, in seconds.
    """

    feed: Path
    stamp: str
    engine: str
    options: ReadOptions
    batch: int
    size: int | None = None
    visual_only: bool = False
    rows: Sequence[int] | None = None
    patience: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON, for ``from_json``."""
        return asdict(self) | {"feed": str(self.feed)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JobRequest:
        """Read the JSON of ``to_json``."""
        options = ReadOptions(**data["options"])
        return cls(**{**data, "feed": Path(data["feed"]), "options": options})


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
        survey: What the feed was read as, the JSON of a Survey, or None.
        tallies: JSON of the counts and examples by kind, by group; see ``ingest.tally``.
        failed: The first outcomes of products that failed; ``totals`` counts all.
        noted: The first outcomes of products that came in with a note, or were left out.
        failed_rows: Lines of all products that failed.
        quiet: Time since anything happened, in seconds.
        away: Why workers wait for the engine, or None.
        away_since: Since when, in seconds since 1970; 0 if they do not.
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
    survey: Mapping[str, Any] | None
    tallies: Mapping[str, Mapping[str, Any]]
    failed: Sequence[Outcome]
    noted: Sequence[Outcome]
    failed_rows: Sequence[int]
    quiet: float
    away: str | None = None
    away_since: float = 0.0
    is_aside: bool = False

    @property
    def state(self) -> Literal["running", "finished", "stopped"]:
        """Return the state: running, finished or stopped."""
        if self.stopped is not None:
            return "stopped"
        return "finished" if self.done == self.batches else "running"

    @property
    def products(self) -> int:
        """Number of products whose outcome is recorded."""
        return sum(self.totals.values())
