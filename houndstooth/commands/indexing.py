"""Index a catalogue behind the page of a demo; ``Progress`` counts the products."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import click

from houndstooth.commands.ingest_run import Parts, ingest_until
from houndstooth.commands.waiting import patient_engine
from houndstooth.mappings.errors import HoundstoothError
from houndstooth.mappings.times import now_ms

if TYPE_CHECKING:
    from houndstooth.ingest.options import ReadOptions
    from houndstooth.ingest.outcome import Outcome
    from houndstooth.ingest.products import FeedProduct
    from houndstooth.models.synthetic.catalogue import Product
    from houndstooth.web.progress import Progress

NICENESS = 5
"""Of indexing: a query that comes meanwhile has the processors first."""


@dataclass(frozen=True)
class Catalogue:
    """A catalogue to index.

    Attributes:
        feed: its path; image paths are relative to its folder.
        options: what the user says about the feed.
        drawn: the products whose pictures are still to be drawn, in the feed's order; empty where
            the feed is somebody's own.
    """

    feed: Path
    options: ReadOptions
    drawn: Sequence[Product] = ()


@dataclass(frozen=True)
class Indexing:
    """The work behind the page.

    Attributes:
        report: path of the JSON report.
    """

    catalogue: Catalogue
    parts: Parts
    progress: Progress
    report: Path

    def run(self, stop: Event) -> None:
        """Index the feed in the calling thread, until its end or ``stop``."""
        # Threads and processes that this one starts are as nice as it is, on Linux.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        stopped = True
        try:
            self._ingest(stop)
            stopped = stop.is_set()
        except HoundstoothError as error:
            click.echo(f"error: indexing stopped: {error}", err=True)
        finally:
            self.progress.end(stopped)

    def _ingest(self, stop: Event) -> None:
        from tqdm import tqdm

        from houndstooth.ingest.feeds import open_feed
        from houndstooth.ingest.pipeline import BATCH
        from houndstooth.ingest.products import read_feed
        from houndstooth.ingest.report import Report, create_report
        from houndstooth.ingest.survey import Survey

        path = self.catalogue.feed
        with ExitStack() as stack:
            feed = stack.enter_context(open_feed(path, self.catalogue.options.encoding))
            reading, entries = read_feed(feed, self.catalogue.options)
            survey = Survey(feed, reading)
            entries = survey.watch(entries)
            if self.catalogue.drawn:
                entries = stack.enter_context(_when_drawn(entries, self.catalogue))
            patience = self.parts.settings.engine_patience
            engine = patient_engine(self.parts.engine, patience, stop)
            parts = replace(self.parts, engine=engine)
            outcomes = ingest_until(stop, entries, path.parent, parts, BATCH, now_ms())
            file = stack.enter_context(create_report(self.report, path))
            report = Report(self.parts.extractor.model, file, survey)
            bar = stack.enter_context(tqdm(total=feed.size, unit=" products", disable=None))
            for batch in outcomes:
                report.add(batch)
                bar.update(len(batch))
                failed = sum(outcome.status == "failed" for outcome in batch)
                self.progress.add(len(batch) - failed, failed)
            bar.close()
            table = report.close("interrupted" if stop.is_set() else None)
            click.echo(f"{table}\neach product's outcome: {self.report}", file=sys.stderr)


@contextmanager
def in_background(work: Callable[[Event], None]) -> Iterator[None]:
    """Run ``work(stop)`` in a thread beside the block; at its end set ``stop`` and wait."""
    stop = Event()
    thread = Thread(target=work, args=(stop,), name="indexing")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _when_drawn(
    entries: Iterator[FeedProduct | Outcome], catalogue: Catalogue
) -> Iterator[Iterator[FeedProduct | Outcome]]:
    """Delay each entry of a feed until its picture is drawn."""
    from houndstooth.models.synthetic.catalogue import draw_in_background

    with draw_in_background(catalogue.drawn, catalogue.feed.parent) as pictures:
        yield (entry for entry, _ in zip(entries, pictures, strict=False))
