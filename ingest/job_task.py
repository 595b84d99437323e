"""Define what the steps of an ingest job share: how they fail, and how they wait for an engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from celery import Task
from celery.exceptions import Ignore, Reject
from celery.utils.log import get_task_logger

from houndstooth.ingest.job import Job
from houndstooth.ingest.patient_engine import Pause, check_patience
from houndstooth.mappings.errors import (
    EngineUnavailable,
    HoundstoothError,
    JobNotFound,
    WorkersUnavailable,
)

if TYPE_CHECKING:
    from houndstooth.ingest.celery_app import IngestApp

_LOG = get_task_logger(__name__)

MAX_PAUSE_SECONDS = 60
"""Longest pause before a retry."""

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


class JobOutage:
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
