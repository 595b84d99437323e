"""Define the two Celery tasks: read a part of a feed, and ingest one batch."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from celery import Task, shared_task
from celery.exceptions import Reject
from celery.utils.time import get_exponential_backoff_interval
from celery.worker.control import inspect_command

from houndstooth.ingest.batches import Entries, numbered_batches, read_entries, write_entries
from houndstooth.ingest.deletion import delete_planned, plan_deletion
from houndstooth.ingest.jobs import Job
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.ingest.queue import sending
from houndstooth.mappings.errors import (
    EngineUnavailable,
    HoundstoothError,
    InvalidFeed,
    JobNotFound,
    WorkersUnavailable,
)

if TYPE_CHECKING:
    from houndstooth.ingest.celery_app import IngestApp

MAX_PAUSE_SECONDS = 60
"""Longest pause before a retry."""

MAX_PRODUCT_RETRIES = 3
"""Retries of products with a retryable failure, before they count as failed."""

MAX_DEATHS = 2
"""Worker deaths at a batch after which its products are ingested one by one, and at a product
after which it is left out."""

BATCH_SECONDS = 270
"""Time limit for a batch, and for reading a part of a feed; it ends the process. It is longer than
the slowest image hosts take, and shorter than ``REDELIVERED_AFTER_SECONDS``."""

PRODUCT_SECONDS = 90
"""Time limit for a product that is ingested by itself."""

WORKER_DIED = "worker died"

UNFORESEEN = "an unforeseen error; the workers' log says which"


class JobTask(Task):
    """A step of the job whose id is the first argument; if it fails for good, the job stops."""

    abstract = True
    autoretry_for = (EngineUnavailable, WorkersUnavailable)
    max_retries = 8
    retry_backoff = True
    retry_backoff_max = MAX_PAUSE_SECONDS
    retry_jitter = True

    def retry(self, *args: Any, **kwargs: Any) -> Any:
        """See Celery. If the retry cannot be queued, requeue the current message.

        Celery would acknowledge it, and the step would be lost when Redis cannot be reached.
        """
        try:
            return super().retry(*args, **kwargs)
        except Reject as lost:
            raise Reject(lost.reason, requeue=True) from lost

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Stop the job; Celery calls this when there is no further retry."""
        if isinstance(exc, HoundstoothError):
            reason, public = str(exc), exc.public
        else:
            reason, public = f"unforeseen error: {exc!r}", UNFORESEEN
        with suppress(JobNotFound):
            self.app.jobs.stop(args[0], reason, public)


@shared_task(base=JobTask, bind=True, name="ingest.read_feed")
def read_feed(self: JobTask, job_id: str, start: int) -> None:
    """Queue the batches from ``start`` on, and halfway the task that reads the next part."""
    app: IngestApp = self.app
    job = app.jobs.get(job_id)
    if job.state != "running" or app.jobs.has_queued(job_id, start):
        return
    with app.jobs.attempt(job_id, f"read {start}") as attempts, limited(BATCH_SECONDS):
        if attempts > MAX_DEATHS:
            raise InvalidFeed(
                f"worker processes died {MAX_DEATHS} times as they read the feed, or took longer "
                f"than {BATCH_SECONDS} s; their log says where"
            )
        _queue_part(self, job, start)


@shared_task(base=JobTask, bind=True, name="ingest.batch")
def ingest(self: JobTask, job_id: str, number: int, entries: str, tries: int = 0) -> None:
    """Ingest one batch and record its outcomes.

    Args:
        self: The task.
        job_id: Id of the job.
        number: Number of the batch.
        entries: The batch, from ``write_entries``.
        tries: Retries so far of its products with a retryable failure. Retries after an outage
            of the engine are not counted.
    """
    app: IngestApp = self.app
    job = app.jobs.get(job_id)
    if job.state != "running" or app.jobs.has(job_id, number):
        return
    with app.jobs.attempt(job_id, f"batch {number}") as attempts, limited(BATCH_SECONDS):
        _ingest_batch(self, job, number, read_entries(entries), tries, attempts > MAX_DEATHS)


