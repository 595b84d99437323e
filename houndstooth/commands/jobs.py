"""``houndstooth jobs``: the feeds that workers ingest, and what can be done about them."""

from __future__ import annotations

import csv
import sys
from contextlib import suppress
from pathlib import Path

import click

from houndstooth.commands import nothing_begun, parameters
from houndstooth.commands.parameters import Whole


@click.group(short_help="See the feeds given to workers, and let them go on.")
def command() -> None:
    """Show the feeds that workers ingest, and stop them or let them go on.

    Jobs are kept for a week in the folder of HOUNDSTOOTH_JOBS, whatever becomes of Redis; the page
    /ingest shows them too.
    """


LIST_EPILOG = """\
\b
Exit status:
  0  answered, also where there is no job
  2  the folder of jobs cannot be read
"""


@command.command("list", epilog=LIST_EPILOG, short_help="List the newest jobs.")
@click.option(
    "--top", type=Whole(1, 1000), default=20, show_default=True, help="Jobs at most, the newest."
)
def list_jobs(top: int) -> None:
    """List the jobs, the newest first: id, state, products so far, those that failed, feed."""
    from houndstooth.ingest.jobs import Jobs
    from houndstooth.mappings.errors import JobNotFound, WorkersUnavailable
    from houndstooth.plugin.config import Settings

    with nothing_begun():
        jobs = Jobs(Settings.from_env().jobs)
        found = []
        for job_id in jobs.recent(top):
            with suppress(JobNotFound, WorkersUnavailable):  # gone, or not to be read
                found.append(jobs.get(job_id))
    for job in found:
        size = "" if job.request.size is None else f" of {job.request.size:,}"
        progress = f"{job.products:,}{size} products, {job.totals['failed']:,} failed"
        click.echo(f"{job.job_id}  {job.state:<8}  {progress}  {job.request.feed}")
    if not found:
        click.echo("no jobs; houndstooth ingest FEED --celery starts one")


STATUS_EPILOG = """\
\b
Example:
  houndstooth jobs status 1f00ba7c0ffe --report report.json

\b
Exit status:
  0  every product came in
  1  some failed, or it stopped
  2  no such job
  3  it still runs
"""


@command.command("status", epilog=STATUS_EPILOG, short_help="Tell how one job stands.")
@click.argument("job")
@parameters.report
@click.pass_context
def status(context: click.Context, job: str, report: Path | None) -> None:
    """Show the progress of one JOB; houndstooth ingest --celery prints its id."""
    from houndstooth.ingest import workers
    from houndstooth.plugin.config import Settings

    with nothing_begun():
        context.exit(workers.show_status(job, Settings.from_env(), report))


FAILURES_EPILOG = """\
\b
Example:
  houndstooth jobs failures 1f00ba7c0ffe --csv > failures.csv

\b
Exit status:
  0  answered, also where nothing failed
  2  no such job
"""


@command.command("failures", epilog=FAILURES_EPILOG, short_help="List the products that failed.")
@click.argument("job")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV: line, id, type, reason.")
def failures(job: str, as_csv: bool) -> None:
    """List the products of a JOB that failed, and why: the first 1,000, by line of the feed."""
    from houndstooth.ingest.jobs import Jobs
    from houndstooth.plugin.config import Settings

    with nothing_begun():
        found = Jobs(Settings.from_env().jobs).get(job)
    rows = [(one.row, one.product_id, one.failure_type, one.reason) for one in found.failed]
    if as_csv:
        csv.writer(sys.stdout).writerows([("line", "id", "type", "reason"), *rows])
    else:
        for line, product_id, kind, reason in rows:
            click.echo(f"line {line}  {product_id}  {kind}: {reason}")
    if more := found.totals["failed"] - len(rows):
        click.echo(f"{more:,} more failed; houndstooth jobs retry {job} tries all", err=True)


RESUME_EPILOG = """\
\b
Exit status:
  0  it goes on
  2  no such job, it is finished, its feed has changed, or Redis is away
"""


@command.command("resume", epilog=RESUME_EPILOG, short_help="Let a job go on that stopped.")
@click.argument("job")
def resume(job: str) -> None:
    """Let a JOB go on that stopped, or that Redis has lost: all batches that are not recorded."""
    from houndstooth.ingest import submit
    from houndstooth.ingest.celery_app import IngestApp
    from houndstooth.plugin.config import Settings

    with nothing_begun():
        submit.resume(IngestApp(Settings.from_env()), job)
    click.echo(f"job {job} goes on; its state: houndstooth jobs status {job}")


RETRY_EPILOG = """\
\b
Exit status:
  0  they are a job of their own, whose id is printed
  2  no such job, it still runs, nothing failed, its feed has changed, or no worker answers
"""


@command.command("retry", epilog=RETRY_EPILOG, short_help="Try the products again that failed.")
@click.argument("job")
def retry(job: str) -> None:
    """Ingest those products of a JOB again that failed, as a job of their own; print its id."""
    from houndstooth.ingest import submit
    from houndstooth.ingest.celery_app import IngestApp
    from houndstooth.plugin.config import Settings

    with nothing_begun():
        click.echo(submit.retry(IngestApp(Settings.from_env()), job))


CANCEL_EPILOG = """\
\b
Exit status:
  0  it has ended: houndstooth jobs resume lets it go on
  2  no such job
"""


@command.command("cancel", epilog=CANCEL_EPILOG, short_help="Stop a job.")
@click.argument("job")
def cancel(job: str) -> None:
    """Stop a JOB before its next batch. What is written stays."""
    from houndstooth.ingest.jobs import Jobs
    from houndstooth.plugin.config import Settings

    with nothing_begun():
        jobs = Jobs(Settings.from_env().jobs)
        jobs.stop(job, "cancelled")
        click.echo(f"job {job}: {jobs.get(job).state}")
