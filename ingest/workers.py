"""Follow a job of the workers, and report on it."""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TextIO

from tqdm import tqdm

from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.job import Job
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.report import Report, create_report
from houndstooth.ingest.submit import NO_WORKER, lost, submit, worker_answers
from houndstooth.mappings.errors import EngineUnavailable, WorkersUnavailable
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine, prepare

STILL_RUNNING = "the job is still running"
WORKS_ON = "no batch ended lately; workers answer, and their log says more"
RESUME = "workers look for such jobs every few seconds; or: houndstooth jobs resume"
_POLL_SECONDS = 0.25
_QUIET_SECONDS = 30.0


def ingest(
    request: JobRequest,
    settings: Settings,
    report_file: Path | None = None,
    no_wait: bool = False,
    allow_fewer: bool = False,
) -> int:
    """Submit a feed to the workers and follow its job; return the exit status.

    Args:
        report_file: path of the JSON report.
        no_wait: print the job's id and return at once.
        allow_fewer: take a feed without products, or with far fewer than the last time.

    Raises:
        FewerProducts: the feed has none, or far fewer than the last time.
        HoundstoothError: nothing could begin.
    """
    app = IngestApp(settings)
    with ExitStack() as stack:
        engine = open_engine(request.engine, settings.credentials)
        stack.callback(engine.close)
        prepare(engine, request.visual_only)
        file = stack.enter_context(create_report(report_file, request.feed))
        job_id = submit(app, request, allow_fewer)
        if no_wait:
            print(job_id)
            return 0
        status = f"houndstooth jobs status {job_id}"
        print(f"job {job_id}; its state at any time: {status}", file=sys.stderr)
        try:
            job = follow(app, job_id)
        except KeyboardInterrupt:
            print(f"the job goes on without this command; its state: {status}", file=sys.stderr)
            return 130
        with suppress(EngineUnavailable):  # where it went away, the report says so
            engine.refresh()
        print(report(job, file))
        return exit_status(job)


def show_status(job_id: str, settings: Settings, report_file: Path | None = None) -> int:
    """Print the state of a job; return the exit status.

    Raises:
        JobNotFound: none of that id.
    """
    app = IngestApp(settings)
    job = app.jobs.get(job_id)
    with ExitStack() as stack:
        file = stack.enter_context(create_report(report_file))
        print(f"job {job.job_id} of {job.request.feed}: {job.state}")
        print(report(job, file))
    if job.state == "running":
        try:
            app.queue.ping()
            if job.away:
                print(_why_away(job), file=sys.stderr)
            elif lost(app, [job]):
                print(f"no step of it is queued or at hand; {RESUME} {job_id}", file=sys.stderr)
        except WorkersUnavailable as error:
            print(f"{error}; the job goes on when it is back", file=sys.stderr)
    return exit_status(job)


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
                bar.write(_why_away(job) if job.away else _why_quiet(app), sys.stderr)
    return job


def _why_away(job: Job) -> str:
    until = datetime.fromtimestamp(job.away_since + job.request.patience)
    return f"it waits for its engine, until {until:%H:%M} at the latest: {job.away}"


def _why_quiet(app: IngestApp) -> str:
    try:
        return WORKS_ON if worker_answers(app) else NO_WORKER
    except WorkersUnavailable as error:
        return f"{error}; the job goes on when it is back"


def report(job: Job, stream: TextIO | None = None) -> str:
    """Format the state of a job as a table; the JSON report goes to ``stream``."""
    found = Report(job.model, stream, job.survey)
    listed = sorted((*job.failed, *job.noted), key=lambda outcome: outcome.row or 0)
    found.add_counted(job.totals, job.tallies, listed)
    stopped = STILL_RUNNING if job.state == "running" else job.stopped
    table = found.close(stopped, job.seconds, job.deletion, job.placeholders)
    if job.totals["failed"] > len(job.failed):
        table += f"\nof those that failed the first {len(job.failed):,} are listed with reasons"
    return table


def exit_status(job: Job) -> int:
    """Return 0 if all went well, 1 if it stopped or something failed, 3 if it still runs."""
    if job.state == "running":
        return 3
    is_refused = job.deletion is not None and job.deletion.refused is not None
    return int(job.state == "stopped" or job.totals["failed"] > 0 or is_refused)
