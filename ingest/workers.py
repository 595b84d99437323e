"""Submits a feed to the workers, follows its job, and reports on it."""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TextIO

from celery.exceptions import OperationalError
from tqdm import tqdm

from houndstooth.ingest.batches import feed_stamp
from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.jobs import Job, JobRequest
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.ingest.report import Report, create_report
from houndstooth.ingest.survey import Survey
from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig, WorkersUnavailable
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine, prepare

NO_WORKER = "no worker answers; start one with: houndstooth worker --concurrency 2"
STILL_RUNNING = "the job is still running"
_POLL_SECONDS = 0.25
_QUIET_SECONDS = 30.0
_PING_SECONDS = 5.0


def ingest(
    request: JobRequest, settings: Settings, report_file: Path | None = None, detach: bool = False
) -> int:
    """Submit a feed to the workers and follow its job; return the exit status.

    Args:
        report_file: path of the JSON report.
        detach: print the job's id and return at once.

    Raises:
        HoundstoothError: nothing could begin.
    """
    app = IngestApp(settings)
    with ExitStack() as stack:
        engine = open_engine(request.engine, settings.credentials)
        stack.callback(engine.close)
        prepare(engine, request.visual_only)
        file = stack.enter_context(create_report(report_file, request.feed))
        job_id = submit(app, request)
        if detach:
            print(job_id)
            return 0
        status = f"houndstooth jobs status {job_id}"
        print(f"job {job_id}; its state at any time: {status}", file=sys.stderr)
        try:
            job = follow(app, job_id)
        except KeyboardInterrupt:
            print(f"the job goes on without this command; its state: {status}", file=sys.stderr)
            return 130
        except WorkersUnavailable as error:
            print(f"error: {error}", file=sys.stderr)
            print(f"the job goes on when it is back; its state: {status}", file=sys.stderr)
            return 3
        with suppress(EngineUnavailable):  # where it went away, the report says so
            engine.refresh()
        print(report(app, job, file))
        return exit_status(job)


def show_status(job_id: str, settings: Settings, report_file: Path | None = None) -> int:
    """Print the state of a job; return the exit status.

    Raises:
        JobNotFound: none of that id.
        WorkersUnavailable: Redis is away.
    """
    app = IngestApp(settings)
    job = app.jobs.get(job_id)
    with ExitStack() as stack:
        file = stack.enter_context(create_report(report_file))
        print(f"job {job.job_id} of {job.request.feed}: {job.state}")
        print(report(app, job, file))
    return exit_status(job)


def make_request(
    feed: Path, engine: str, options: ReadOptions, batch: int, visual_only: bool
) -> JobRequest:
    """Make the request for a job; the feed is opened, so that an unusable one is refused here.

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
        return JobRequest(path, stamp, engine, options, batch, opened.size, visual_only)


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


def submit(app: IngestApp, request: JobRequest) -> str:
    """Submit a feed to the workers; return the job's id.

    The feed is read to its end before, so that the job can say what it is read as. Its language
    goes with the job: each worker would detect it again.

    Raises:
        InvalidFeed: the feed cannot be read.
        WorkersUnavailable: Redis is away, or no worker answers.
    """
    app.jobs.ping()
    if not worker_answers(app):
        raise WorkersUnavailable(NO_WORKER)
    survey = survey_feed(request)
    options = replace(request.options, language=survey["language"] or "")
    request = replace(request, options=options)
    job_id = app.jobs.create(request, survey)
    try:
        app.send_task("ingest.read_feed", (job_id, 0))
    except OperationalError as error:
        raise WorkersUnavailable(f"cannot reach the workers' queue: {error}") from None
    return job_id


def worker_answers(app: IngestApp) -> bool:
    """Check whether at least one worker answers.

    Raises:
        WorkersUnavailable: Redis is away.
    """
    try:
        return bool(app.control.ping(timeout=_PING_SECONDS, limit=1))
    except OperationalError as error:
        raise WorkersUnavailable(f"cannot reach the workers: {error}") from None


def follow(app: IngestApp, job_id: str) -> Job:
    """Show the progress of a job until it ends."""
    job = app.jobs.get(job_id)
    with tqdm(total=job.request.size, unit=" products", disable=None) as bar:
        moved = monotonic()
        while job.state == "running":
            sleep(_POLL_SECONDS)
            done, job = job.products, app.jobs.get(job_id)
            bar.update(job.products - done)
            if job.products != done:
                moved = monotonic()
            elif monotonic() - moved > _QUIET_SECONDS:
                moved = monotonic()
                if not worker_answers(app):
                    bar.write(NO_WORKER, sys.stderr)
    return job


def report(app: IngestApp, job: Job, stream: TextIO | None = None) -> str:
    """Format the state of a job as a table; the JSON report goes to ``stream``."""
    found = Report(job.model, stream, job.survey)
    for batch in app.jobs.outcomes(job.job_id):
        found.add(batch)
    stopped = STILL_RUNNING if job.state == "running" else job.stopped
    return found.close(stopped, job.seconds)


def exit_status(job: Job) -> int:
    """Return 0 if every product was indexed, 1 if some failed or it stopped, 3 if it still runs."""
    if job.state == "running":
        return 3
    return int(job.state == "stopped" or job.totals["failed"] > 0)
