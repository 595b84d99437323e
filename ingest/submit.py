"""Submit feeds to the workers, and let jobs go on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from celery.exceptions import OperationalError
from redis import RedisError
from tqdm import tqdm

from houndstooth.ingest.batches import check_unchanged, feed_stamp
from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.fewer import check_products
from houndstooth.ingest.job import Job
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.jobs import RECENT
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.patient_engine import check_patience
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.ingest.queue import sending
from houndstooth.ingest.survey import Survey
from houndstooth.mappings.errors import (
    EngineUnavailable,
    HoundstoothError,
    InvalidConfig,
    InvalidInput,
    JobNotFound,
    WorkersUnavailable,
)
from houndstooth.mappings.times import now_ms
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.patience import patience as bounded

NO_WORKER = "no worker answers; start one with: houndstooth worker --concurrency 2"

LOST_SECONDS = 5.0
"""Time in which nothing happens, after which a running job may be lost; see ``lost``.
It is longer than a worker takes from being given a step to beginning it."""

ASIDE_SECONDS = 30.0
"""Time after which a job that has stepped aside goes on, if its engine answers."""

_PING_SECONDS = 5.0


def make_request(
    feed: Path,
    engine: str,
    options: ReadOptions,
    batch: int,
    visual_only: bool = False,
    as_of: int | None = None,
    delete_at_most: str | None = None,
    patience: float = Settings.engine_patience,
) -> JobRequest:
    """Make the request for a job; the feed is opened, so that an unusable one is refused here.

    Args:
        feed: its path.
        engine: URL of the engine.
        options: what the user says about the feed.
        batch: products a batch.
        visual_only: write only ``visual``.
        as_of: time of the state of the shop that the feed shows; None is that of this call.
        delete_at_most: how many products that the feed does not have may be deleted; None: none.
        patience: see JobRequest.

    Raises:
        InvalidFeed: not a file, or its columns are unclear.
        InvalidConfig: an engine that is one machine's own.
    """
    if engine.startswith("sqlite"):
        raise InvalidConfig("expected an engine that workers share, opensearch://…; got SQLite")
    path = feed.absolute()
    stamp = feed_stamp(path)
    with open_feed(path, options.encoding) as opened:
        read_feed(opened, options)
        return JobRequest(
            path,
            stamp,
            engine,
            options,
            batch,
            opened.size,
            visual_only,
            as_of=now_ms() if as_of is None else as_of,
            delete_at_most=delete_at_most,
            patience=patience,
        )


def survey_feed(request: JobRequest) -> dict[str, Any]:
    """Read a feed to its end, and return what it is read as: the JSON of a Survey.

    Raises:
        InvalidFeed: it cannot be read.
    """
    options = request.options
    with open_feed(request.feed, options.encoding) as feed:
        reading, entries = read_feed(feed, options, facts=not request.visual_only)
        survey = Survey(feed, reading)
        with tqdm(total=feed.size, unit=" rows", desc="reading", disable=None) as bar:
            for entry in entries:
                if isinstance(entry, FeedProduct):
                    survey.add(entry.product)
                bar.update()
        return survey.to_json()


def submit(app: IngestApp, request: JobRequest, allow_fewer: bool = False) -> str:
    """Submit a feed to the workers; return the job's id.

    The feed is read to its end before, so that the job can say what it is read as. Its language
    goes with the job: each worker would detect it again.

    Args:
        app: where to.
        request: what is asked for.
        allow_fewer: take a feed without products, or with far fewer than its last job.

    Raises:
        InvalidFeed: the feed cannot be read.
        FewerProducts: it has no product, or fewer than half of those of its last job.
        WorkersUnavailable: Redis is away, or no worker answers.
    """
    _check_workers(app)
    survey = survey_feed(request)
    if not allow_fewer:
        check_products(survey["products"], _last_products(app, request))
    options = replace(request.options, language=survey["language"] or "")
    return _submit(app, replace(request, options=options), survey)


def retry(app: IngestApp, job_id: str) -> str:
    """Submit the products of a job that failed as a new job; return its id.

    Raises:
        JobNotFound: none of that id.
        InvalidFeed: its feed has changed.
        InvalidInput: it still runs, or nothing failed.
        WorkersUnavailable: Redis is away, or no worker answers.
    """
    job = app.jobs.get(job_id)
    if job.state == "running" or not job.failed_rows:
        state = "it still runs" if job.state == "running" else "nothing failed"
        raise InvalidInput(f"expected a job that has ended and has failures; got {job_id}: {state}")
    check_unchanged(job.request)
    _check_workers(app)
    rows = job.failed_rows
    request = replace(job.request, rows=rows, size=len(rows), delete_at_most=None)
    return _submit(app, request, job.survey)


def resume(app: IngestApp, job_id: str) -> None:
    """Let a job go on that stopped or was lost.

    Raises:
        JobNotFound: none of that id.
        InvalidFeed: its feed has changed.
        InvalidInput: it is finished.
        WorkersUnavailable: Redis is away.
    """
    check_unchanged(app.jobs.get(job_id).request)
    app.queue.ping()
    app.jobs.resume(job_id)
    _queue(app, job_id)


def bring_back(app: IngestApp) -> list[str]:
    """Queue the jobs again that are lost, and those whose engine answers again; return their ids.

    The latter had stepped aside. They come last, as an engine may take its time to answer.

    Raises:
        WorkersUnavailable: Redis is away.
    """
    running = app.jobs.running()
    jobs = []
    gone = lost(app, running)
    for job in sorted(running, key=lambda job: job.job_id not in gone):
        with suppress(HoundstoothError):  # it keeps no other job waiting
            if job.job_id not in gone and not (job.is_aside and _may_go_on(app, job)):
                continue
            if app.jobs.resume_if_quiet(job, LOST_SECONDS):
                _queue(app, job.job_id)
                jobs.append(job.job_id)
    return jobs


def lost(app: IngestApp, jobs: Iterable[Job]) -> set[str]:
    """Return the ids of those of some running jobs that do not go on by themselves.

    Nothing of them waits in the queue, and no worker has what they go on by: a Redis that was away
    or full may have forgotten it, or still count it as given to a worker that has given it back.
    A worker has what it has begun, and what it is to try again later.

    Raises:
        WorkersUnavailable: Redis is away.
    """
    quiet = [job for job in jobs if not job.is_aside and job.quiet > LOST_SECONDS]
    ids = {job.job_id for job in quiet}
    # Before what waits: what a worker gives back meanwhile waits then.
    at_hand = app.queue.delivered({job.job_id for job in quiet if job.is_at_hand})
    ids -= at_hand | app.queue.put_off(ids)
    return ids - app.queue.waiting(ids)


def _may_go_on(app: IngestApp, job: Job) -> bool:
    """Look whether the engine of a job answers; stop the job if it was away for too long."""
    if job.quiet < ASIDE_SECONDS:
        return False
    engine = open_engine(job.request.engine, app.settings.credentials)
    try:
        with bounded(_PING_SECONDS):
            engine.ping()
        return True
    except EngineUnavailable as error:
        since = job.away_since or time.time() - job.quiet
        try:
            check_patience(error, time.time() - since, job.request.patience)
        except EngineUnavailable as final:
            app.jobs.stop(job.job_id, str(final), final.public)
        return False
    finally:
        engine.close()


def worker_answers(app: IngestApp) -> bool:
    """Check whether at least one worker answers.

    Raises:
        WorkersUnavailable: Redis is away.
    """
    try:
        return bool(app.control.ping(timeout=_PING_SECONDS, limit=1))
    except (OperationalError, RedisError) as error:
        raise WorkersUnavailable(f"cannot reach the workers: {error}") from None


def _check_workers(app: IngestApp) -> None:
    app.queue.ping()
    if not worker_answers(app):
        raise WorkersUnavailable(NO_WORKER)


def _submit(app: IngestApp, request: JobRequest, survey: Mapping[str, Any] | None) -> str:
    job_id = app.jobs.create(request, survey)
    try:
        _check_seen(app, job_id)
        _queue(app, job_id)
    except WorkersUnavailable as error:
        app.jobs.stop(job_id, str(error), error.public)
        raise
    return job_id


def _check_seen(app: IngestApp, job_id: str) -> None:
    """Raise if the first worker that answers does not see the job."""
    options: dict[str, Any] = {"reply": True, "timeout": _PING_SECONDS, "limit": 1}
    with app.queue.errors():
        answers = app.control.broadcast("sees_job", arguments={"job_id": job_id}, **options)
    for answer in answers or ():
        for worker, found in answer.items():
            if not found.get("sees"):
                raise WorkersUnavailable(
                    f"expected workers to write to {app.jobs.folder.absolute()}, the folder of "
                    f"jobs here (HOUNDSTOOTH_JOBS); {worker} has another one"
                )


def _last_products(app: IngestApp, request: JobRequest) -> int:
    """Return how many products the last job of a feed had; 0 if there is none."""
    for job_id in app.jobs.recent(RECENT):
        with suppress(JobNotFound, WorkersUnavailable):
            job = app.jobs.get(job_id)
            is_same = (job.request.feed, job.request.engine) == (request.feed, request.engine)
            if is_same and job.request.rows is None and job.state == "finished" and job.survey:
                return int(job.survey["products"])
    return 0


def _queue(app: IngestApp, job_id: str) -> None:
    with sending():
        app.send_task("ingest.read_feed", (job_id, 0))
