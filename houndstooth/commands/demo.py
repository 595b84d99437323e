"""``houndstooth demo``: the search page on a drawn catalogue, or on a feed, in one process."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from houndstooth.commands import nothing_begun, parameters
from houndstooth.commands.feeds import default_image_base, local_feed
from houndstooth.commands.indexing import Catalogue, Indexing, in_background
from houndstooth.commands.ingest_run import Parts, load_networks
from houndstooth.commands.parameters import FILE, Whole
from houndstooth.mappings.errors import InvalidConfig

if TYPE_CHECKING:
    from houndstooth.ingest.options import ReadOptions
    from houndstooth.mappings.extractor import Extractor

HOST = "127.0.0.1"
SEED = 7
"""Of the drawn catalogue: always the same one."""

EPILOG = """\
\b
Examples:
  houndstooth demo
  houndstooth demo --catalogue feed.csv --port 8080

\b
Exit status:
  0    interrupted; what is in stays, and the next demo goes on
  2    it cannot start: the feed, the port, a setting or the networks
  130  interrupted before the page was up
"""


@click.command(epilog=EPILOG, short_help="Try the search page on a drawn catalogue, or on a feed.")
@click.option(
    "--catalogue",
    metavar="FEED",
    help="A feed of your own, a file or a URL; images are URLs or paths relative to it.  "
    "[default: products are drawn]",
)
@parameters.columns
@parameters.image_base
@parameters.language
@parameters.encoding
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
    context: click.Context,
    catalogue: str | None,
    columns: str | None,
    image_base: str | None,
    language: str | None,
    encoding: str | None,
    port: int,
    count: int,
    folder: Path,
) -> None:
    """Serve the search page on a catalogue, and index the catalogue meanwhile.

    The page is up within seconds. Products can be searched as they come in, and the page shows how
    many are still to come; /shop is a shop with the widget in its pages. Ctrl-C ends it; what is in
    stays, in a SQLite file in --folder.
    """
    if catalogue and context.get_parameter_source("count") is not ParameterSource.DEFAULT:
        raise click.UsageError("--count goes without --catalogue: a feed has as many as it has")
    if (columns or image_base or language or encoding) and not catalogue:
        raise click.UsageError(
            "--columns, --image-base, --language and --encoding go with --catalogue"
        )
    from houndstooth.ingest.options import parse_options
    from houndstooth.plugin.config import Settings

    with nothing_begun():
        settings = replace(Settings.from_env(), feeds=folder / "feeds")
        feed = local_feed(catalogue, settings) if catalogue else None
        image_base = image_base or default_image_base(catalogue or "")
        options = parse_options(feed or folder, columns, image_base, language, encoding)
        run(Demo(feed, options, port, count, folder), context.obj)


@dataclass(frozen=True)
class Demo:
    """The arguments of a demo.

    Attributes:
        feed: its path; None draws products.
        options: what the user says about the feed.
        port: of 127.0.0.1.
        count: products to draw.
        folder: for all that is written.
    """

    feed: Path | None
    options: ReadOptions
    port: int
    count: int
    folder: Path


def run(demo: Demo, extractor: Extractor | None = None) -> None:
    """Serve until interrupted.

    Raises:
        HoundstoothError: the feed, the port, a setting or a network cannot be used.
    """
    from houndstooth.mappings.engine import CandidateQuery
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.engines import open_engine
    from houndstooth.web.app import create_app
    from houndstooth.web.progress import Progress
    from houndstooth.web.serving.server import bind, open_server
    from houndstooth.web.shop import shop_blueprint

    settings = Settings.from_env()
    size = _size(demo.feed, demo.options) if demo.feed else demo.count
    with ExitStack() as stack:
        stack.enter_context(_ended_by_signals())
        port = bind(HOST, demo.port)
        stack.callback(port.close)
        catalogue = Catalogue(demo.feed, demo.options) if demo.feed else _plan(demo)
        url = _database(demo.folder, catalogue.feed)
        settings = replace(settings, engine=url, images=catalogue.feed.parent)
        taxonomy = Taxonomy.load(settings.taxonomy)
        engine = open_engine(url, settings.credentials)
        stack.callback(engine.close)
        engine.prepare()
        extractor = extractor or load_networks(taxonomy, settings)
        parts = Parts(settings, taxonomy, engine, extractor)
        progress = Progress(size, engine.count(CandidateQuery(extractor.model)))
        app = create_app(
            settings, extractor=extractor, engine=engine, taxonomy=taxonomy, progress=progress
        )
        app.register_blueprint(shop_blueprint(app.extensions["houndstooth"]))
        server = open_server(app, port)
        indexing = Indexing(catalogue, parts, progress, demo.folder / "demo-report.json")
        stack.enter_context(in_background(indexing.run))
        click.echo(f"Houndstooth on http://{HOST}:{demo.port}/  (Ctrl-C ends it)")
        click.echo(f"a shop with the widget: http://{HOST}:{demo.port}/shop")
        server.run()
        click.echo("ending; what is in stays, and the next demo goes on", err=True)


def _size(path: Path, options: ReadOptions) -> int | None:
    """Count the products of a feed, where that is known.

    Raises:
        InvalidFeed: it cannot be used.
    """
    from houndstooth.ingest.feeds import open_feed
    from houndstooth.ingest.products import read_feed

    with open_feed(path, options.encoding) as feed:
        read_feed(feed, options)
        return feed.size


def _plan(demo: Demo) -> Catalogue:
    """Write the feed of the products to draw; their pictures follow in the background."""
    from houndstooth.models.synthetic.catalogue import plan, write_feed

    folder = demo.folder / "drawn"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        products = list(plan(demo.count, SEED, outfits=0.3))
        return Catalogue(write_feed(folder, products), demo.options, products)
    except OSError as error:
        raise InvalidConfig(f"expected a --folder that can be written: {error}") from None


def _database(folder: Path, feed: Path) -> str:
    """Name the SQLite file of a feed, the same one each time."""
    name = hashlib.sha256(f"{feed.resolve()}\n".encode()).hexdigest()[:12]
    return f"sqlite:////{(folder.resolve() / f'demo-{name}.db').as_posix().removeprefix('/')}"


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Handle SIGTERM and Ctrl-C alike, also where the parent process ignores Ctrl-C."""
    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in stops]
    try:
        yield
    finally:
        for number, handler in zip(stops, before, strict=True):
            signal.signal(number, handler)
