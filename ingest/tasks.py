"""Define the Celery tasks: read a part of a feed, ingest one batch, and the last steps of a job.

The last steps delete what is missing and look for placeholders, in parts with a time limit each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from celery import shared_task
from celery.utils.time import get_exponential_backoff_interval
from celery.worker.control import inspect_command

from houndstooth.ingest.batches import Entries, numbered_batches, read_entries, write_entries
from houndstooth.ingest.deletion import Deletion, delete_some, plan_deletion
from houndstooth.ingest.job import Job
from houndstooth.ingest.job_task import MAX_PAUSE_SECONDS, JobOutage, JobTask
from houndstooth.ingest.outcome import Ingested, Outcome
from houndstooth.ingest.placeholders import Placeholder, set_some_aside
from houndstooth.ingest.products import FeedProduct
from houndstooth.ingest.progress import READ, Last
from houndstooth.ingest.queue import sending
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import InvalidFeed
from houndstooth.plugin.config import Settings

if TYPE_CHECKING:
    from houndstooth.ingest.celery_app import IngestApp

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


@shared_task(base=JobTask, bind=True, name="ingest.read_feed")
def read_feed(self: JobTask, job_id: str, start: int) -> None:
    """Queue the batches from ``start`` on, and halfway the task that reads the next part."""
    app: IngestApp = self.app
    job = app.jobs.get(job_id)
    if job.state != "running" or job.is_aside or app.jobs.has_queued(job_id, start):
        return
    with app.job_steps.step(job_id, f"{READ}{start}", BATCH_SECONDS) as attempts:
        if attempts > MAX_DEATHS:
            raise InvalidFeed(_deaths("as they read the feed", BATCH_SECONDS))
        _queue_part(self, job, start)


@shared_task(base=JobTask, bind=True, name="ingest.batch")
def ingest(self: JobTask, job_id: str, number: int, entries: str, tries: int = 0) -> None:
    """Ingest one batch and record its outcomes.

    Args:
        self: The task.
        job_id: Id of the job.
        number: Number of the batch.
        entries: The batch, from ``write_entries``.
        tries: Retries so far of its products with a retryable failure.
    """
    app: IngestApp = self.app
    job = app.jobs.get(job_id)
    if job.state != "running" or job.is_aside or app.jobs.has(job_id, number):
        return
    with app.job_steps.step(job_id, f"batch {number}", BATCH_SECONDS) as attempts:
        _ingest_batch(self, job, number, read_entries(entries), tries, attempts > MAX_DEATHS)


@shared_task(base=JobTask, bind=True, name="ingest.delete_missing")
def delete_missing(self: JobTask, job_id: str) -> None:
    """Delete some of what the feed of a job does not have, once all of its batches are recorded."""
    _do_part(self, job_id, "deletion", _delete_some, "as they deleted what the feed does not have")


@shared_task(base=JobTask, bind=True, name="ingest.look_for_placeholders")
def look_for_placeholders(self: JobTask, job_id: str) -> None:
    """Look for placeholders, and take some off, once all products are as they are to be."""
    _do_part(self, job_id, "placeholders", _set_some_aside, "as they looked for placeholders")


@inspect_command(args=[("job_id", str)], signature="JOB")
def sees_job(state: Any, job_id: str) -> dict[str, bool]:
    """Tell whether this worker can read and write what is kept of a job."""
    return {"sees": state.app.jobs.is_usable(job_id)}


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
    _queue_last(app, job.job_id)


def _queue_last(app: IngestApp, job_id: str) -> None:
    """Queue the step that follows the last batch; if it is lost, the job is brought back."""
    step = app.jobs.queue_last(job_id)
    if step is not None:
        task = delete_missing if step == "deletion" else look_for_placeholders
        with sending():
            task.apply_async((job_id,))


def _do_part(
    task: JobTask, job_id: str, step: Last, part: Callable[[JobTask, Job], bool], doing: str
) -> None:
    """Do a part of a last step; what is left is queued again, with a time limit of its own."""
    app: IngestApp = task.app
    job = app.jobs.get(job_id)
    if job.awaits != step or job.is_aside:
        return
    with app.job_steps.step(job_id, step, BATCH_SECONDS) as attempts:
        if attempts > MAX_DEATHS:
            raise InvalidFeed(_deaths(doing, BATCH_SECONDS))
        if part(task, job):
            _queue_last(app, job_id)
        else:
            with sending():
                task.apply_async((job_id,))


def _delete_some(task: JobTask, job: Job) -> bool:
    """Delete some of what was counted first, by whatever attempt; tell whether that was all."""
    app: IngestApp = task.app
    request = job.request
    as_of, at_most = request.as_of, request.delete_at_most
    if as_of is None or at_most is None:
        return True

    def delete(engine: Engine, _: Settings) -> Deletion | None:
        planned = job.planned
        if planned is None:
            found = job.failed, job.totals["failed"]
            planned = plan_deletion(engine, as_of, at_most, *found)
            planned = app.jobs.plan_deletion(job.job_id, planned)
        return delete_some(engine, as_of, job.failed, planned)

    done = app.by_version(request.engine, JobOutage(task, job), delete)
    if done is not None:
        app.jobs.record_deletion(job.job_id, done)
    return done is not None


def _ingest_batch(
    task: JobTask, job: Job, number: int, entries: Entries, tries: int, singly: bool
) -> None:
    app: IngestApp = task.app
    outage = JobOutage(task, job)
    if singly:
        outcomes, model = _one_by_one(app, job, entries, outage)
    else:
        outcomes, model = app.ingest(job.request, entries, outage)
    retryable = [outcome.status == "failed" and outcome.retryable for outcome in outcomes]
    if any(retryable) and tries < MAX_PRODUCT_RETRIES:
        # Final outcomes are passed on unchanged; only the other products are ingested again.
        rest = [e if r else o for e, r, o in zip(entries, retryable, outcomes, strict=True)]
        pause = get_exponential_backoff_interval(1, tries, MAX_PAUSE_SECONDS, full_jitter=True)
        arguments = (job.job_id, number, write_entries(rest), tries + 1)
        raise task.retry(arguments, countdown=pause)
    app.jobs.record(job.job_id, number, outcomes, model)
    _queue_last(app, job.job_id)


def _set_some_aside(task: JobTask, job: Job) -> bool:
    """Take some placeholders off their products; tell whether that was all."""
    app: IngestApp = task.app

    def set_aside(engine: Engine, settings: Settings) -> list[Placeholder] | None:
        model = app.recent(settings).extractor.model
        return set_some_aside(engine, model, settings.shared_picture, settings.variant_field)

    found = app.by_version(job.request.engine, JobOutage(task, job), set_aside)
    if found is not None:
        app.jobs.record_placeholders(job.job_id, found)
    return found is not None


def _one_by_one(app: IngestApp, job: Job, entries: Entries, outage: JobOutage) -> Ingested:
    """Ingest products one at a time, without those at which worker processes have died."""
    outcomes: list[Outcome] = []
    # Its loading is not to count for the first product.
    model = app.extractor(job.request.engine).model
    for entry in entries:
        if isinstance(entry, Outcome):
            outcomes.append(entry)
            continue
        with app.job_steps.step(job.job_id, f"row {entry.row}", PRODUCT_SECONDS) as attempts:
            if attempts > MAX_DEATHS:
                outcomes.append(_fatal(entry))
            else:
                some, model = app.ingest(job.request, [entry], outage)
                outcomes += some
    return Ingested(outcomes, model)


def _fatal(entry: FeedProduct) -> Outcome:
    reason = _deaths("at this product", PRODUCT_SECONDS)
    return Outcome(entry.product.product_id, "failed", reason, WORKER_DIED, entry.row)


def _deaths(where: str, seconds: float) -> str:
    """Say why a step is not tried again."""
    return (
        f"worker processes died {MAX_DEATHS} times {where}, or took longer than {seconds} s; "
        "their log says where"
    )
