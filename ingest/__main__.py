"""``python -m ingest FEED``: bring a feed of products into an engine, here or by workers.

``python -m ingest status JOB`` tells how a feed given to workers stands; ``python -m ingest remove
ID …`` deletes products.

Exit status: 0 = every product came in; 1 = some failed, or the engine went away on the way;
2 = nothing could begin (arguments, feed, taxonomy, engine or workers); 3 = the job still runs
(``status``, or Redis went away while it was followed); 130 = interrupted.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import takewhile
from pathlib import Path
from threading import Event
from types import FrameType

from tqdm import tqdm

from houndstooth.ingest.columns import detect_columns, parse_columns
from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.images import feed_images
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.pipeline import BATCH, ingest_feed, threads_per_batch
from houndstooth.ingest.products import read_products
from houndstooth.ingest.report import Report, create_report
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable, HoundstoothError
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.numbers import read_integer
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine, prepare

INTERRUPTED = "interrupted; give the feed again to go on, what is written will be skipped"


def main(argv: Sequence[str] | None = None, *, extractor: Extractor | None = None) -> int:
    """Run the command and return its exit status; tests bring their own extractor."""
    arguments = _parse(sys.argv[1:] if argv is None else argv)
    try:
        settings = Settings.from_env()
        if "ids" in arguments:
            return _remove(arguments, settings)
        if "job" in arguments or arguments.celery:
            # Imported here: Celery takes long to load, and an ingest in process needs none.
            from houndstooth.ingest import workers

            by_workers = workers.show_status if "job" in arguments else workers.ingest
            return by_workers(arguments, settings)
        return _ingest_here(arguments, settings, extractor)
    except HoundstoothError as error:
        print(f"ingest: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _ingest_here(
    arguments: argparse.Namespace, settings: Settings, extractor: Extractor | None
) -> int:
    with ExitStack() as stack:
        feed = stack.enter_context(open_feed(arguments.feed))
        chosen = {} if arguments.columns is None else parse_columns(arguments.columns)
        columns = detect_columns(feed.columns, chosen, facts=not arguments.visual_only)
        taxonomy = Taxonomy.load(settings.taxonomy)
        engine = open_engine(arguments.engine or settings.engine)
        stack.callback(engine.close)
        prepare(engine, arguments.visual_only)
        extractor = extractor or _load_extractor(taxonomy, settings)
        file = stack.enter_context(create_report(arguments.report, arguments.feed))
        interrupted = stack.enter_context(_interrupts())
        products = read_products(feed.rows, columns)
        outcomes = ingest_feed(
            takewhile(lambda _: not interrupted.is_set(), products),
            extractor=extractor,
            engine=engine,
            taxonomy=taxonomy,
            load_image=feed_images(
                arguments.feed.parent, settings.max_upload_bytes, settings.image_hosts
            ),
            batch=arguments.batch,
        )
        report = Report(extractor.model, file)
        stopped = _follow(outcomes, report, feed.size, engine)
        if interrupted.is_set():
            stopped = INTERRUPTED
        print(report.close(stopped))
        return 130 if interrupted.is_set() else int(bool(stopped or report.totals["failed"]))


def _remove(arguments: argparse.Namespace, settings: Settings) -> int:
    engine = open_engine(arguments.engine or settings.engine)
    with closing(engine):
        removed = engine.delete(arguments.ids)
        engine.refresh()
    print(f"{removed} of {len(set(arguments.ids))} products were there and are removed")
    return 0


def _follow(
    outcomes: Iterator[list[Outcome]], report: Report, size: int | None, engine: Engine
) -> str | None:
    """Take in what comes; returns why it ended early, if it did."""
    with tqdm(total=size, unit=" products", disable=None) as bar:
        try:
            for batch in outcomes:
                report.add(batch)
                bar.update(len(batch))
            engine.refresh()
        except KeyboardInterrupt:
            return INTERRUPTED
        except EngineUnavailable as error:
            return str(error)
    return None


@contextmanager
def _interrupts() -> Iterator[Event]:
    """The first Ctrl-C or SIGTERM lets batches in flight end whole; a second one interrupts."""
    interrupted = Event()

    def note(_signal: int, _frame: FrameType | None) -> None:
        interrupted.set()
        for number in stops:
            signal.signal(number, signal.default_int_handler)

    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, note) for number in stops]
    try:
        yield interrupted
    finally:
        for number, handler in zip(stops, before, strict=True):
            signal.signal(number, handler)


def _load_extractor(taxonomy: Taxonomy, settings: Settings) -> Extractor:
    # Loaded when feed and engine are known to be usable: it takes longest.
    from houndstooth.models.loading import load_extractor

    return load_extractor(taxonomy, threads=threads_per_batch(), **settings.extractor_options)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    if words[:1] == ["status"]:
        return _status_parser().parse_args(words[1:])
    if words[:1] == ["remove"]:
        return _remove_parser().parse_args(words[1:])
    parser = _parser()
    arguments = parser.parse_args(words)
    if arguments.detach and (arguments.report or not arguments.celery):
        parser.error("--detach goes with --celery, and --report with the status of its job")
    if arguments.celery and arguments.batch > MAX_WORKER_BATCH:
        parser.error(
            f"expected a --batch of at most {MAX_WORKER_BATCH} products for workers, so that none "
            f"takes longer than a batch may; got {arguments.batch}"
        )
    return arguments


def _status_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest status", description="How a feed given to workers stands."
    )
    parser.add_argument("job", metavar="JOB", help="the id that --celery tells")
    parser.add_argument("--report", type=Path, metavar="FILE", help="JSON, an outcome per product")
    return parser


def _remove_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest remove",
        description="Delete products from an engine, their whole documents; ids that are not there "
        "are no error.",
    )
    parser.add_argument("ids", nargs="+", metavar="ID", help="the shop's ids")
    parser.add_argument("--engine", metavar="URL", help=_ENGINE)
    return parser


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("feed", type=Path, help="CSV, TSV, JSON Lines or Google Merchant XML")
    parser.add_argument("--engine", metavar="URL", help=_ENGINE)
    parser.add_argument(
        "--columns",
        metavar="ROLE=COLUMN,…",
        help="columns that are not recognised, e.g. id=sku,title=label,image=picture; "
        "category= says that no column is the seller's category",
    )
    parser.add_argument(
        "--visual-only",
        action="store_true",
        help="write what is recognised and nothing else, to products that the index has already: "
        "for a shop's own index, whatever its fields are called",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="JSON, an outcome per product")
    parser.add_argument(
        "--batch",
        type=_batch,
        default=BATCH,
        metavar="N",
        help="products at a time, to 1024, or 64 for workers (default %(default)s)",
    )
    parser.add_argument(
        "--celery", action="store_true", help="by worker processes, and follow their progress"
    )
    parser.add_argument(
        "--detach", action="store_true", help="with --celery: print the job's id and end"
    )
    return parser


MAX_WORKER_BATCH = 64
"""Products a batch: their images, READERS at a time and each as slow as it may be, are fetched
before the batch counts as lost."""

_DESCRIPTION = (
    "Bring a feed of products into an engine. Images are http(s) URLs or paths relative to the "
    "feed; workers must see the feed's folder under the same path. Products whose text and image "
    "have not changed cost no recognition; their facts (price, stock …) are updated."
)
_EPILOG = (
    "How a feed given to workers stands: python -m ingest status JOB [--report FILE]. To delete "
    "products: python -m ingest remove ID … [--engine URL]. Exit status: 0 = every product came "
    "in, 1 = some failed or it stopped, 2 = nothing could begin, 3 = the job still runs."
)
_ENGINE = (
    "sqlite:///file.db or opensearch://host:port/index (HOUNDSTOOTH_ENGINE, else "
    "sqlite:///var/catalogue.db)"
)


def _batch(text: str) -> int:
    try:
        return read_integer(text, 1, 1024)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; got {text!r}") from None


if __name__ == "__main__":
    sys.exit(main())
