"""``houndstooth worker``: processes that ingest feeds from the queue in Redis."""

from __future__ import annotations

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
@click.argument("celery_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- CELERY OPTIONS]")
@click.pass_context
def command(
    context: click.Context, concurrency: int | None, celery_options: tuple[str, ...]
) -> None:
    """Ingest the feeds in the queue, until stopped.

    Feeds come from houndstooth ingest FEED --celery through the Redis of HOUNDSTOOTH_REDIS. A
    worker reads feeds and images by the paths that the command was given, so it must see the feed's
    folder under the same path; images by URL need no folder. A process takes 0.45 GB.
    """
    with nothing_begun():
        from houndstooth.ingest.celery_app import app

    words = ["worker", "--loglevel", "INFO", "--hostname", "worker@%h"]
    words += [] if concurrency is None else ["--concurrency", str(concurrency)]
    context.exit(app.start([*words, *celery_options]) or 0)
