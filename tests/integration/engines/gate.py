"""A TLS server before a real node, which writes down what it was asked, and certificates for it."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


class Authority:
    """A certificate authority in a folder; ``ca`` is its certificate."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.ca, self._key = self._make("authority", "-addext", "keyUsage=critical,keyCertSign")

    def issue(self, name: str) -> tuple[Path, Path]:
        """Certificate and private key of a server at 127.0.0.1, or of a client."""
        signed_by = ["-CA", str(self.ca), "-CAkey", str(self._key)]
        host = ["-addext", "subjectAltName=IP:127.0.0.1"]
        return self._make(name, *signed_by, *host, "-addext", "basicConstraints=critical,CA:FALSE")

    def _make(self, name: str, *options: str) -> tuple[Path, Path]:
        certificate, key = (self._folder / f"{name}.{kind}" for kind in ("pem", "key"))
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        files = ["-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={name}"]
        command = ["openssl", "req", "-x509", *curve, *files, "-days", "2", *options]
        subprocess.run(command, check=True, capture_output=True)
        return certificate, key


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Gate:
    """Where the gate is, and what came in."""

    address: str
    requests: list[Request] = field(default_factory=list)

    @property
    def logins(self) -> set[str | None]:
        """Authorizations of all requests."""
        return {request.headers.get("authorization") for request in self.requests}


@contextmanager
def gate(
    node: str,
    authority: Authority,
    lets_in: Callable[[Request], bool] = lambda _: True,
    wants_certificate: bool = False,
) -> Iterator[Gate]:
    """A TLS server that passes on to a node, ``host:port``, who is let in; others get 401."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            opened.requests.append(request)
            status, kind, answer = 401, "application/json", b'{"error": {"reason": "who?"}}'
            if lets_in(request):
                connection = HTTPConnection(node)
                sent = {"content-type": headers.get("content-type", "application/json")}
                connection.request(self.command, self.path, body, sent)
                response = connection.getresponse()
                status, answer = response.status, response.read()
                kind = response.getheader("content-type") or kind
                connection.close()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer)

        do_GET = do_HEAD = do_PUT = do_DELETE = do_POST

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True  # they wait for more on connections that are kept

        def handle_error(self, *_: Any) -> None:
            """Quiet, as a handshake that fails is what some tests want."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("gate"))
    if wants_certificate:
        context.load_verify_locations(authority.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    with Server(("127.0.0.1", 0), Handler) as server:
        # The handshake is left to the thread of its connection.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        opened = Gate(f"127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield opened
        finally:
            server.shutdown()
            thread.join()
