"""Ingest a feed in this process, and wire together what that takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from houndstooth.commands import INTERRUPTED
from houndstooth.commands.interrupts import interrupts
from houndstooth.commands.waiting import patient_engine
from houndstooth.mappings.times import now_ms

if TYPE_CHECKING:
    from houndstooth.ingest.options import ReadOptions
    from houndstooth.ingest.outcome import Outcome
    from houndstooth.ingest.placeholders import Placeholder
    from houndstooth.ingest.products import FeedProduct
    from houndstooth.ingest.report import Report
    from houndstooth.mappings.engine import Engine
    from houndstooth.mappings.extractor import Extractor
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.config import Settings

STOPPED = "interrupted; give the feed again to go on, what is written will be skipped"


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
        as_of: time of the state of the shop that the feed shows, in milliseconds since 1970; None
            is the time at which the run begins.
        delete_at_most: how many products that the feed does not have may be deleted at the end,
            such as ``10%``; None deletes none.
        allow_fewer: a feed without products is no failure.
    """

    feed: Path
    engine: str | None = None
    options: ReadOptions | None = None
    visual_only: bool = False
    report: Path | None = None
    batch: int = 8
    dry_run: bool = False
    as_of: int | None = None
    delete_at_most: str | None = None
    allow_fewer: bool = False


def run(task: Task, settings: Settings, extractor: Extractor | None = None) -> int:
    """Ingest in this process and return the exit status.

    Args:
        extractor: None loads the networks, once feed and engine are known to be usable.

    Raises:
        FewerProducts: the feed has none.
        HoundstoothError: nothing could begin.
    """
    from houndstooth.ingest.deletion import delete_missing
    from houndstooth.ingest.dry_run import read_only
    from houndstooth.ingest.feeds import open_feed
    from houndstooth.ingest.options import ReadOptions
    from houndstooth.ingest.placeholders import set_placeholders_aside
    from houndstooth.ingest.products import read_feed
    from houndstooth.ingest.report import Report, create_report
    from houndstooth.ingest.survey import Survey
    from houndstooth.mappings.errors import EngineUnavailable
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.engines import open_engine, prepare
    from houndstooth.plugin.engines.serving import followed

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
            if stopped:
                return INTERRUPTED
            _check_products(task, report)
            return int(bool(report.totals["failed"]))
        settings = followed(replace(settings, engine=task.engine or settings.engine))
        engine = open_engine(settings.engine, settings.credentials)
        stack.callback(engine.close)
        prepare(engine, task.visual_only)
        click.echo(f"read as {reading.platform.name} ({feed.description})", err=True)
        extractor = extractor or load_networks(taxonomy, settings)
        file = stack.enter_context(create_report(task.report, task.feed))
        interrupted = stack.enter_context(interrupts())
        engine = patient_engine(engine, settings.engine_patience, interrupted)
        as_of = now_ms() if task.as_of is None else task.as_of
        outcomes = ingest_until(
            interrupted,
            entries,
            task.feed.parent,
            Parts(settings, taxonomy, engine, extractor),
            task.batch,
            as_of,
        )
        report = Report(extractor.model, file, survey)
        failed: list[Outcome] = []
        stopped = collect(_watched(outcomes, failed), report, feed.size, engine)
        if interrupted.is_set():
            stopped = STOPPED
        deletion = None
        if stopped is None and task.delete_at_most is not None and _has_products(task, report):
            try:
                deletion = delete_missing(engine, as_of, task.delete_at_most, failed)
            except EngineUnavailable as error:
                stopped = str(error)
        placeholders: list[Placeholder] = []
        if stopped is None:
            try:
                placeholders = set_placeholders_aside(
                    engine, extractor.model, settings.shared_picture, settings.variant_field
                )
            except EngineUnavailable as error:
                stopped = str(error)
        click.echo(report.close(stopped, deletion=deletion, placeholders=placeholders))
        if interrupted.is_set():
            return INTERRUPTED
        if stopped is None:
            _check_products(task, report)
        is_refused = deletion is not None and deletion.refused is not None
        return int(bool(stopped or report.totals["failed"] or is_refused))


def _has_products(task: Task, report: Report) -> bool:
    return task.allow_fewer or report.totals.total() > report.totals["left_out"]


def _check_products(task: Task, report: Report) -> None:
    """Raise FewerProducts if the feed has none."""
    from houndstooth.ingest.fewer import check_products

    check_products(int(_has_products(task, report)))


def _watched(outcomes: Iterator[list[Outcome]], failed: list[Outcome]) -> Iterator[list[Outcome]]:
    """Pass outcomes on, and keep those of products that failed."""
    for batch in outcomes:
        failed += [outcome for outcome in batch if outcome.status == "failed"]
        yield batch


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
    as_of: int | None = None,
) -> Iterator[list[Outcome]]:
    """Ingest the entries of a feed until ``stop`` is set; batches in flight end whole.

    Args:
        folder: the feed's, to which its image paths are relative.
        batch: products at a time.
        as_of: time of the state of the shop that the feed shows; see ``ingest_batch``.
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
        as_of=as_of,
    )


def load_networks(taxonomy: Taxonomy, settings: Settings) -> Extractor:
    """Open the networks, with threads such that concurrent batches share the processors."""
    from houndstooth.ingest.pipeline import threads_per_batch
    from houndstooth.models.loading import load_extractor

    options = settings.extractor_options
    return load_extractor(taxonomy, threads=threads_per_batch(), texts=False, **options)


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
