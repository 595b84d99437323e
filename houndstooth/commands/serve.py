"""``houndstooth serve``: serve the page and REST."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from houndstooth.commands import nothing_begun, parameters
from houndstooth.commands.parameters import FILE, Whole

if TYPE_CHECKING:
    from houndstooth.mappings.extractor import Extractor

EPILOG = """\
\b
Examples:
  houndstooth serve --images folder-of-the-feed
  houndstooth serve --engine opensearch://127.0.0.1:9200/products --port 8080

\b
Exit status:
  0  interrupted
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
    "--threads", type=Whole(1, 1024), default=8, show_default=True, help="Requests at once."
)
@click.pass_obj
def command(
    extractor: Extractor | None,
    host: str,
    port: int,
    engine: str | None,
    images: Path | None,
    threads: int,
) -> None:
    """Serve the page and REST on one address, until interrupted.

    The page is at /, the description of REST at /api/v1/openapi.json; /healthz answers when the
    process is up, /readyz when there is something to find.
    """
    if images is not None and not images.is_dir():
        raise click.BadParameter(f"expected a folder; got {images}", param_hint="--images")
    from houndstooth.plugin.config import Settings
    from houndstooth.web.app import create_app
    from houndstooth.web.server import open_server

    with nothing_begun():
        settings = Settings.from_env()
        settings = replace(
            settings, engine=engine or settings.engine, images=images or settings.images
        )
        server = open_server(create_app(settings, extractor=extractor), (host, port), threads)
    click.echo(f"Houndstooth on http://{host}:{port}/")
    server.run()
