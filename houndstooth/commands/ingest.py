"""``houndstooth ingest``: index a feed of products, in this process or by workers."""

from __future__ import annotations

from pathlib import Path

import click

from houndstooth.commands import nothing_begun, parameters
from houndstooth.commands.feeds import default_image_base, local_feed
from houndstooth.commands.ingest_run import Task, run
from houndstooth.commands.parameters import Limit, Whole
from houndstooth.mappings.times import now_ms

MAX_WORKER_IMAGES = 64
"""Images a batch: READERS at a time and each as slow as it may be, are fetched
before the batch counts as lost."""

EPILOG = """\
\b
Examples:
  houndstooth ingest feed.csv
  houndstooth ingest feed.csv --engine opensearch://127.0.0.1:9200/products --report report.json
  houndstooth ingest feed.csv --dry-run
  houndstooth ingest https://shop.example/export/google.xml
  houndstooth ingest whole-catalogue.csv --delete-missing
  houndstooth ingest feed.csv --columns id=sku,title=label,image=picture
  houndstooth ingest feed.csv --celery --engine opensearch://127.0.0.1:9200/products

\b
Exit status:
  0    every product came in, or newer data of it were there
  1    some failed, the engine went away for longer than
       HOUNDSTOOTH_ENGINE_PATIENCE, the feed has no products or far fewer than
       the last time, or what it does not have was not deleted
  2    nothing could begin: arguments, feed, taxonomy, engine or workers
  130  interrupted; give the feed again to go on
"""


@click.command(epilog=EPILOG, short_help="Bring a feed of products in.")
@click.argument("feed")
@parameters.engine
@parameters.columns
@parameters.image_base
@parameters.language
@parameters.encoding
@click.option(
    "--visual-only",
    is_flag=True,
    help="Write what is recognised and nothing else, to products that the index has already: for a "
    "shop's own index, whatever its fields are called.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Read the feed and say what each role is read from, what is empty and what would be left "
    "out. No image is looked at and nothing is written.",
)
@parameters.as_of
@click.option(
    "--delete-missing",
    is_flag=True,
    help="For a feed of the whole catalogue: delete the products at the end that an ingest wrote "
    "and the feed does not have. Not those with newer data, nor where a row cannot be read.",
)
@click.option(
    "--at-most",
    type=Limit(),
    help="With --delete-missing: delete nothing if more products than this are missing, a share "
    "such as 10% or a number.  [default: 10%]",
)
@click.option(
    "--allow-fewer",
    is_flag=True,
    help="Take a feed without products; by workers also one with less than half of those that its "
    "last job had.",
)
@parameters.report
@click.option(
    "--batch",
    type=Whole(1, 1024),
    default=8,
    show_default=True,
    help=f"Products at a time, to 1024; of workers, with no more than {MAX_WORKER_IMAGES} images.",
)
@click.option("--celery", is_flag=True, help="By worker processes; follow their progress.")
@click.option("--no-wait", is_flag=True, help="With --celery: print the job's id and end.")
@click.pass_context
def command(
    context: click.Context,
    feed: str,
    engine: str | None,
    columns: str | None,
    image_base: str | None,
    language: str | None,
    encoding: str | None,
    visual_only: bool,
    dry_run: bool,
    as_of: int | None,
    delete_missing: bool,
    at_most: str | None,
    allow_fewer: bool,
    report: Path | None,
    batch: int,
    celery: bool,
    no_wait: bool,
) -> None:
    """Index a FEED of products: a file or a URL of CSV, TSV, JSON, XML or an Excel workbook.

    The exports of shop platforms are recognised by their columns: docs/feeds.md. Images are
    http(s) URLs or paths relative to the feed; workers must see the feed's folder under the same
    path. Products whose text and image have not changed cost no recognition; their facts
    (price, stock …) are updated.

    How a feed given to workers stands: houndstooth jobs. To delete single products: houndstooth
    remove.
    """
    if dry_run and celery:
        raise click.UsageError("--dry-run reads the feed in this process; leave out --celery")
    if no_wait and (report or not celery):
        raise click.UsageError(
            "--no-wait goes with --celery, and --report with the status of its job"
        )
    if delete_missing and (visual_only or dry_run):
        raise click.UsageError(
            "--delete-missing goes with a feed that writes whole products; leave out --visual-only "
            "(the shop deletes its own) and --dry-run"
        )
    if at_most is not None and not delete_missing:
        raise click.UsageError("--at-most goes with --delete-missing")
    from houndstooth.ingest.deletion import AT_MOST
    from houndstooth.ingest.options import parse_options
    from houndstooth.plugin.config import Settings

    with nothing_begun():
        as_of = now_ms() if as_of is None else as_of
        limit = (at_most or AT_MOST) if delete_missing else None
        settings = Settings.from_env()
        path = local_feed(feed, settings)
        image_base = image_base or default_image_base(feed)
        options = parse_options(path, columns, image_base, language, encoding)
        if celery:
            most = MAX_WORKER_IMAGES // settings.views
            if batch > most:
                raise click.UsageError(
                    f"expected a --batch of at most {most} products for workers, of "
                    f"{settings.views} images each (HOUNDSTOOTH_VIEWS), so that none takes longer "
                    f"than a batch may; got {batch}"
                )
            # Imported here: Celery takes long to load, and an ingest in process needs none.
            from houndstooth.ingest import workers
            from houndstooth.ingest.submit import make_request

            request = make_request(
                path,
                engine or settings.engine,
                options,
                batch,
                visual_only,
                as_of=as_of,
                delete_at_most=limit,
                patience=settings.engine_patience,
            )
            context.exit(workers.ingest(request, settings, report, no_wait, allow_fewer))
        task = Task(
            path,
            engine,
            options,
            visual_only,
            report,
            batch,
            dry_run,
            as_of=as_of,
            delete_at_most=limit,
            allow_fewer=allow_fewer,
        )
        context.exit(run(task, settings, context.obj))
