"""A feed is given by URL: downloaded once, and again only when it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.http_server import running
from tests.integration.ingest.shop import Shop, row


class _Handler(SimpleHTTPRequestHandler):
    statuses: ClassVar[list[int]] = []

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.path.endswith(".csv"):
            self.statuses.append(int(code))


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    _Handler.statuses.clear()
    handler = partial(_Handler, directory=str(folder))
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def test_a_feed_and_its_images_come_from_a_server(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write([row("a", "red"), row("b", "blue", image="/img/blue.png")])
    monkeypatch.setenv("HOUNDSTOOTH_FEEDS", str(shop.folder / "feeds"))
    monkeypatch.setenv("HOUNDSTOOTH_IMAGE_HOSTS", "127.0.0.1")
    with serving(shop.folder) as address:
        assert shop.ingest(f"{address}/feed.csv") == 0
        assert shop.outcomes() == [("a", "written"), ("b", "written")]
        assert shop.stored("b")[0]["image"] == f"{address}/img/blue.png"
        assert shop.ingest(f"{address}/feed.csv") == 0
        assert shop.outcomes() == [("a", "unchanged"), ("b", "unchanged")]
    assert _Handler.statuses == [200, 304]


def test_a_feed_on_a_private_network_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write([row("a")])
    monkeypatch.setenv("HOUNDSTOOTH_FEEDS", str(shop.folder / "feeds"))
    with serving(shop.folder) as address:
        assert shop.ingest(f"{address}/feed.csv") == 2
    assert "HOUNDSTOOTH_IMAGE_HOSTS" in capsys.readouterr().err
    assert _Handler.statuses == []
