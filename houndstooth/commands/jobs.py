"""``houndstooth jobs``: the feeds that workers ingest, and their progress."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from houndstooth.commands import nothing_begun, parameters
from houndstooth.commands.parameters import Whole


@click.group(short_help="See the feeds given to workers.")
def command() -> None:
    """Show the feeds that workers ingest, and their progress.

    Jobs are kept for a week in the Redis of HOUNDSTOOTH_REDIS; the page /ingest shows them too.
    """


LIST_EPILOG = """\
\b
Exit status:
  0  answered, also where there is no job
  2  Redis is away
"""


@command.command("list", epilog=LIST_EPILOG, short_help="List the newest jobs.")
@click.option(
    "--top", type=Whole(1, 1000), default=20, show_default=True, help="Jobs at most, the newest."
)
def list_jobs(top: int) -> None:
    """List the jobs, the newest first: id, state, products so far, those that failed, feed."""
    from houndstooth.ingest.jobs import Jobs
    from houndstooth.mappings.errors import JobNotFound
    from houndstooth.plugin.config import Settings

    with nothing_begun():
        jobs = Jobs(Settings.from_env().redis)
        found = []
        for job_id in jobs.recent(top):
            with suppress(JobNotFound):  # gone since its id was read
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
  2  no such job, or Redis is away
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
