"""``houndstooth ingest``: index a feed of products, in this process or by workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from houndstooth.commands import INTERRUPTED, nothing_begun, parameters
from houndstooth.commands.feeds import default_image_base, local_feed
from houndstooth.commands.interrupts import interrupts
from houndstooth.commands.parameters import Whole
from houndstooth.commands.waiting import patient_engine

if TYPE_CHECKING:
    from houndstooth.ingest.options import ReadOptions
    from houndstooth.ingest.outcome import Outcome
    from houndstooth.ingest.products import FeedProduct
    from houndstooth.ingest.report import Report
    from houndstooth.mappings.engine import Engine
    from houndstooth.mappings.extractor import Extractor
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.config import Settings

MAX_WORKER_IMAGES = 64
"""Images a batch: READERS at a time and each as slow as it may be, are fetched
before the batch counts as lost."""

STOPPED = "interrupted; give the feed again to go on, what is written will be skipped"

EPILOG = """\
\b
Examples:
  houndstooth ingest feed.csv
  houndstooth ingest feed.csv --engine opensearch://127.0.0.1:9200/products --report report.json
  houndstooth ingest feed.csv --dry-run
  houndstooth ingest https://shop.example/export/google.xml
  houndstooth ingest feed.csv --columns id=sku,title=label,image=picture
  houndstooth ingest feed.csv --celery --engine opensearch://127.0.0.1:9200/products

\b
Exit status:
  0    every product came in
  1    some failed, or the engine went away for longer than HOUNDSTOOTH_ENGINE_PATIENCE
  2    nothing could begin: arguments, feed, taxonomy, engine or workers
  130  interrupted; give the feed again to go on
"""


@dataclass(frozen=True)
class Task:
    """The arguments of an ingest in process.

    Attributes:
        feed: its path.
        engine: a URL; None takes the settings'.
        options: what the user says about the feed.
        visual_only: nothing but ``visual`` is written, to products that are there.
        report: path of the JSON report.
        batch: products a batch.
        dry_run: the feed is read to its end, and nothing else happens.
    """

    feed: Path
    engine: str | None = None
    options: ReadOptions | None = None
    visual_only: bool = False
    report: Path | None = None
    batch: int = 8
    dry_run: bool = False


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

    How a feed given to workers stands: houndstooth jobs. To delete products: houndstooth remove.
    """
    if dry_run and celery:
        raise click.UsageError("--dry-run reads the feed in this process; leave out --celery")
    if no_wait and (report or not celery):
        raise click.UsageError(
            "--no-wait goes with --celery, and --report with the status of its job"
        )
    from houndstooth.ingest.options import parse_options
    from houndstooth.plugin.config import Settings

    with nothing_begun():
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

            url, patience = engine or settings.engine, settings.engine_patience
            request = make_request(path, url, options, batch, visual_only, patience)
            context.exit(workers.ingest(request, settings, report, no_wait))
        task = Task(path, engine, options, visual_only, report, batch, dry_run)
        context.exit(run(task, settings, context.obj))


def run(task: Task, settings: Settings, extractor: Extractor | None = None) -> int:
    """Ingest in this process and return the exit status.

    Args:
        extractor: None loads the networks, once feed and engine are known to be usable.

    Raises:
        HoundstoothError: nothing could begin.
    """
    from houndstooth.ingest.dry_run import read_only
    from houndstooth.ingest.feeds import open_feed
    from houndstooth.ingest.options import ReadOptions
    from houndstooth.ingest.products import read_feed
    from houndstooth.ingest.report import Report, create_report
    from houndstooth.ingest.survey import Survey
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.engines import open_engine, prepare

    with ExitStack() as stack:
        options = task.options or ReadOptions()
        feed = stack.enter_context(open_feed(task.feed, options.encoding))
        reading, entries = read_feed(feed, options, facts=not task.visual_only)
        taxonomy = Taxonomy.load(settings.taxonomy)
        survey = Survey(feed, reading)
        entries = survey.watch(entries)
        if task.dry_run:
            file = stack.enter_context(create_report(task.report, task.feed))
            report = Report("", file, survey)
            stopped = collect(read_only(entries, taxonomy), report, feed.size)
            click.echo(f"{report.close(stopped)}\nnothing was written")
            return INTERRUPTED if stopped else int(bool(report.totals["failed"]))
        engine = open_engine(task.engine or settings.engine, settings.credentials)
        stack.callback(engine.close)
        prepare(engine, task.visual_only)
        click.echo(f"read as {reading.platform.name} ({feed.description})", err=True)
        extractor = extractor or load_networks(taxonomy, settings)
        file = stack.enter_context(create_report(task.report, task.feed))
        interrupted = stack.enter_context(interrupts())
        engine = patient_engine(engine, settings.engine_patience, interrupted)
        outcomes = ingest_until(
            interrupted,
            entries,
            task.feed.parent,
            Parts(settings, taxonomy, engine, extractor),
            task.batch,
        )
        report = Report(extractor.model, file, survey)
        stopped = collect(outcomes, report, feed.size, engine)
        if interrupted.is_set():
            stopped = STOPPED
        click.echo(report.close(stopped))
        if interrupted.is_set():
            return INTERRUPTED
        return int(bool(stopped or report.totals["failed"]))


@dataclass(frozen=True)
class Parts:
    """The parts that an ingest wires together; a demo's page has the same."""

    settings: Settings
    taxonomy: Taxonomy
    engine: Engine
    extractor: Extractor


def ingest_until(
    stop: Event,
    entries: Iterator[FeedProduct | Outcome],
    folder: Path,
    parts: Parts,
    batch: int,
) -> Iterator[list[Outcome]]:
    """Ingest the entries of a feed until ``stop`` is set; batches in flight end whole.

    Args:
        folder: the feed's, to which its image paths are relative.
        batch: products at a time.
    """
    from houndstooth.ingest.images import feed_images
    from houndstooth.ingest.pipeline import ingest_feed

    settings = parts.settings
    return ingest_feed(
        takewhile(lambda _: not stop.is_set(), entries),
        extractor=parts.extractor,
        engine=parts.engine,
        taxonomy=parts.taxonomy,
        load_image=feed_images(folder, settings.max_upload_bytes, settings.image_hosts),
        views=settings.views,
        batch=batch,
    )


def load_networks(taxonomy: Taxonomy, settings: Settings) -> Extractor:
    """Open the networks, with threads such that concurrent batches share the processors."""
    from houndstooth.ingest.pipeline import threads_per_batch
    from houndstooth.models.loading import load_extractor

    return load_extractor(taxonomy, threads=threads_per_batch(), **settings.extractor_options)


def collect(
    outcomes: Iterator[list[Outcome]],
    report: Report,
    size: int | None,
    engine: Engine | None = None,
) -> str | None:
    """Collect outcomes into a report, and return why it ended early, or None.

    Args:
        size: number of products, if it is known, for the progress bar.
        engine: is refreshed at the end.
    """
    from tqdm import tqdm

    from houndstooth.mappings.errors import EngineUnavailable

    with tqdm(total=size, unit=" products", disable=None) as bar:
        try:
            for batch in outcomes:
                report.add(batch)
                bar.update(len(batch))
            if engine is not None:
                engine.refresh()
        except KeyboardInterrupt:
            return STOPPED
        except EngineUnavailable as error:
            return str(error)
    return None
