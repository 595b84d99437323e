"""Define the Celery tasks: read a part of a feed, ingest one batch, delete what is missing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from celery import Task, shared_task
from celery.exceptions import Ignore, Reject
from celery.utils.log import get_task_logger
from celery.utils.time import get_exponential_backoff_interval
from celery.worker.control import inspect_command

from houndstooth.ingest.batches import Entries, numbered_batches, read_entries, write_entries
from houndstooth.ingest.deletion import delete_some, plan_deletion
from houndstooth.ingest.job import Job
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.patient_engine import Pause, check_patience, patient
from houndstooth.ingest.placeholders import set_placeholders_aside
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

_LOG = get_task_logger(__name__)

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
    autoretry_for = (WorkersUnavailable,)
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
    if job.state != "running" or job.is_aside or app.jobs.has_queued(job_id, start):
        return
    with app.job_steps.step(job_id, f"read {start}", BATCH_SECONDS) as attempts:
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
    """Delete some of what the feed of a job does not have, once all of its batches are recorded.

    What is left is queued again, so that each part has a time limit of its own.
    """
    app: IngestApp = self.app
    job = app.jobs.get(job_id)
    if not job.awaits_deletion or job.is_aside:
        return
    with app.job_steps.step(job_id, "deletion", BATCH_SECONDS) as attempts:
        if attempts > MAX_DEATHS:
            doing = "as they deleted what the feed does not have"
            raise InvalidFeed(_deaths(doing, BATCH_SECONDS))
        if not _delete_some(self, job):
            with sending():
                self.apply_async((job_id,))


@inspect_command(args=[("job_id", str)], signature="JOB")
def sees_job(state: Any, job_id: str) -> dict[str, bool]:
    """Tell whether this worker can read and write what is kept of a job."""
    return {"sees": state.app.jobs.is_usable(job_id)}


class _Outage:
    """The outage of a job's engine, which a process waits for with a batch in its hands.

    What the batch has been recognised as is written when the engine is back. Nobody else is given
    the batch meanwhile. If a job of another engine could go on, this one steps aside for it.

    Args:
        task: The task that has the batch.
        job: Its job.
    """

    def __init__(self, task: JobTask, job: Job) -> None:
        self._app: IngestApp = task.app
        self._job = job
        self._tag = (task.request.properties or {}).get("delivery_tag")

    @contextmanager
    def __call__(self, error: EngineUnavailable) -> Iterator[Pause]:
        """See ``patient_engine.Outage``."""
        began = time.monotonic()
        _LOG.warning("job %s waits for its engine: %s", self._job.job_id, error)
        with self._app.job_steps.paused(self._job.job_id, str(error)) as since:
            yield partial(self._pause, since)
        _LOG.warning("job %s goes on after %.0f s", self._job.job_id, time.monotonic() - began)

    def _pause(self, since: float, error: EngineUnavailable, seconds: float) -> None:
        app, job = self._app, self._job
        check_patience(error, time.time() - since, job.request.patience)
        if app.is_ending:
            raise Reject("the worker was asked to end", requeue=True)
        now = app.jobs.get(job.job_id)
        if now.state != "running" or now.is_aside:
            raise Ignore
        if any(_could_go_on(other, job) for other in app.jobs.running()):
            app.jobs.step_aside(job.job_id)
            raise Ignore
        if self._tag:
            with suppress(WorkersUnavailable):  # Redis may be away as well
                app.queue.keep(self._tag)
        time.sleep(seconds)


def _could_go_on(other: Job, job: Job) -> bool:
    return other.request.engine != job.request.engine and other.away is None


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
            if app.jobs.get(job.job_id).done == count > 0:  # the end was not known to the last
                _set_placeholders_aside(app, job, _Outage(task, job))
    app.jobs.mark_queued(job.job_id, start)
    _queue_deletion(app, job)


def _queue_deletion(app: IngestApp, job: Job) -> None:
    """Queue the deletion if nothing else is left to do; if it is lost, the job is brought back."""
    if job.request.delete_at_most is not None and app.jobs.queue_deletion(job.job_id):
        with sending():
            delete_missing.apply_async((job.job_id,))


def _delete_some(task: JobTask, job: Job) -> bool:
    """Delete some of what was counted first, by whatever attempt; tell whether that was all."""
    app: IngestApp = task.app
    request = job.request
    engine = patient(app.engine(request.engine), _Outage(task, job))
    if request.as_of is None or request.delete_at_most is None:
        return True
    planned = job.planned
    if planned is None:
        found = job.failed, job.totals["failed"]
        planned = plan_deletion(engine, request.as_of, request.delete_at_most, *found)
        planned = app.jobs.plan_deletion(job.job_id, planned)
    done = delete_some(engine, request.as_of, job.failed, planned)
    if done is not None:
        app.jobs.record_deletion(job.job_id, done)
    return done is not None


def _ingest_batch(
    task: JobTask, job: Job, number: int, entries: Entries, tries: int, singly: bool
) -> None:
    app: IngestApp = task.app
    outage = _Outage(task, job)
    if singly:
        outcomes = _one_by_one(app, job, entries, outage)
    else:
        outcomes = app.ingest(job.request, entries, outage)
    retryable = [outcome.status == "failed" and outcome.retryable for outcome in outcomes]
    if any(retryable) and tries < MAX_PRODUCT_RETRIES:
        # Final outcomes are passed on unchanged; only the other products are ingested again.
        rest = [e if r else o for e, r, o in zip(entries, retryable, outcomes, strict=True)]
        pause = get_exponential_backoff_interval(1, tries, MAX_PAUSE_SECONDS, full_jitter=True)
        arguments = (job.job_id, number, write_entries(rest), tries + 1)
        raise task.retry(arguments, countdown=pause)
    if app.jobs.arrive(job.job_id, number):
        _set_placeholders_aside(app, job, outage)
    app.jobs.record(job.job_id, number, outcomes, app.extractor(job.request.engine).model)
    _queue_deletion(app, job)


def _set_placeholders_aside(app: IngestApp, job: Job, outage: _Outage) -> None:
    """Look for placeholders once all products are written."""
    settings = app.settings
    engine = patient(app.engine(job.request.engine), outage)
    model, field = app.extractor(job.request.engine).model, settings.variant_field
    found = set_placeholders_aside(engine, model, settings.shared_picture, field)
    app.jobs.record_placeholders(job.job_id, found)


def _one_by_one(app: IngestApp, job: Job, entries: Entries, outage: _Outage) -> list[Outcome]:
    """Ingest products one at a time, without those at which worker processes have died."""
    outcomes: list[Outcome] = []
    app.extractor(job.request.engine)  # its loading is not to count for the first product
    for entry in entries:
        if isinstance(entry, Outcome):
            outcomes.append(entry)
            continue
        with app.job_steps.step(job.job_id, f"row {entry.row}", PRODUCT_SECONDS) as attempts:
            if attempts > MAX_DEATHS:
                outcomes.append(_fatal(entry))
            else:
                outcomes += app.ingest(job.request, [entry], outage)
    return outcomes


def _fatal(entry: FeedProduct) -> Outcome:
    reason = _deaths("at this product", PRODUCT_SECONDS)
    return Outcome(entry.product.product_id, "failed", reason, WORKER_DIED, entry.row)


def _deaths(where: str, seconds: float) -> str:
    """Say why a step is not tried again."""
    return (
        f"worker processes died {MAX_DEATHS} times {where}, or took longer than {seconds} s; "
        "their log says where"
    )
