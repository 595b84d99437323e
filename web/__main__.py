"""``python -m web``: serve the page and REST."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from waitress import create_server

from houndstooth.mappings.errors import HoundstoothError
from houndstooth.mappings.numbers import read_integer
from houndstooth.plugin.config import Settings
from houndstooth.web.app import create_app


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m web", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port (%(default)s)")
    parser.add_argument("--engine", help="engine URL, such as sqlite:///var/catalogue.db")
    parser.add_argument("--images", type=Path, help="folder that image paths are relative to")
    parser.add_argument(
        "--threads", type=_threads, default=8, help="requests at once (%(default)s)"
    )
    given = parser.parse_args(arguments)
    if given.images is not None and not given.images.is_dir():
        parser.error(f"expected a folder at --images; got {given.images}")
    try:
        settings = Settings.from_env()
        settings = replace(
            settings,
            engine=given.engine or settings.engine,
            images=given.images or settings.images,
        )
        app = create_app(settings)
    except HoundstoothError as error:
        print(f"web: {error}", file=sys.stderr)
        return 2
    try:
        server = create_server(
            app,
            host=given.host,
            port=given.port,
            threads=given.threads,
            ident="houndstooth",
            # Idle connections must not keep others out.
            connection_limit=1000,
            channel_timeout=30,
            asyncore_use_poll=True,
            # The application refuses in words what is too large; this only spares the disk.
            max_request_body_size=4 * app.config["MAX_CONTENT_LENGTH"],
        )
    except (OSError, ValueError) as error:
        print(f"web: cannot listen on {given.host}:{given.port}: {error}", file=sys.stderr)
        return 2
    print(f"Houndstooth on http://{given.host}:{given.port}/", flush=True)
    server.run()
    return 0


def _port(text: str) -> int:
    return _whole(text, 1, 65535)


def _threads(text: str) -> int:
    return _whole(text, 1, 1024)


def _whole(text: str, least: int, most: int) -> int:
    try:
        return read_integer(text, least, most)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; got {text!r}") from None


if __name__ == "__main__":
    sys.exit(main())
