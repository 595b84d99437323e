"""Engines that are not there yet, are away, refuse, or have a URL that makes no sense."""

from __future__ import annotations

from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from opensearchpy.exceptions import TransportError

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig, InvalidFilter
from houndstooth.plugin.credentials import Credentials
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.cluster.errors import client_errors
from tests.catalogue import (
    document,
)
from tests.conftest import free_port
from tests.integration.engines.helpers import fill, found


def test_preparing_twice_keeps_everything(engine: Engine, engine_url: str) -> None:
    fill(engine, document("1"))
    engine.prepare()
    another = open_engine(engine_url)
    another.prepare()
    assert found(another) == found(engine) == ["1"]
    another.close()


def test_an_engine_without_a_catalogue_is_unavailable(engine_url: str) -> None:
    engine = open_engine(engine_url)
    for ask in (engine.ping, engine.count, lambda: found(engine), lambda: engine.fetch(["1"])):
        with pytest.raises(EngineUnavailable):
            ask()
    engine.prepare()
    engine.ping()
    assert engine.count() == 0
    engine.close()


def test_an_absent_server_is_named_without_the_password() -> None:
    port = free_port()
    credentials = Credentials(user="me", password="secret")
    engine = open_engine(f"opensearch://127.0.0.1:{port}/products", credentials)
    actions = (
        engine.prepare,
        engine.ping,
        engine.refresh,
        lambda: found(engine),
        lambda: engine.fetch(["1"]),
        lambda: engine.write([document("1")]),
        lambda: engine.delete(["1"]),
    )
    for act in actions:
        with pytest.raises(EngineUnavailable, match=f"127.0.0.1:{port}") as caught:
            act()
        assert "secret" not in str(caught.value)
    engine.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 100)
    engine = open_engine(f"sqlite:///{path}")
    for act in (engine.prepare, engine.ping):
        with pytest.raises(EngineUnavailable, match=r"notes\.txt"):
            act()
    engine.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://localhost/products",
        "sqlite://",
        "sqlite:///",
        "sqlite://catalogue.db",
        "sqlite:/srv/catalogue.db",
        "opensearch://localhost:9200",
        "opensearch://localhost:port/products",
        "opensearch:///products",
        "opensearch://localhost/products/more",
        "opensearch://localhost/products?visual=mine",
        "opensearch://localhost/products?visual=visual_2&timeout=1",
        "sqlite:///catalogue.db?visual=visual_2",
        "opensearch://h1,h2",
        "opensearch://h1,,h2/products",
        "opensearch://h1:9200,h2:port/products",
        "opensearch://h1:9200,:9201/products",
        "opensearch://me:secret@h1,me:secret@h2/products",
        "elasticsearchs://me:secret@h1:9200/products",
        "opensearch://me:sec/ret@h1:9200/products",
        "opensearch://me:secret[@h1/products",
        "elasticcloud://shop/products",
        "elasticcloud://shop:c2VjcmV0/products",
        f"elasticcloud://shop:{b64encode(b'a.example:x$id$').decode()}/products",
        f"elasticcloud://shop:{b64encode(b'a.example$id$').decode()}",
    ],
)
def test_engine_urls_that_make_no_sense(url: str) -> None:
    with pytest.raises(InvalidConfig, match="expected an engine URL") as caught:
        open_engine(url)
    assert "sec" not in str(caught.value)
    assert caught.value.__cause__ is None
    if "@" in url:
        assert "HOUNDSTOOTH_ENGINE_PASSWORD" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "error"), [(400, InvalidFilter), (429, EngineUnavailable), (503, EngineUnavailable)]
)
def test_a_search_that_fails_is_not_always_the_querys_fault(
    status: int, error: type[Exception]
) -> None:
    cause = {"root_cause": [], "type": "search_phase_execution_exception", "reason": "shards"}
    with pytest.raises(error, match="shards"), client_errors("http://127.0.0.1:1", "products"):
        raise TransportError(status, cause["type"], {"error": cause, "status": status})


class Refusing(BaseHTTPRequestHandler):
    """A server that wants to know who asks, and says so in a page for people."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"<p>Who are you?</p>")

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_a_wrong_password_is_said() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever).start()
        engine = open_engine(f"opensearch://127.0.0.1:{server.server_port}/products")
        for ask in (engine.prepare, engine.ping, lambda: engine.fetch(["1"])):
            with pytest.raises(EngineUnavailable, match="401"):
                ask()
        engine.close()
        server.shutdown()


class NoOpenSearch(Refusing):
    """A server that is none of ours."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"{}")

    do_HEAD = do_POST = do_PUT = do_GET


def test_a_server_that_is_no_opensearch_is_said() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), NoOpenSearch) as server:
        Thread(target=server.serve_forever).start()
        engine = open_engine(f"opensearch://127.0.0.1:{server.server_port}/products")
        for ask in (engine.count, lambda: engine.fetch(["1"])):
            with pytest.raises(EngineUnavailable, match="got another server, which answers 404"):
                ask()
        engine.close()
        server.shutdown()
