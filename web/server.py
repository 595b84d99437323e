"""Run the WSGI server, waitress, with limits that fit searches by photo."""

from __future__ import annotations

import os
import socket
from typing import Any

from flask import Flask
from waitress import create_server

from houndstooth.mappings.errors import InvalidConfig

THREADS = 8
"""Number of requests that are served at the same time."""


def bind(host: str, port: int) -> socket.socket:
    """Bind a port; connections wait until a server is opened on it.

    Raises:
        InvalidConfig: The port is in use or not allowed.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def open_server(app: Flask, where: socket.socket | tuple[str, int], threads: int = THREADS) -> Any:
    """Create a server; its ``run`` serves until interrupted.

    Args:
        app: The application.
        where: Host and port, or a socket of ``bind``.
        threads: Number of requests that are served at the same time.

    Raises:
        InvalidConfig: The port is in use or not allowed.
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
            # Idle connections must not block others.
            connection_limit=1000,
            channel_timeout=30,
            asyncore_use_poll=True,
            # The application itself refuses large requests with a message; this limits the disk.
            max_request_body_size=4 * app.config["MAX_CONTENT_LENGTH"],
        )
    except (OSError, ValueError) as error:
        raise _cannot_listen(host, port, error) from None


def _cannot_listen(host: str, port: int, error: Exception) -> InvalidConfig:
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number and number > 0 else error
    return InvalidConfig(f"cannot listen on {host}:{port}: {reason}")
