"""The WSGI server: waitress, with bounds that fit searches by photo."""

from __future__ import annotations

import os
import socket
from typing import Any

from flask import Flask
from waitress import create_server

from houndstooth.mappings.errors import InvalidConfig

THREADS = 8
"""Requests at once."""


def bind(host: str, port: int) -> socket.socket:
    """Take a port; who connects before it is served waits.

    Raises:
        InvalidConfig: it is taken, or may not be.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def open_server(app: Flask, where: socket.socket | tuple[str, int], threads: int = THREADS) -> Any:
    """Make a server; its ``run`` serves until interrupted.

    Args:
        where: a host and a port, or what ``bind`` returned.

    Raises:
        InvalidConfig: the port is taken, or may not be.
    """
    if isinstance(where, tuple):
        host, port = where
        place: dict[str, Any] = {"host": host, "port": port}
    else:
        host, port = where.getsockname()
        place = {"sockets": [where]}
    try:
        return create_server(
            app,
            **place,
            threads=threads,
            ident="houndstooth",
            # Idle connections must not keep others out.
            connection_limit=1000,
            channel_timeout=30,
            asyncore_use_poll=True,
            # The application refuses in words what is too large; this only spares the disk.
            max_request_body_size=4 * app.config["MAX_CONTENT_LENGTH"],
        )
    except (OSError, ValueError) as error:
        raise _cannot_listen(host, port, error) from None


def _cannot_listen(host: str, port: int, error: Exception) -> InvalidConfig:
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number and number > 0 else error
    return InvalidConfig(f"cannot listen on {host}:{port}: {reason}")
