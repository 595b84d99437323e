"""``houndstooth serve``: serve the page and REST."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from signal import SIGTERM, signal
from typing import TYPE_CHECKING

import click

from houndstooth.commands import nothing_begun, parameters
from houndstooth.commands.parameters import FILE, Whole
from houndstooth.web.serving.limits import Limits

if TYPE_CHECKING:
    from houndstooth.mappings.extractor import Extractor

EPILOG = """\
\b
Examples:
  houndstooth serve --images folder-of-the-feed
  houndstooth serve --engine opensearch://127.0.0.1:9200/products --port 8080

\b
Exit status:
  0  interrupted, or ended by SIGTERM after what it had accepted
  2  it cannot start: a setting, the networks, or the port
"""


@click.command(epilog=EPILOG, short_help="Serve the page and REST.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@parameters.port
@parameters.engine
@click.option(
    "--images",
    type=FILE,
    metavar="DIR",
    help="Folder that the feed's image paths are relative to; the page shows those images.  "
    "[default: HOUNDSTOOTH_IMAGES, else none]",
)
@click.option(
    "--threads",
    type=Whole(1, 1024),
    default=Limits.threads,
    show_default=True,
    help="Searches at once.",
)
@click.option(
    "--queue",
    type=Whole(0, 10_000),
    default=Limits.queue,
    show_default=True,
    help="Searches that wait for one of the threads; further ones are answered 503 at once.",
)
@click.option(
    "--connections",
    type=Whole(8, 100_000),
    default=Limits.connections,
    show_default=True,
    help="Open connections, half of them for any one address; idle and slow ones make room.",
)
@click.option(
    "--drain-seconds",
    type=Whole(0, 3600),
    default=Limits.drain_seconds,
    show_default=True,
    help="Time after SIGTERM to finish what was accepted.",
)
@click.option(
    "--log",
    type=click.Choice(["json", "text"]),
    help="Log lines on stderr, one for each request.  [default: HOUNDSTOOTH_LOG, else json]",
)
@click.pass_obj
def command(
    extractor: Extractor | None,
    /,
    host: str,
    port: int,
    engine: str | None,
    images: Path | None,
    log: str | None,
    **limits: int,
) -> None:
    """Serve the page and REST on one address, until interrupted.

    The page is at /, the description of REST at /api/v1/openapi.json; /healthz answers when the
    process is up, /readyz when there is something to find; /metrics is for Prometheus.
    """
    if images is not None and not images.is_dir():
        raise click.BadParameter(f"expected a folder; got {images}", param_hint="--images")
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.logs import write_logs
    from houndstooth.web.app import create_app
    from houndstooth.web.observability.requests import AddRequestId
    from houndstooth.web.serving.server import open_server

    with nothing_begun():
        settings = Settings.from_env()
        settings = replace(
            settings, engine=engine or settings.engine, images=images or settings.images
        )
        write_logs(log or settings.log, AddRequestId())
        app = create_app(settings, extractor=extractor)
        server = open_server(app, (host, port), Limits(**limits))
    signal(SIGTERM, lambda *_: server.drain())
    click.echo(f"Houndstooth on http://{host}:{port}/")
    server.run()
