"""``houndstooth worker``: processes that ingest feeds from the queue in Redis."""

from __future__ import annotations

import sys

import click

from houndstooth.commands import nothing_begun
from houndstooth.commands.parameters import Whole

EPILOG = """\
\b
Examples:
  houndstooth worker --concurrency 2
  houndstooth worker --concurrency 2 -- --loglevel WARNING --hostname worker@shop

Everything after -- goes to Celery's worker; see celery worker --help.

\b
Exit status:
  0  asked to end, and what was at hand is finished
  2  a setting cannot be used
"""


@click.command(epilog=EPILOG, short_help="Ingest the feeds given to workers.")
@click.option(
    "--concurrency",
    type=Whole(1, 1024),
    help="Processes, each of which runs the networks in one thread.  [default: the processors]",
)
@click.option(
    "--app",
    default="houndstooth.ingest.celery_app",
    show_default=True,
    metavar="MODULE",
    help="Celery app; a shop's own may load another extractor.",
)
@click.argument("celery_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- CELERY OPTIONS]")
@click.pass_context
def command(
    context: click.Context, concurrency: int | None, app: str, celery_options: tuple[str, ...]
) -> None:
    """Ingest the feeds in the queue, until stopped.

    Feeds come from houndstooth ingest FEED --celery through the Redis of HOUNDSTOOTH_REDIS. A
    worker reads feeds and images by the paths that the command was given, so it must see the feed's
    folder under the same path, and the folder of HOUNDSTOOTH_JOBS; images by URL need no folder. A
    process takes 0.45 GB.

    If Celery's worker ends by itself, it is started again. Jobs that a Redis has lost go on.
    """
    with nothing_begun():
        from houndstooth.commands.supervisor import supervise
        from houndstooth.ingest.celery_app import app as ingest_app
        from houndstooth.ingest.submit import bring_back
        from houndstooth.mappings.errors import JobNotFound, WorkersUnavailable

        ingest_app.queue  # noqa: B018  # its settings can be used

    def meanwhile() -> None:
        try:
            for job_id in bring_back(ingest_app):
                click.echo(f"job {job_id}, which was lost or had stepped aside, goes on", err=True)
        except (JobNotFound, WorkersUnavailable):
            pass  # Celery's log says that Redis is away

    words = [sys.executable, "-m", "celery", "-A", app, "worker", "--loglevel", "INFO"]
    words += ["--hostname", "worker@%h"]
    # No worker needs to know of the others, and finding out again fails when Redis was away.
    words += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    words += [] if concurrency is None else ["--concurrency", str(concurrency)]
    context.exit(supervise([*words, *celery_options], meanwhile))
