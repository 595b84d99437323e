"""A server before a real node that can be away, refuse, or have no time."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, Any]
"""Status and JSON."""


class EngineProxy:
    """Passes requests on to a node.

    Attributes:
        url: Engine URL of the index, by way of this server.
        is_away: Whether connections are cut without an answer.
        answer: Function of the method, the path and the body that answers in the node's place, or
            returns None.
        requests: Methods and paths that came in.
    """

    def __init__(self, url: str) -> None:
        self.scheme, _, rest = url.partition("://")
        self.node, _, self.index = rest.partition("/")
        self.url = ""
        self.is_away = False
        self.answer: Callable[[str, str, bytes], Answer | None] = lambda *_: None
        self.requests: list[tuple[str, str]] = []

    def forward(self, method: str, path: str, body: bytes, kind: str) -> tuple[int, str, bytes]:
        """Ask the node; return status, content type and body."""
        connection = HTTPConnection(self.node, timeout=60)
        try:
            connection.request(method, path, body, {"content-type": kind})
            response = connection.getresponse()
            return response.status, response.getheader("content-type") or kind, response.read()
        finally:
            connection.close()


@contextmanager
def engine_proxy(url: str) -> Iterator[EngineProxy]:
    """A proxy before the node of an engine URL."""
    proxy = EngineProxy(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            proxy.requests.append((self.command, self.path))
            kind = self.headers.get("content-type", "application/json")
            if proxy.is_away:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if (own := proxy.answer(self.command, self.path, body)) is not None:
                status, kind, data = own[0], "application/json", json.dumps(own[1]).encode()
            else:
                status, kind, data = proxy.forward(self.command, self.path, body, kind)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_HEAD = do_PUT = do_DELETE = do_POST

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Quiet: connections are cut on purpose."""

    with Server(("127.0.0.1", 0), Handler) as server:
        proxy.url = f"{proxy.scheme}://127.0.0.1:{server.server_port}/{proxy.index}"
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
