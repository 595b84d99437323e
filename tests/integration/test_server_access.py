"""The web server before proxies and pages of other origins."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from houndstooth.plugin.access import Access
from houndstooth.plugin.keys import KeyFile, make_key
from houndstooth.plugin.setting_readers import networks
from houndstooth.web.access.rates import UNSIGNED
from houndstooth.web.serving.limits import WRITE_QUEUE, WRITE_THREADS
from tests.fakes import FakeExtractor
from tests.integration.test_server_load import (
    BODY_BYTES,
    SEARCH,
    announced,
    answer,
    connect,
    is_open,
    refused,
    running,
    until,
)
from tests.integration.web_catalogue import make_app
from tests.load import ask, request

SHOP = "https://shop.example"
PROXY = "127.0.0.2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogue")


@contextmanager
def serving(folder: Path, access: Access, **limits: int) -> Iterator[int]:
    app = make_app(folder, FakeExtractor(), access=access)
    with running(app, **limits) as port:
        yield port
    app.extensions["houndstooth"].engine.close()


def test_a_trusted_proxy_may_have_all_connections(folder: Path) -> None:
    for proxies, most in ((f"{PROXY}/32", 10), ("10.0.0.0/8", 5)):
        with serving(folder, Access(proxies=networks(proxies)), connections=10) as port:
            held = [connect(port, b"GET / HT", PROXY) for _ in range(14)]
            until(lambda held=held, most=most: sum(map(is_open, held)) == most)  # type: ignore[misc]
            for connection in held:
                connection.close()


def test_room_for_uploads_is_shared_by_the_clients_of_a_proxy(folder: Path) -> None:
    """There is room for four of the largest; one client has half of it."""

    def upload(client: str) -> bytes:
        return announced(BODY_BYTES, f"X-Forwarded-For: {client}")

    with serving(folder, Access(proxies=networks(PROXY)), threads=4) as port:
        held = [connect(port, upload("203.0.113.1"), PROXY) for _ in range(2)]
        refused(answer(connect(port, upload("203.0.113.1"), PROXY)), 503, "overloaded")
        refused(answer(connect(port, upload("1.1.1.1, 203.0.113.1"), PROXY)), 503, "overloaded")
        held += [connect(port, upload("203.0.113.2"), PROXY)]
        assert answer(connect(port, SEARCH))[0] == 200
        for connection in held:
            connection.close()


def test_rates_count_the_clients_of_a_proxy(folder: Path) -> None:
    access = Access(rate_limit="1/minute", proxies=networks("127.0.0.1"))
    with serving(folder, access) as port:

        def status(client: str) -> int:
            asked = request("GET", "/api/v1/taxonomy", X_Forwarded_For=client)
            return asyncio.run(ask(port, asked)).status

        assert [status(f"203.0.113.{n}") for n in (1, 2, 1)] == [200, 200, 429]


@pytest.mark.parametrize(("origin", "allowed"), [(SHOP, True), ("https://evil.example", False)])
def test_pages_can_read_what_the_server_itself_refuses(
    folder: Path, origin: str, allowed: bool
) -> None:
    with serving(folder, Access(cors_origins=(SHOP,))) as port:
        upload = announced(BODY_BYTES + 1, f"Origin: {origin}")
        reply = asyncio.run(ask(port, upload))
        assert reply.status == 413
        assert (b"\r\nAccess-Control-Allow-Origin: " + origin.encode() in reply.head) == allowed
        assert asyncio.run(ask(port, b"GET\r\n\r\n")).status == 400


def test_writes_that_wait_take_no_thread_of_a_search(folder: Path) -> None:
    """Their images do not come: two wait for them, eight for these, and more are refused."""
    text, record = make_key(["ingest"])
    KeyFile(folder / "keys.json").add(record)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        image = f"http://127.0.0.1:{silent.getsockname()[1]}/a.jpg"
        body = json.dumps({"title": "T-Shirt", "images": [image]}).encode()
        headers = {"Content_Type": "application/json", "Authorization": f"Bearer {text}"}
        write = request("PUT", "/api/v1/products/a", body, **headers)
        access = Access(keys=folder / "keys.json")
        hosts = frozenset({"127.0.0.1"})
        app = make_app(
            folder, FakeExtractor(), access=access, image_hosts=hosts, jobs=folder / "jobs"
        )
        with running(app, threads=1, queue=0) as port:
            held = [connect(port, write) for _ in range(WRITE_THREADS + WRITE_QUEUE)]
            until(lambda: answer(connect(port, write))[0] == 503)
            assert answer(connect(port, SEARCH))[0] == 200
            silent.close()
            assert {answer(connection)[0] for connection in held} == {503}
        app.extensions["houndstooth"].engine.close()


def test_webhooks_without_a_right_signature_are_bounded_by_address(folder: Path) -> None:
    """Those that cannot be right are refused at their headers; right ones are always taken."""
    path, signed = "/api/v1/webhooks/shopify", {"X_Shopify_Topic": "products/delete"}
    body, forged = b'{"id": 1}', base64.b64encode(bytes(32)).decode()
    signed["X_Shopify_Hmac_Sha256"] = base64.b64encode(hmac.digest(b"s", body, "sha256")).decode()
    access = Access(proxies=networks(PROXY), shopify_secret="s")
    app = make_app(folder, FakeExtractor(), access=access, jobs=folder / "jobs")

    def post(client: str, **headers: str) -> tuple[int, bytes]:
        asked = request("POST", path, body, X_Forwarded_For=client, **headers)
        return answer(connect(port, asked, PROXY))

    with running(app) as port:
        for _ in range(UNSIGNED.amount):
            assert post("203.0.113.1", X_Shopify_Hmac_Sha256=forged)[0] == 401
            assert post("203.0.113.2", **signed)[0] == 200
        refused(post("203.0.113.1", X_Shopify_Hmac_Sha256=forged), 429, "too_many_requests")
        assert post("203.0.113.1", **signed)[0] == 200
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.1\r\n"
        sent = f"{head}Content-Length: {BODY_BYTES}\r\n\r\n".encode()
        refused(answer(connect(port, sent, PROXY)), 429, "too_many_requests")
        assert post("203.0.113.2", **signed)[0] == 200
    with app.test_client() as client:
        address = {"REMOTE_ADDR": "203.0.113.1"}
        for asked in (path, f"{path}?a=1"):
            assert client.post(asked, data=body, environ_base=address).status_code == 429
    app.extensions["houndstooth"].engine.close()