@shared_task(base=JobTask, bind=True, name="ingest.delete_missing")
def delete_missing(self: JobTask, job_id: str) -> None:
    """Delete what the feed of a job does not have, once all of its batches are recorded."""
    app: IngestApp = self.app
    job = app.jobs.get(job_id)
    if not job.awaits_deletion:
        return
    with app.jobs.attempt(job_id, "deletion") as attempts, limited(BATCH_SECONDS):
        if attempts > MAX_DEATHS:
            raise InvalidFeed(
                f"worker processes died {MAX_DEATHS} times as they deleted what the feed does not "
                f"have, or took longer than {BATCH_SECONDS} s; their log says where"
            )
        _delete_missing(app, job)


@inspect_command(args=[("job_id", str)], signature="JOB")
def sees_job(state: Any, job_id: str) -> dict[str, bool]:
    """Tell whether this worker can read and write what is kept of a job."""
    return {"sees": state.app.jobs.is_usable(job_id)}


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End the process when a time limit is over; its log then says where it was.

    The batch at hand is delivered again, as after any death. Limits do not add up: a second one
    replaces the first.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=2)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _queue_part(task: JobTask, job: Job, start: int) -> None:
    app: IngestApp = task.app
    end = start + app.ahead
    count = 0
    with numbered_batches(job.request) as batches, sending():
        for number, entries in batches:
            if number >= end:
                break
            count = number + 1
            if number == start + app.ahead // 2:
                task.apply_async((job.job_id, end))
            if number >= start and not app.jobs.has(job.job_id, number):
                ingest.apply_async((job.job_id, number, write_entries(entries)))
        else:
            app.jobs.end_feed(job.job_id, count)
    app.jobs.mark_queued(job.job_id, start)
    _queue_deletion(app, job.job_id)


def _queue_deletion(app: IngestApp, job_id: str) -> None:
    """Queue the deletion if nothing else is left to do; if it is lost, the job is brought back."""
    if app.jobs.get(job_id).awaits_deletion:
        with sending():
            delete_missing.apply_async((job_id,))


def _delete_missing(app: IngestApp, job: Job) -> None:
    """Delete what was counted first; an attempt after a worker's death goes on with that."""
    request, engine = job.request, app.engine(job.request.engine)
    if request.as_of is None or request.delete_at_most is None:
        return
    planned = job.planned
    if planned is None:
        found = job.failed, job.totals["failed"]
        planned = plan_deletion(engine, request.as_of, request.delete_at_most, *found)
        planned = app.jobs.plan_deletion(job.job_id, planned)
    done = delete_planned(engine, request.as_of, job.failed, planned)
    app.jobs.record_deletion(job.job_id, done)


def _ingest_batch(
    task: JobTask, job: Job, number: int, entries: Entries, tries: int, singly: bool
) -> None:
    app: IngestApp = task.app
    outcomes = _one_by_one(app, job, entries) if singly else app.ingest(job.request, entries)
    retryable = [outcome.status == "failed" and outcome.retryable for outcome in outcomes]
    if any(retryable) and tries < MAX_PRODUCT_RETRIES:
        # Final outcomes are passed on unchanged; only the other products are ingested again.
        rest = [e if r else o for e, r, o in zip(entries, retryable, outcomes, strict=True)]
        pause = get_exponential_backoff_interval(1, tries, MAX_PAUSE_SECONDS, full_jitter=True)
        arguments = (job.job_id, number, write_entries(rest), tries + 1)
        raise task.retry(arguments, countdown=pause)
    app.jobs.record(job.job_id, number, outcomes, app.extractor.model)
    _queue_deletion(app, job.job_id)


def _one_by_one(app: IngestApp, job: Job, entries: Entries) -> list[Outcome]:
    """Ingest products one at a time, without those at which worker processes have died."""
    outcomes: list[Outcome] = []
    app.extractor  # noqa: B018  # its loading is not to count for the first product
    for entry in entries:
        if isinstance(entry, Outcome):
            outcomes.append(entry)
            continue
        with app.jobs.attempt(job.job_id, f"row {entry.row}") as attempts, limited(PRODUCT_SECONDS):
            if attempts > MAX_DEATHS:
                outcomes.append(_fatal(entry))
            else:
                outcomes += app.ingest(job.request, [entry])
    return outcomes


def _fatal(entry: FeedProduct) -> Outcome:
    reason = (
        f"worker processes died {MAX_DEATHS} times at this product, or took longer than "
        f"{PRODUCT_SECONDS} s; their log says where"
    )
    return Outcome(entry.product.product_id, "failed", reason, WORKER_DIED, entry.row)
