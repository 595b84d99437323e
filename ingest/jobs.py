"""Store ingest jobs in a folder that workers, commands and the page share.

Each job is a journal, ``ID.jsonl`` (``ingest.journal``), kept for ``KEPT_SECONDS`` after its last
event. Redis holds no more than the queue, so what is known of a job outlives it. The outcomes of a
batch are recorded once: a batch that is delivered again changes nothing.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from houndstooth.ingest.deletion import Deletion
from houndstooth.ingest.job import Job
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.journal import Journal, Write
from houndstooth.ingest.outcome import STATUSES, Outcome
from houndstooth.ingest.placeholders import Placeholder
from houndstooth.ingest.progress import Last, Progress
from houndstooth.ingest.tally import tally_by_group
from houndstooth.mappings.errors import InvalidInput, JobNotFound, WorkersUnavailable

KEPT_SECONDS = 7 * 24 * 3600
_ID = re.compile(r"[0-9a-f]{12}")
RECENT = 1000
LAST: Mapping[Last, int] = {"deletion": -1, "placeholders": -2}
"""Stand for the last steps among the parts of a feed that are queued."""

_OPEN = 256
"""Journals that a process keeps in memory, so that it reads of each only what is new."""


class Jobs:
    """Stores jobs in one folder.

    Every method raises WorkersUnavailable if the folder cannot be used, and those of one job
    JobNotFound if there is none of that id.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ended: dict[str, int] = {}
        self._journal = lru_cache(_OPEN)(lambda job_id: Journal(self._path(job_id)))

    def create(self, request: JobRequest, survey: Mapping[str, Any] | None = None) -> str:
        """Create a job and return its id; remove those that are older than ``KEPT_SECONDS``.

        Args:
            request: The parameters.
            survey: What the feed was read as; see Job.
        """
        with self._errors():
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in self.folder.iterdir():
                with suppress(FileNotFoundError):  # removed by another process meanwhile
                    is_old = path.stat().st_mtime < time.time() - KEPT_SECONDS
                    if is_old and path.suffix in (".jsonl", ".new"):
                        path.unlink()
            while True:
                now = time.time_ns()
                job_id = f"{now >> 16:012x}"  # ids are in the order of creation
                progress = Progress(request.to_json(), survey, now / 1e9, now / 1e9)
                with suppress(FileExistsError):
                    Journal.create(self._path(job_id), progress)
                    return job_id

    def get(self, job_id: str) -> Job:
        """Read the state of a job."""
        with self._errors(job_id), self._journal(job_id).read() as progress:
            return _job(job_id, progress)

    def is_usable(self, job_id: str) -> bool:
        """Tell whether a job is there and this process may read and write it."""
        try:
            with self._locked(job_id):
                return True
        except (JobNotFound, WorkersUnavailable):
            return False

    def recent(self, limit: int = 20) -> list[str]:
        """Return the ids of the newest jobs, newest first."""
        with self._errors():
            if not self.folder.exists():
                return []
            names = (path.stem for path in self.folder.iterdir() if path.suffix == ".jsonl")
            return sorted(filter(_ID.fullmatch, names), reverse=True)[:limit]

    def record(self, job_id: str, number: int, outcomes: list[Outcome], model: str) -> bool:
        """Record the outcomes of a batch unless they are recorded; return whether they were new."""
        with self._locked(job_id) as (progress, write):
            if _has(progress, number):
                return False
            write(
                "record",
                number=number,
                model=model,
                totals=Counter(outcome.status for outcome in outcomes),
                tallies=tally_by_group(outcomes),
                outcomes=[outcome.to_json() for outcome in outcomes if not outcome.is_plain],
            )
            return True

    def has(self, job_id: str, number: int) -> bool:
        """Tell whether the outcomes of a batch are recorded."""
        with self._errors(job_id), self._journal(job_id).read() as progress:
            return _has(progress, number)

    def has_queued(self, job_id: str, start: int) -> bool:
        """Tell whether the part of the feed from batch ``start`` on is queued."""
        with self._errors(job_id), self._journal(job_id).read() as progress:
            return start in progress.parts

    def mark_queued(self, job_id: str, start: int) -> None:
        """Record that the part of the feed from batch ``start`` on is queued."""
        with self._locked(job_id) as (_, write):
            write("queue", start=start)

    def end_feed(self, job_id: str, batches: int) -> None:
        """Record the number of batches, once the whole feed has been read."""
        with self._locked(job_id) as (_, write):
            write("end", batches=batches)

    def queue_last(self, job_id: str) -> Last | None:
        """Mark the step that is next as queued, if all batches are recorded; see Progress.

        Returns:
            What the caller is to queue; None if that is nothing, or it is queued.
        """
        with self._locked(job_id) as (progress, write):
            step = progress.awaits
            if step is None or LAST[step] in progress.parts:
                return None
            write("queue", start=LAST[step])
            return step

    def plan_deletion(self, job_id: str, deletion: Deletion) -> Deletion:
        """Record what is to be deleted, unless that is known; return what is known."""
        with self._locked(job_id) as (progress, write):
            if progress.planned is None:
                write("plan", deletion=deletion.to_json())
            return _deletion(progress.planned) or deletion

    def record_deletion(self, job_id: str, deletion: Deletion) -> None:
        """Record what was deleted, unless that is known."""
        with self._locked(job_id) as (progress, write):
            if progress.deletion is None:
                write("delete", deletion=deletion.to_json())

    def record_placeholders(self, job_id: str, found: Sequence[Placeholder]) -> None:
        """Record the placeholders that were found, unless they are known."""
        with self._locked(job_id) as (progress, write):
            if progress.placeholders is None:
                write("set_aside", placeholders=[one.to_json() for one in found])

    @contextmanager
    def attempt(self, job_id: str, step: str) -> Iterator[int]:
        """Count an attempt at a step, until it ends in whatever way; yield the number of attempts.

        An attempt stays counted if its process dies.
        """
        with self._locked(job_id) as (progress, write):
            write("attempt", step=step)
            count = progress.attempts[step]
        try:
            yield count
        finally:
            with self._locked(job_id) as (progress, write):
                if step in progress.attempts:
                    write("leave", step=step)

    def begin(self, job_id: str, step: str) -> None:
        """Count an attempt again after ``wait``."""
        with self._locked(job_id) as (_, write):
            write("attempt", step=step)

    def wait(self, job_id: str, reason: str) -> float:
        """Note that the engine is away, so that no attempt counts; return since when it is."""
        with self._locked(job_id) as (progress, write):
            write("wait", reason=reason)
            return progress.away_since

    def step_aside(self, job_id: str) -> None:
        """Let a job wait outside of the queue for its engine."""
        with self._locked(job_id) as (_, write):
            write("step_aside")

    def stop(self, job_id: str, reason: str, public: str | None = None) -> None:
        """Stop a job that runs, before its next batch; ``public`` is the reason for everybody."""
        with self._locked(job_id) as (progress, write):
            if progress.stopped is None and not progress.is_finished:
                write("stop", reason=reason, public=reason if public is None else public)

    def resume(self, job_id: str) -> None:
        """Let a job go on that has stopped or is lost.

        Raises:
            InvalidInput: The job is finished.
        """
        with self._locked(job_id) as (progress, write):
            if progress.is_finished:
                raise InvalidInput(f"expected a job that is not finished; got {job_id}")
            write("resume")

    def resume_if_quiet(self, seen: Job, seconds: float) -> bool:
        """Let a running job go on in which nothing happened for a time; tell whether it does.

        Args:
            seen: The job as it was judged by; it goes on only if nothing has been begun since.
            seconds: The time.
        """
        with self._locked(seen.job_id) as (progress, write):
            job = _job(seen.job_id, progress)
            same = job.is_at_hand == seen.is_at_hand
            quiet = job.state == "running" and same and job.quiet > seconds
            if quiet:
                write("resume", by_itself=True)
            return quiet

    def running(self) -> list[Job]:
        """Return the jobs that run, oldest first. One that cannot be read is left out."""
        jobs = []
        for job_id in reversed(self.recent(RECENT)):
            path = self._path(job_id)
            with suppress(JobNotFound, WorkersUnavailable, FileNotFoundError):
                written = path.stat().st_mtime_ns
                if self._ended.get(job_id) == written:
                    continue
                job = self.get(job_id)
                if job.state == "running":
                    jobs.append(job)
                else:
                    self._ended[job_id] = written
        return jobs

    def _path(self, job_id: str) -> Path:
        return self.folder / f"{job_id}.jsonl"

    @contextmanager
    def _locked(self, job_id: str) -> Iterator[tuple[Progress, Write]]:
        with self._errors(job_id), self._journal(job_id).locked() as locked:
            yield locked

    @contextmanager
    def _errors(self, job_id: str = "") -> Iterator[None]:
        try:
            if job_id and not _ID.fullmatch(job_id):
                raise FileNotFoundError
            yield
        except FileNotFoundError:
            raise JobNotFound(
                f"no job {job_id[:40]!r} in the folder of jobs (HOUNDSTOOTH_JOBS), which keeps "
                f"them for {KEPT_SECONDS // 86_400} days"
            ) from None
        except OSError as error:
            raise WorkersUnavailable(
                f"expected to read and write the jobs in {self.folder} (HOUNDSTOOTH_JOBS): {error}"
            ) from None


