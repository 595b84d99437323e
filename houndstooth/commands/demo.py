"""``houndstooth demo``: the search page on a drawn catalogue, or on a feed, in one process."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from houndstooth.commands import nothing_begun, parameters
from houndstooth.commands.ingest import load_networks
from houndstooth.commands.parameters import FILE, Whole
from houndstooth.mappings.errors import HoundstoothError, InvalidConfig

if TYPE_CHECKING:
    from houndstooth.ingest.outcome import Outcome
    from houndstooth.ingest.products import FeedProduct
    from houndstooth.mappings.engine import Engine
    from houndstooth.mappings.extractor import Extractor
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.synthetic.catalogue import Product
    from houndstooth.plugin.config import Settings
    from houndstooth.web.progress import Progress

HOST = "127.0.0.1"
SEED = 7
"""Of the drawn catalogue: always the same one."""

NICENESS = 5
"""Of indexing: a query that comes meanwhile has the processors first."""

EPILOG = """\
\b
Examples:
  houndstooth demo
  houndstooth demo --catalogue feed.csv --port 8080

\b
Exit status:
  0  interrupted; what is in stays, and the next demo goes on
  2  it cannot start: the feed, the port, a setting or the networks
"""


@click.command(epilog=EPILOG)
@click.option(
    "--catalogue",
    type=FILE,
    metavar="FEED",
    help="CSV, TSV, JSON Lines or Google Merchant XML; images are URLs or paths relative to it.  "
    "[default: products are drawn]",
)
@parameters.port
@click.option(
    "--count",
    type=Whole(1, 100_000),
    default=640,
    show_default=True,
    help="Products to draw, where there is no --catalogue.",
)
@click.option(
    "--folder",
    type=FILE,
    default="var",
    show_default=True,
    metavar="DIR",
    help="Where the drawn products, the index and the report are kept.",
)
@click.pass_context
def command(
    context: click.Context, catalogue: Path | None, port: int, count: int, folder: Path
) -> None:
    """Serve the search page on a catalogue, and index the catalogue meanwhile.

    The page is up within seconds. Products can be searched as they come in, and the page shows how
    many are still to come. Ctrl-C ends it; what is in stays, in a SQLite file in --folder.
    """
    if catalogue and context.get_parameter_source("count") is not ParameterSource.DEFAULT:
        raise click.UsageError("--count goes without --catalogue: a feed has as many as it has")
    with nothing_begun():
        run(Demo(catalogue, port, count, folder), context.obj)


@dataclass(frozen=True)
class Demo:
    """The arguments of a demo.

    Attributes:
        catalogue: path of a feed; None draws one.
        port: of 127.0.0.1.
        count: products to draw.
        folder: for all that is written.
    """

    catalogue: Path | None
    port: int
    count: int
    folder: Path


def run(demo: Demo, extractor: Extractor | None = None) -> None:
    """Serve until interrupted.

    Raises:
        HoundstoothError: the feed, the port, a setting or a network cannot be used.
    """
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.engines import open_engine
    from houndstooth.web.app import create_app
    from houndstooth.web.progress import Progress
    from houndstooth.web.server import bind, open_server

    settings = Settings.from_env()
    if demo.catalogue:
        _check_feed(demo.catalogue)
    with ExitStack() as stack:
        stack.enter_context(_ended_by_signals())
        port = bind(HOST, demo.port)
        stack.callback(port.close)
        feed, drawn = (demo.catalogue, ()) if demo.catalogue else _plan(demo)
        url = _database(demo.folder, feed)
        settings = replace(settings, engine=url, images=feed.parent)
        taxonomy = Taxonomy.load(settings.taxonomy)
        engine = open_engine(url)
        stack.callback(engine.close)
        engine.prepare()
        extractor = extractor or load_networks(taxonomy, settings)
        parts = Parts(settings, taxonomy, engine, extractor)
        progress = Progress(*_sizes(feed, parts))
        app = create_app(
            settings, extractor=extractor, engine=engine, taxonomy=taxonomy, progress=progress
        )
        server = open_server(app, port)
        work = partial(_index, feed, drawn, demo.folder / "demo-report.json", parts, progress)
        stack.enter_context(_in_background(work))
        click.echo(f"Houndstooth on http://{HOST}:{demo.port}/  (Ctrl-C ends it)")
        server.run()
        click.echo("ending; what is in stays, and the next demo goes on", err=True)


@dataclass(frozen=True)
class Parts:
    """The parts that serving and indexing share."""

    settings: Settings
    taxonomy: Taxonomy
    engine: Engine
    extractor: Extractor


def _check_feed(path: Path) -> None:
    """Refuse a feed that cannot be opened, or whose columns are unclear."""
    from houndstooth.ingest.columns import detect_columns
    from houndstooth.ingest.feeds import open_feed

    with open_feed(path) as feed:
        detect_columns(feed.columns, {})


def _plan(demo: Demo) -> tuple[Path, list[Product]]:
    """Write the feed of the products to draw; their pictures follow in the background."""
    from houndstooth.models.synthetic.catalogue import plan, write_feed

    folder = demo.folder / "drawn"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        products = list(plan(demo.count, SEED, outfits=0.3))
        return write_feed(folder, products), products
    except OSError as error:
        raise InvalidConfig(f"expected a --folder that can be written: {error}") from None


def _database(folder: Path, feed: Path) -> str:
    """Name the SQLite file of a feed, the same one each time."""
    name = hashlib.sha256(f"{feed.resolve()}\n".encode()).hexdigest()[:12]
    return f"sqlite:////{(folder.resolve() / f'demo-{name}.db').as_posix().removeprefix('/')}"


def _sizes(feed: Path, parts: Parts) -> tuple[int | None, int]:
    """Count the products of a feed, where that is known, and those that are in already."""
    from houndstooth.ingest.feeds import open_feed
    from houndstooth.mappings.engine import CandidateQuery

    with open_feed(feed) as opened:
        return opened.size, parts.engine.count(CandidateQuery(parts.extractor.model))


@contextmanager
def _in_background(work: partial[None]) -> Iterator[None]:
    """Run ``work(stop)`` in a thread beside the block; the event tells it to end, and it may."""
    stop = Event()
    thread = Thread(target=work, args=(stop,), name="indexing")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _index(
    feed: Path,
    drawn: list[Product] | tuple[()],
    report: Path,
    parts: Parts,
    progress: Progress,
    stop: Event,
) -> None:
    """Bring the feed in, in the thread that runs this; ``progress`` notes how far it is."""
    # Threads and processes that this one starts are as nice as it is, on Linux.
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
    stopped = True
    try:
        _ingest(feed, drawn, report, parts, progress, stop)
        stopped = stop.is_set()
    except HoundstoothError as error:
        click.echo(f"error: indexing stopped: {error}", err=True)
    finally:
        progress.end(stopped)


def _ingest(
    path: Path,
    drawn: list[Product] | tuple[()],
    report_path: Path,
    parts: Parts,
    progress: Progress,
    stop: Event,
) -> None:
    from tqdm import tqdm

    from houndstooth.ingest.columns import detect_columns
    from houndstooth.ingest.feeds import open_feed
    from houndstooth.ingest.images import feed_images
    from houndstooth.ingest.pipeline import ingest_feed
    from houndstooth.ingest.products import read_products
    from houndstooth.ingest.report import Report, create_report

    settings = parts.settings
    with ExitStack() as stack:
        feed = stack.enter_context(open_feed(path))
        entries = read_products(feed.rows, detect_columns(feed.columns, {}))
        if drawn:
            entries = stack.enter_context(_when_drawn(entries, list(drawn), path.parent))
        outcomes = ingest_feed(
            takewhile(lambda _: not stop.is_set(), entries),
            extractor=parts.extractor,
            engine=parts.engine,
            taxonomy=parts.taxonomy,
            load_image=feed_images(path.parent, settings.max_upload_bytes, settings.image_hosts),
        )
        file = stack.enter_context(create_report(report_path, path))
        report = Report(parts.extractor.model, file)
        bar = stack.enter_context(tqdm(total=feed.size, unit=" products", disable=None))
        for batch in outcomes:
            report.add(batch)
            bar.update(len(batch))
            failed = sum(outcome.status == "failed" for outcome in batch)
            progress.add(len(batch) - failed, failed)
        bar.close()
        table = report.close("interrupted" if stop.is_set() else None)
        click.echo(f"{table}\neach product's outcome: {report_path}", file=sys.stderr)


@contextmanager
def _when_drawn(
    entries: Iterator[FeedProduct | Outcome], products: list[Product], folder: Path
) -> Iterator[Iterator[FeedProduct | Outcome]]:
    """Hold each entry of a feed back until its picture is drawn."""
    from houndstooth.models.synthetic.catalogue import draw_in_background

    with draw_in_background(products, folder) as pictures:
        yield (entry for entry, _ in zip(entries, pictures, strict=False))


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Take SIGTERM for a Ctrl-C, and a Ctrl-C for one though whoever started this ignores it."""
    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in stops]
    try:
        yield
    finally:
        for number, handler in zip(stops, before, strict=True):
            signal.signal(number, handler)
