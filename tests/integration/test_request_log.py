"""A log line and an id for each request, those included that never reach the application."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.web.observability.requests import AddRequestId
from tests.integration.test_server_load import SEARCH, TwoCores, running, served
from tests.integration.web_catalogue import draw, file_of, make_app
from tests.load import Reply, ask, patient, request, statuses

PHOTO = file_of(draw("green"))
LOGGER = "houndstooth.web.observability.requests"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = make_app(tmp_path, TwoCores(0.3))
    yield app
    app.extensions["houndstooth"].engine.close()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[logging.LogRecord]]:
    """The lines of requests so far."""
    caplog.set_level(logging.INFO, LOGGER)
    handler = Lines()
    logging.getLogger("houndstooth").addHandler(handler)
    yield handler.lines
    logging.getLogger("houndstooth").removeHandler(handler)


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == LOGGER:
            self.lines.append(record)


def id_of(reply: Reply) -> str:
    """The id that an answer gives back."""
    headers = dict(line.split(": ", 1) for line in reply.head.decode().splitlines()[1:])
    return headers["X-Request-Id"]


def test_a_search(app: Flask, lines: list[Any]) -> None:
    answer = app.test_client().post(
        "/api/v1/search?",
        data={"image": (io.BytesIO(PHOTO), "mine.png"), "filter": "price:..5000", "top": "3"},
        headers={"X-Request-ID": "shop-42", "Authorization": "Bearer hidden"},
    )
    assert answer.status_code == 200 and answer.headers["X-Request-ID"] == "shop-42"
    (line,) = lines
    assert line.request_id == "shop-42"
    assert (line.method, line.route, line.status) == ("POST", "/api/v1/search", 200)
    assert (line.hits, line.relaxed) == (
        3,
        answer.json["query"]["relaxed"],
    ) and line.model == "fake-1"
    assert line.stages_ms.keys() == {"decode", "extract", "candidates", "rerank", "fetch"}
    assert line.ms >= line.stages_ms["extract"] >= 300
    assert line.engine_requests >= 3 and 0 < line.engine_ms < line.ms
    assert "POST /api/v1/search 200 in" in line.getMessage()
    text = json.dumps(vars(line), default=str)
    assert not any(word in text for word in ("hidden", "mine.png", "5000"))


def test_ids_of_products_are_not_logged(app: Flask, lines: list[Any]) -> None:
    headers = {"traceparent": PARENT}
    answer = app.test_client().get("/api/v1/products/secret-7/similar", headers=headers)
    assert answer.status_code == 404
    assert answer.headers["X-Request-ID"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    (line,) = lines
    assert (line.route, line.error) == (
        "/api/v1/products/{product_id}/similar",
        "product_not_found",
    )
    assert "secret-7" not in json.dumps(vars(line), default=str)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/api/v1/taxonomy", 405, "method_not_allowed"),
        ("GET", "/api/v1/facets?category=sock-puppet", 400, "unknown_term"),
        ("POST", "/api/v1/search", 415, "unsupported_media_type"),
    ],
)
def test_errors(
    app: Flask, lines: list[Any], method: str, path: str, status: int, code: str
) -> None:
    answer = app.test_client().open(path, method=method, headers={"X-Request-ID": "a b"})
    assert answer.status_code == status
    (line,) = lines
    assert (line.status, line.error) == (status, code)
    assert line.request_id == answer.headers["X-Request-ID"] != "a b"
    assert "sock-puppet" not in json.dumps(vars(line), default=str)


def test_lines_that_are_logged_meanwhile_have_the_id(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise EngineUnavailable("no engine at 10.0.0.1")

    monkeypatch.setattr(type(app.extensions["houndstooth"].engine._engine), "fetch", away)
    caplog.handler.addFilter(AddRequestId())
    headers = {"X-Request-ID": "shop-43"}
    assert app.test_client().get("/api/v1/products/a", headers=headers).status_code == 503
    errors = [line for line in caplog.records if line.levelno == logging.ERROR]
    assert [vars(line)["request_id"] for line in errors] == ["shop-43"]
    assert "10.0.0.1" in errors[0].getMessage()


def test_health_and_scrapes_are_logged_where_they_fail(
    app: Flask, lines: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200 and not lines
    engine = app.extensions["houndstooth"].engine._engine
    monkeypatch.setattr(type(engine), "count", lambda *_: 0)
    assert client.get("/readyz").status_code == 503
    assert [(line.route, line.error) for line in lines] == [("/readyz", "nothing_indexed")]


def test_refused_requests_have_a_line_and_an_id_too(app: Flask, lines: list[Any]) -> None:
    ids = [f"shop-{number}" for number in range(12)]
    many = [SEARCH.replace(b"Host:", f"X-Request-ID: {one}\r\nHost:".encode()) for one in ids]
    large = request("POST", "/api/v1/search", Content_Length="99999999", traceparent=PARENT)
    long = request("GET", "/nowhere", X_Long="a" * 70_000)

    async def load(port: int) -> list[Reply]:
        searches = await asyncio.gather(*(ask(port, one) for one in many))
        return [
            *searches,
            await ask(port, large),
            await ask(port, long),
            await ask(port, b"?\r\n\r\n"),
        ]

    with running(app, threads=1, queue=1) as port:
        *searches, too_large, too_long, no_http = asyncio.run(load(port))
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    by_id = {line.request_id: line for line in lines}
    assert statuses(searches)[503] >= 8 and [id_of(reply) for reply in searches] == ids
    for one, reply in zip(ids, searches, strict=True):
        assert (by_id[one].status, by_id[one].route) == (reply.status, "/api/v1/search")
        assert (reply.status == 503) == (getattr(by_id[one], "error", "") == "overloaded")
    waited = [by_id[one].waited_ms for one in ids if by_id[one].status == 200]
    assert max(waited) > 100, "one of them waited for the thread"
    line = by_id["4bf92f3577b34da6a3ce929d0e0e4736"]
    assert id_of(too_large) == line.request_id
    assert (line.status, line.error) == (413, "request_entity_too_large")
    for reply, status in ((too_long, 431), (no_http, 400)):
        assert (reply.status, by_id[id_of(reply)].route) == (status, "none")
    assert len(lines) == len(searches) + 3
    refused = statuses(searches)[503]
    assert f'houndstooth_refusals_total{{code="overloaded"}} {refused}.0' in text
    assert 'houndstooth_refusals_total{code="request_entity_too_large"} 1.0' in text
    assert f'route="/api/v1/search",status="503"}} {refused}.0' in text
    assert 'houndstooth_threads{pool="searches"} 1.0' in text
    assert 'houndstooth_busy_threads{pool="light"} 1.0' in text
    assert "houndstooth_connections 1.0" in text
    assert f"houndstooth_queue_wait_seconds_count {12 - refused}.0" in text


def test_an_application_that_fails_outside_of_its_handlers(app: Flask, lines: list[Any]) -> None:
    def fail(*_: Any) -> Any:
        raise MemoryError

    app.wsgi_app = fail  # type: ignore[method-assign]
    with running(app) as port:
        answer = requests.get(f"http://127.0.0.1:{port}/", timeout=10)
    assert answer.json()["error"]["code"] == "internal_server_error"
    (line,) = lines
    assert (line.status, line.request_id) == (500, answer.headers["X-Request-ID"])


def test_metrics_are_served_beside_full_searches(app: Flask) -> None:
    async def load(port: int) -> tuple[list[Reply], str]:
        many = asyncio.create_task(patient(port, [SEARCH], 12, seconds=2))
        await asyncio.sleep(1)
        reply = await ask(port, request("GET", "/metrics"))
        return await many, reply.body.decode()

    with running(app, threads=2, queue=3) as port:
        _, text = asyncio.run(load(port))
    assert 'houndstooth_busy_threads{pool="searches"} 2.0' in text
    assert 'houndstooth_queue_requests{pool="searches"} 3.0' in text


def test_serve_writes_json(tmp_path: Path) -> None:
    with served(tmp_path, 0, stderr=tmp_path / "log") as (process, port):
        answer = requests.get(f"http://127.0.0.1:{port}/api/v1/taxonomy", timeout=10)
        asyncio.run(ask(port, request("GET", "/nowhere")))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    found = [line for line in lines if line["logger"] == LOGGER]
    assert [line["route"] for line in found] == ["/api/v1/taxonomy", "none"]
    assert found[0]["request_id"] == answer.headers["X-Request-ID"]
    assert found[0]["level"] == "INFO" and found[0]["time"].endswith("+00:00")


def test_an_unknown_form_of_log_is_refused() -> None:
    words = [sys.executable, "-m", "houndstooth", "serve", "--log", "xml"]
    run = subprocess.run(words, capture_output=True, text=True)
    assert run.returncode == 2 and "'json', 'text'" in run.stderr