def _has(progress: Progress, number: int) -> bool:
    return progress.is_finished or number in progress.recorded


def _job(job_id: str, progress: Progress) -> Job:
    return Job(
        job_id=job_id,
        request=JobRequest.from_json(progress.request),
        batches=progress.batches,
        done=progress.done,
        totals={status: progress.totals[status] for status in STATUSES},
        model=progress.model,
        started=progress.started,
        seconds=progress.changed - progress.started,
        stopped=progress.stopped,
        stopped_public=progress.stopped_public,
        survey=progress.survey,
        tallies={group: tally.to_json() for group, tally in progress.tallies.items()},
        failed=sorted(progress.failed, key=lambda one: one.row or 0),
        noted=sorted(progress.noted, key=lambda one: one.row or 0),
        failed_rows=sorted(progress.failed_rows),
        quiet=time.time() - progress.touched,
        away=progress.away,
        away_since=progress.away_since,
        is_at_hand=progress.is_at_hand,
        is_aside=progress.is_aside,
        planned=_deletion(progress.planned),
        deletion=_deletion(progress.deletion),
        placeholders=tuple(map(Placeholder.from_json, progress.placeholders or ())),
        awaits=progress.awaits,
    )


def _deletion(data: Mapping[str, Any] | None) -> Deletion | None:
    return None if data is None else Deletion.from_json(data)
