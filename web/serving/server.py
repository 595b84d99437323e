"""Listen, and serve until the end; see ``Limits`` for what is refused."""

from __future__ import annotations

import logging
import os
import socket
import sys
from time import time
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.plugin.access import Access
from houndstooth.web.access.addresses import is_proxy
from houndstooth.web.access.guard import UNSIGNED
from houndstooth.web.access.rates import Unsigned
from houndstooth.web.observability.requests import Requests
from houndstooth.web.serving.channel import Channel
from houndstooth.web.serving.limits import SWITCH_SECONDS, Limits
from houndstooth.web.serving.pools import Dispatcher

_LOG = logging.getLogger(__name__)


class Listener(TcpWSGIServer):
    """A listening socket, and the limits of the connections that it accepts.

    Args:
        limits: The limits.
        access: The settings of access: which addresses are proxies.
        body_bytes: Size of the largest body of a request.
        requests: Records the requests that are refused.
        unsigned: Counts the webhooks without a right signature.
        options: Those of waitress.
    """

    channel_class = Channel

    def __init__(
        self,
        limits: Limits,
        access: Access,
        body_bytes: int,
        requests: Requests,
        unsigned: Unsigned,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.access = access
        self.body_bytes = body_bytes
        self.requests = requests
        self.unsigned = unsigned
        self._closed = requests.metrics.closed_connections
        self._connections = limits.connections
        self._upload_bytes = limits.threads * body_bytes

    def handle_accept(self) -> None:
        """Accept all connections that there are."""
        before = -1
        while before != (before := len(self._map)):
            super().handle_accept()

    def make_room(self, address: str) -> None:
        """Close the connection that has waited longest, if there are too many with a new one."""
        channels = [one for one in open_channels(self._map) if not one.will_close]
        if len(channels) <= self._connections:
            if is_proxy(address, self.access.proxies):
                return  # its connections are those of many clients
            channels = [one for one in channels if one.addr[0] == address]
            if len(channels) <= self._connections // 2:
                return
        if waiting := [channel for channel in channels if not channel.requests]:
            self._closed.labels("crowded").inc()
            min(waiting, key=lambda channel: channel.deadline).handle_close()

    def has_room_for(self, size: int, address: str) -> bool:
        """Tell whether a body may be received; the clients of one address have half of the room."""
        channels = open_channels(self._map)
        same = [channel for channel in channels if channel.reserved and channel.client == address]
        return (
            size + sum(channel.reserved for channel in channels) <= self._upload_bytes
            and size + sum(channel.reserved for channel in same) <= self._upload_bytes // 2
        )

    def maintenance(self, now: float) -> None:
        """Refuse and close what has waited for too long."""
        self.task_dispatcher.refuse_expired()
        for channel in list(self.active_channels.values()):
            if channel.is_late(now):
                self._closed.labels("slow").inc()
                # At once: one that is not writable, as its client reads nothing, is never flushed.
                channel.handle_close()


class Server:
    """The web server; ``run`` serves until ``drain`` or an interruption."""

    def __init__(self, app: Flask, settings: Adjustments, limits: Limits) -> None:
        self._map: dict[int, Any] = {}
        self._drain_seconds = limits.drain_seconds
        self._ends_at: float | None = None
        self._dispatcher = Dispatcher(limits)
        requests: Requests = app.extensions["houndstooth_requests"]
        self._dispatcher.show(requests.metrics)
        requests.metrics.connections.set_function(lambda: len(open_channels(self._map)))
        self._listeners = [
            Listener(
                limits,
                app.extensions["houndstooth"].settings.access,
                app.config["MAX_CONTENT_LENGTH"],
                requests,
                app.extensions[UNSIGNED],
                application=app,
                map=self._map,
                dispatcher=self._dispatcher,
                adj=settings,
                **place,
            )
            for place in _places(settings)
        ]

    def run(self) -> None:
        """Serve; return when all is drained, or when interrupted."""
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            while self._ends_at is None:
                self._poll()
            self._refuse_new()
            while open_channels(self._map) and time() < self._ends_at:
                for channel in open_channels(self._map):
                    channel.will_close = channel.will_close or channel.is_idle
                self._poll()
        except (SystemExit, KeyboardInterrupt):
            self._ends_at = time()
        if left := len(open_channels(self._map)):
            _LOG.warning("%d connections were ended before their answer", left)
        # A thread that is still at work writes to the trigger: its number must stay its own.
        if self._dispatcher.shutdown():
            wasyncore.close_all(self._map)

    def drain(self) -> None:
        """End ``run`` when what was accepted is answered; any thread or signal handler may ask."""
        if self._ends_at is None:
            self._ends_at = time() + self._drain_seconds
            self._listeners[0].pull_trigger()

    def _poll(self) -> None:
        wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)

    def _refuse_new(self) -> None:
        """Accept the connections that the system has taken already, and stop listening."""
        for listener in self._listeners:
            listener.handle_accept()
            wasyncore.dispatcher.close(listener)


def open_channels(sockets: dict[int, Any]) -> list[Channel]:
    """List the connections among a server's sockets."""
    return [one for one in list(sockets.values()) if isinstance(one, Channel)]


def bind(host: str, port: int) -> socket.socket:
    """Bind a port; connections wait until a server is opened on it.

    Raises:
        InvalidConfig: The port is in use or not allowed.
    """
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def open_server(
    app: Flask, where: socket.socket | tuple[str, int], limits: Limits | None = None
) -> Server:
    """Create a server.

    Args:
        app: The application.
        where: Host and port, or a socket of ``bind``.
        limits: The limits; None = the defaults.

    Raises:
        InvalidConfig: The port is in use or not allowed.
    """
    limits = limits or Limits()
    if isinstance(where, tuple):
        host, port = where
        place: dict[str, Any] = {"host": host, "port": port}
    else:
        host, port = where.getsockname()
        place = {"sockets": [where]}
    try:
        settings = Adjustments(
            **place,
            ident="houndstooth",
            # Those of `Limits` come first.
            connection_limit=2 * limits.connections,
            cleanup_interval=1,
            recv_bytes=65536,
            max_request_header_size=65536,
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"] + 1,
            # A connection is read while its request waits, to notice a client that leaves.
            channel_request_lookahead=1,
            # Whose headers are believed is the application's to say.
            clear_untrusted_proxy_headers=False,
        )
        return Server(app, settings, limits)
    except (OSError, ValueError) as error:
        raise _cannot_listen(host, port, error) from None


def _places(settings: Adjustments) -> list[dict[str, Any]]:
    """List the sockets to open, or those that are open already, as waitress takes them."""
    given = [
        {"sockinfo": (one.family, one.type, one.proto, None), "_sock": one, "bind_socket": False}
        for one in settings.sockets
    ]
    return given or [{"sockinfo": place} for place in settings.listen]


def _cannot_listen(host: str, port: int, error: Exception) -> InvalidConfig:
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number and number > 0 else error
    return InvalidConfig(f"cannot listen on {host}:{port}: {reason}")
