"""``python -m ingest FEED``: bring a feed of products into an engine.

Exit status: 0 = every product came in; 1 = some failed, or the engine went away on the way;
2 = nothing could begin (arguments, feed, taxonomy or engine); 130 = interrupted.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import takewhile
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TextIO

from tqdm import tqdm

from ingest.columns import parse_columns, recognise
from ingest.feeds import open_feed
from ingest.images import folder_images
from ingest.outcome import Outcome
from ingest.pipeline import BATCH, ingest_feed, threads_per_batch
from ingest.products import read_products
from ingest.report import Report
from mappings.errors import EngineUnavailable, HoundstoothError, InvalidConfig
from mappings.search import Engine, Extractor
from mappings.taxonomy import Taxonomy
from plugin.config import Settings
from plugin.engines import open_engine

INTERRUPTED = "interrupted; give the feed again to go on, what is written will be skipped"


def main(argv: Sequence[str] | None = None, *, extractor: Extractor | None = None) -> int:
    """Run the command and return its exit status; tests bring their own extractor."""
    arguments = _parser().parse_args(argv)
    try:
        with ExitStack() as stack:
            settings = Settings.from_env()
            feed = stack.enter_context(open_feed(arguments.feed))
            chosen = {} if arguments.columns is None else parse_columns(arguments.columns)
            columns = recognise(feed.columns, chosen)
            taxonomy = Taxonomy.load(settings.taxonomy)
            engine = open_engine(arguments.engine or settings.engine)
            stack.callback(engine.close)
            engine.prepare()
            extractor = extractor or _load_extractor(taxonomy, settings)
            file = stack.enter_context(_create(arguments.report)) if arguments.report else None
            interrupted = stack.enter_context(_interrupts())
            products = read_products(feed.rows, columns)
            outcomes = ingest_feed(
                takewhile(lambda _: not interrupted.is_set(), products),
                extractor=extractor,
                engine=engine,
                taxonomy=taxonomy,
                load_image=folder_images(arguments.feed.parent, settings.max_upload_bytes),
                batch=arguments.batch,
            )
            report = Report(extractor.model, file)
            stopped = _follow(outcomes, report, feed.size, engine)
            if interrupted.is_set():
                stopped = INTERRUPTED
            print(report.close(stopped))
            return 130 if interrupted.is_set() else int(bool(stopped or report.totals["failed"]))
    except HoundstoothError as error:
        print(f"ingest: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


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
    """The first Ctrl-C is noted, so that batches in flight end whole; a second one interrupts."""
    interrupted = Event()

    def note(_signal: int, _frame: FrameType | None) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _load_extractor(taxonomy: Taxonomy, settings: Settings) -> Extractor:
    # Loaded when feed and engine are known to be usable: it takes longest.
    from models.extractor import load_extractor

    return load_extractor(
        taxonomy,
        threads=threads_per_batch(),
        max_pixels=settings.max_pixels,
        paper_threshold=settings.paper_threshold,
    )


def _create(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise InvalidConfig(f"cannot write the report {path}: {error.strerror}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=_DESCRIPTION)
    parser.add_argument("feed", type=Path, help="CSV, TSV or JSON Lines in UTF-8")
    parser.add_argument(
        "--engine", metavar="URL", help="sqlite:///file.db or opensearch://host:port/index"
    )
    parser.add_argument(
        "--columns",
        metavar="ROLE=COLUMN,…",
        help="columns that are not recognised, e.g. id=sku,title=label,image=picture; "
        "category= says that no column is the seller's category",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="JSON, an outcome per product")
    parser.add_argument(
        "--batch", type=_batch, default=BATCH, metavar="N", help="default %(default)s"
    )
    return parser


_DESCRIPTION = (
    "Bring a feed of products into an engine. Image paths are relative to the feed. Products whose "
    "text and image have not changed cost no recognition; their facts (price, stock …) are updated."
)


def _batch(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 1024):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 1024; got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
