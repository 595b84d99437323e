"""The two tasks: read a stretch of a feed, and bring one batch in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import Task, shared_task
from celery.exceptions import Reject
from celery.utils.time import get_exponential_backoff_interval

from houndstooth.ingest.batches import Entries, numbered_batches, read_entries, write_entries
from houndstooth.ingest.jobs import Job
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.errors import EngineUnavailable, HoundstoothError, WorkersUnavailable

if TYPE_CHECKING:
    from houndstooth.ingest.celery_app import IngestApp

LONGEST_PAUSE_SECONDS = 60
PRODUCT_RETRIES = 3
"""Times that products are tried again which may pass later, before they count as failed."""

DEATHS = 2
"""Workers that may die at a batch before its products are tried one by one, and at a product
before it is left out."""
WORKER_DIED = "worker died"


class JobTask(Task):
    """A step of the job whose id is its first argument; if it cannot pass, the job stops."""

    abstract = True
    autoretry_for = (EngineUnavailable, WorkersUnavailable)
    max_retries = 8
    retry_backoff = True
    retry_backoff_max = LONGEST_PAUSE_SECONDS
    retry_jitter = True

    def retry(self, *args: Any, **kwargs: Any) -> Any:
        """See Celery; where the queue cannot take the retry, this delivery is not settled either.

        Celery would settle it, and the step were lost with the Redis that was away.
        """
        try:
            return super().retry(*args, **kwargs)
        except Reject as lost:
            raise Reject(lost.reason, requeue=True) from lost

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Called by Celery when there is no retry, or none is left."""
        reason = str(exc) if isinstance(exc, HoundstoothError) else f"unforeseen error: {exc!r}"
        self.app.jobs.stop(args[0], reason)


@shared_task(base=JobTask, bind=True, name="ingest.read_feed")
def read_feed(self: JobTask, job_id: str, start: int) -> None:
    """Queue the batches from number ``start`` on, and amid them the task to queue further ones."""
    job = self.app.jobs.get(job_id)
    if job.stopped is None and not self.app.jobs.has_read(job_id, start):
        _queue_stretch(self, job, start)


@shared_task(base=JobTask, bind=True, name="ingest.batch")
def ingest(self: JobTask, job_id: str, number: int, entries: str, tries: int = 0) -> None:
    """Bring one batch in and record what became of its products.

    Args:
        tries: that products of it have had which may pass later; outages of the engine are none.
    """
    job = self.app.jobs.get(job_id)
    if job.stopped is None and not self.app.jobs.has(job_id, number):
        _ingest_batch(self, job, number, read_entries(entries), tries)


def _queue_stretch(task: JobTask, job: Job, start: int) -> None:
    app: IngestApp = task.app
    end = start + app.ahead
    count = 0
    with numbered_batches(job.request) as batches:
        for number, entries in batches:
            if number >= end:
                break
            count = number + 1
            if number == start + app.ahead // 2:
                task.apply_async((job.job_id, end))
            if number >= start:
                ingest.apply_async((job.job_id, number, write_entries(entries)))
        else:
            app.jobs.end_feed(job.job_id, count)
    app.jobs.mark_read(job.job_id, start)


def _ingest_batch(task: JobTask, job: Job, number: int, entries: Entries, tries: int) -> None:
    app: IngestApp = task.app
    deliveries = app.jobs.count_attempt(job.job_id, f"batch {number}, retry {task.request.retries}")
    if deliveries > DEATHS:
        outcomes = _one_by_one(app, job, entries)
    else:
        outcomes = app.ingest(job.request, entries)
    waiting = [outcome.status == "failed" and outcome.retryable for outcome in outcomes]
    if any(waiting) and tries < PRODUCT_RETRIES:
        # What is settled goes along as it is; the rest is tried again.
        rest = [e if w else o for e, w, o in zip(entries, waiting, outcomes, strict=True)]
        pause = get_exponential_backoff_interval(1, tries, LONGEST_PAUSE_SECONDS, full_jitter=True)
        again = (job.job_id, number, write_entries(rest), tries + 1)
        raise task.retry(again, countdown=pause)
    app.jobs.record(job.job_id, number, outcomes, app.extractor.model)


def _one_by_one(app: IngestApp, job: Job, entries: Entries) -> list[Outcome]:
    """A batch without the products at which worker processes die."""
    outcomes: list[Outcome] = []
    for entry in entries:
        if isinstance(entry, Outcome):
            outcomes.append(entry)
            continue
        row = f"row {entry.row}"
        if app.jobs.count_attempt(job.job_id, row) > DEATHS:
            outcomes.append(_fatal(entry))
            continue
        try:
            outcomes += app.ingest(job.request, [entry])
        finally:
            app.jobs.forget_attempts(job.job_id, row)
    return outcomes


def _fatal(entry: FeedProduct) -> Outcome:
    reason = f"worker processes died {DEATHS} times at this product"
    return Outcome(entry.product.product_id, "failed", reason, WORKER_DIED, entry.row)
