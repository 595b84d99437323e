"""Feeds by URL, against a real HTTP server: downloaded when they changed, else kept."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from houndstooth.ingest.feed_url import fetch_feed
from houndstooth.ingest.feeds import open_feed
from houndstooth.mappings.errors import InvalidFeed
from tests.http_server import running

TABLE = b"id,title,image\n1,Tee,a.jpg\n"
PAGE = b"<!DOCTYPE html>\n<html><form action=login></form></html>"
HOSTS = frozenset({"127.0.0.1"})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append(dict(self.headers))
        status, body, headers = server.answers[self.path]
        condition = self.headers["If-None-Match"] or self.headers["If-Modified-Since"]
        if condition and condition in headers.values():
            status, body = 304, b""
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, str]] = []
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}

    def give(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        """Answer a path so from now on; return its URL."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = (status, body, named)
        return f"http://127.0.0.1:{self.server_port}{path}"


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as started:
        yield started


def titles(path: Path) -> list[str]:
    with open_feed(path) as feed:
        return [str(row.cell_values["title"]) for row in feed.rows]


@pytest.mark.parametrize("validator", ["ETag", "Last_Modified"])
def test_a_feed_that_has_not_changed_is_kept(
    server: Server, tmp_path: Path, validator: str
) -> None:
    folder = tmp_path / "feeds"
    url = server.give("/feed.csv?token=1", TABLE, **{validator: "one"})
    path = fetch_feed(url, folder, HOSTS)
    assert (path.parent, path.name[-9:], titles(path)) == (folder, "-feed.csv", ["Tee"])
    path.write_bytes(TABLE.replace(b"Tee", b"Kept"))
    assert fetch_feed(url, folder, HOSTS) == path
    assert titles(path) == ["Kept"]
    server.give("/feed.csv?token=1", TABLE.replace(b"Tee", b"New"), **{validator: "two"})
    assert fetch_feed(url, folder, HOSTS) == path
    assert titles(path) == ["New"]
    assert sorted(file.name for file in folder.iterdir()) == [path.name, f"{path.name}.json"]
    path.unlink()
    assert titles(fetch_feed(url, folder, HOSTS)) == ["New"]
    conditions = [
        asked.get("If-None-Match", asked.get("If-Modified-Since")) for asked in server.asked
    ]
    assert conditions == [None, "one", "one", None]


def test_a_server_without_validators_is_asked_anew(server: Server, tmp_path: Path) -> None:
    url = server.give("/", TABLE)
    for _ in range(2):
        path = fetch_feed(url, tmp_path, HOSTS)
    assert path.name.endswith("-feed")
    path.with_name(f"{path.name}.json").write_text("[")
    assert titles(fetch_feed(url, tmp_path, HOSTS)) == ["Tee"]
    assert all("If-None-Match" not in asked for asked in server.asked)


def test_gzip_stays_gzip(server: Server, tmp_path: Path) -> None:
    url = server.give("/feed.csv", gzip.compress(TABLE, mtime=0), Content_Encoding="gzip")
    path = fetch_feed(url, tmp_path, HOSTS)
    assert path.read_bytes()[:2] == b"\x1f\x8b"
    assert titles(path) == ["Tee"]


@pytest.mark.parametrize(
    ("body", "status", "headers", "message"),
    [
        (b"", 404, {}, r"expected a feed; got HTTP 404 from 'http://127"),
        (b"", 401, {}, r"got HTTP 401 from .* \(it asks for a login\)"),
        (b"", 503, {}, "got HTTP 503"),
        (PAGE, 200, {}, "got an HTML page from .*: does it ask for a login?"),
        (gzip.compress(PAGE, mtime=0), 200, {"Content_Encoding": "gzip"}, "got an HTML page"),
        (TABLE, 200, {"Content_Encoding": "br"}, "plain or in gzip; got 'br'"),
        (bytes(2000), 200, {}, "expected a feed of at most 1000 bytes"),
        (TABLE, 200, {"Content_Length": "99", "Connection": "close"}, "IncompleteRead"),
        (b"", 302, {"Location": "http://127.0.0.2/"}, "expected a feed at a public address"),
        (b"", 302, {"Location": "file:///etc/passwd"}, "expected an http or https URL"),
        (b"", 304, {}, "got HTTP 304"),
    ],
)
def test_what_is_no_feed_replaces_nothing(
    server: Server, tmp_path: Path, body: bytes, status: int, headers: Any, message: str
) -> None:
    path = fetch_feed(server.give("/feed", TABLE), tmp_path, HOSTS)
    files = sorted(tmp_path.iterdir())
    if status == 304:
        path.unlink()
        files.remove(path)
    url = server.give("/feed", body, status, **headers)
    with pytest.raises(InvalidFeed, match=message):
        fetch_feed(url, tmp_path, HOSTS, max_bytes=1000)
    assert sorted(tmp_path.iterdir()) == files
    if status != 304:
        assert path.read_bytes() == TABLE


def test_the_local_network_is_refused(server: Server, tmp_path: Path) -> None:
    url = server.give("/feed", TABLE)
    with pytest.raises(InvalidFeed, match="HOUNDSTOOTH_IMAGE_HOSTS"):
        fetch_feed(url, tmp_path)
    assert server.asked == []


def test_a_folder_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidFeed, match="file"):
        fetch_feed(server.give("/feed", TABLE), tmp_path / "file", HOSTS)
