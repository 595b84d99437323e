"""Who may call which route, how often, and from which pages."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from redis import Redis
from werkzeug.exceptions import TooManyRequests

from houndstooth.plugin.access import Access
from houndstooth.plugin.keys import KeyFile, Scope, make_key
from houndstooth.plugin.setting_readers import networks
from houndstooth.web.access import rates
from houndstooth.web.shop import shop_blueprint
from tests.conftest import running_redis
from tests.integration.conftest import serve
from tests.integration.page import Page
from tests.integration.web_catalogue import make_app
from tests.integration.web_jobs import finished_job

OPEN = {
    *("static", "page.media", "api.openapi", "health.healthz", "health.readyz"),
    *("webhooks.shopify", "webhooks.woocommerce"),
    *("widget.loader", "widget.words", "widget.part"),
}
"""Routes that ask for no key, whatever the settings; webhooks are signed."""
SHOP = "https://shop.example"

MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[MakeClient]:
    apps: list[Flask] = []

    def make(**access: Any) -> FlaskClient:
        settings = Access(**{"keys": tmp_path / "keys.json", **access})
        app = make_app(tmp_path, access=settings, jobs=tmp_path / "jobs")
        app.register_blueprint(shop_blueprint(app.extensions["houndstooth"]))
        apps.append(app)
        return apps[-1].test_client()

    yield make
    for app in apps:
        app.extensions["houndstooth"].engine.close()


@pytest.fixture
def key(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Make a key; its header."""

    def make(*scopes: Scope) -> dict[str, str]:
        text, record = make_key(scopes)
        KeyFile(tmp_path / "keys.json").add(record)
        return {"Authorization": f"Bearer {text}"}

    return make


def test_every_route_says_what_it_needs(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        marked = hasattr(app.view_functions[rule.endpoint], "required")
        assert marked != (rule.endpoint in OPEN), rule


def test_without_keys_all_may_be_read(make_client: MakeClient) -> None:
    client = make_client()
    for path in ("/", "/ingest", "/api/v1/jobs", "/api/v1/samples", "/healthz"):
        assert client.get(path).status_code == 200


def test_jobs_need_a_key_as_soon_as_there_is_one(
    make_client: MakeClient, key: Callable[..., dict[str, str]]
) -> None:
    client = make_client()
    search, ingest, admin = key("search"), key("ingest"), key("admin")
    for path in ("/ingest", "/api/v1/jobs", "/api/v1/jobs/0123456789ab"):
        found = 404 if path.endswith("b") else 200
        assert client.get(path).status_code == 401
        assert client.get(path, headers=search).status_code == 403
        assert client.get(path, headers=ingest).status_code == found
        assert client.get(path, headers=admin).status_code == found
    for path in ("/", "/api/v1/samples", "/api/v1/openapi.json", "/healthz"):
        assert client.get(path).status_code == 200


def test_refusals_say_what_is_needed(
    make_client: MakeClient, key: Callable[..., dict[str, str]]
) -> None:
    client, search = make_client(), key("search")
    none = client.get("/api/v1/jobs")
    assert none.headers["WWW-Authenticate"] == 'Bearer realm="Houndstooth API"'
    assert none.json["error"]["code"] == "unauthorized"
    assert "a key with the scope ingest in the header Authoriz" in none.json["error"]["message"]
    wrong = client.get("/api/v1/jobs", headers={"Authorization": f"{search['Authorization']}x"})
    assert wrong.status_code == 401
    assert "error=invalid_token" in wrong.headers["WWW-Authenticate"]
    lacking = client.get("/api/v1/jobs", headers=search)
    assert lacking.json["error"] == {
        "code": "forbidden",
        "message": "expected a key with the scope ingest; this one has search",
        "status": 403,
    }
    for header in ("Bearer", "Bearer ", "Basic x", "Basic Og==", "Digest a=b", "\x00", "é"):
        assert client.get("/api/v1/jobs", headers={"Authorization": header}).status_code == 401


def test_the_page_takes_the_key_as_a_password(
    make_client: MakeClient, key: Callable[..., dict[str, str]]
) -> None:
    client, ingest = make_client(), key("ingest")
    asked = client.get("/ingest").headers["WWW-Authenticate"]
    assert asked == 'Basic realm="Houndstooth API", charset=UTF-8'
    for user in ("", "anybody"):
        words = b64encode(f"{user}:{ingest['Authorization'][7:]}".encode()).decode()
        for path in ("/ingest", "/api/v1/jobs"):
            basic = {"Authorization": f"Basic {words}"}
            assert client.get(path, headers=basic).status_code == 200


def test_searches_need_a_key_if_the_settings_say_so(
    make_client: MakeClient, key: Callable[..., dict[str, str]]
) -> None:
    client = make_client(search_keys=True)
    assert client.get("/api/v1/samples").status_code == 401, "also without any keys"
    assert "houndstooth keys create search" in client.get("/api/v1/samples").text
    search, ingest = key("search"), key("ingest")
    for path in ("/", "/api/v1/samples", "/api/v1/facets", "/api/v1/products/t-shirt-red-0"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=ingest).status_code == 403
        assert client.get(path, headers=search).status_code == 200
    assert client.post("/api/v1/search").status_code == 401
    words = b64encode(f":{search['Authorization'][7:]}".encode()).decode()
    for path in ("/", "/shop", "/api/v1/samples"):  # a browser asks for a password, and sends it on
        asked = client.get(path).headers["WWW-Authenticate"]
        assert asked.startswith("Bearer" if path.startswith("/api") else "Basic"), path
        assert client.get(path, headers={"Authorization": f"Basic {words}"}).status_code == 200
    assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


def test_a_revoked_key_is_refused_at_once(
    make_client: MakeClient, key: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    client, ingest = make_client(), key("ingest")
    assert client.get("/api/v1/jobs", headers=ingest).status_code == 200
    [record] = KeyFile(tmp_path / "keys.json").read()
    KeyFile(tmp_path / "keys.json").remove(record.key_id)
    assert client.get("/api/v1/jobs", headers=ingest).status_code == 401


@pytest.fixture(params=["own", "redis"])
def counted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The Redis in which requests are counted; none for the process itself."""
    if request.param == "own":
        yield ""
        return
    with running_redis(tmp_path) as url:
        yield url


def test_too_many_requests_are_refused(
    make_client: MakeClient, key: Callable[..., dict[str, str]], counted: str
) -> None:
    client = make_client(rate_limit="3/minute", key_rate_limit="5/minute", rate_redis=counted)
    first, second = key("search"), key("search")
    for _ in range(3):
        assert client.get("/api/v1/taxonomy").status_code == 200
    refused = client.get("/api/v1/taxonomy")
    assert refused.status_code == 429
    assert refused.json["error"]["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "3 per 1 minute from one address" in refused.json["error"]["message"]
    for header in (first, second):
        found = [client.get("/api/v1/taxonomy", headers=header).status_code for _ in range(6)]
        assert found == [200] * 5 + [429]
    other = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/api/v1/taxonomy", environ_base=other).status_code == 200
    for path in ("/healthz", "/readyz", "/static/base.css"):
        with client.get(path) as answer:
            assert answer.status_code == 200


def test_wrong_keys_count_for_their_address(
    make_client: MakeClient, key: Callable[..., dict[str, str]]
) -> None:
    client = make_client(rate_limit="3/minute")
    key("ingest")
    wrong = {"Authorization": "Bearer hs_00000000_guess"}
    found = [client.get("/api/v1/jobs", headers=wrong).status_code for _ in range(5)]
    assert found == [401] * 3 + [429] * 2


def test_an_ipv6_network_is_one_client(make_client: MakeClient) -> None:
    client = make_client(rate_limit="2/minute")
    addresses = ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1")
    found = [
        client.get("/api/v1/taxonomy", environ_base={"REMOTE_ADDR": address}).status_code
        for address in addresses
    ]
    assert found == [200, 200, 429, 200]


def test_services_count_together_and_alone_while_redis_is_away(
    make_client: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "AWAY_SECONDS", 0)
    with running_redis(tmp_path) as url:
        options = {"rate_limit": "2/minute", "rate_redis": url}
        one, two = make_client(**options), make_client(**options)
        found = [client.get("/api/v1/taxonomy").status_code for client in (one, two, one, two)]
        assert found == [200, 200, 429, 429]
        assert Redis.from_url(url).keys()
    found = [one.get("/api/v1/taxonomy").status_code for _ in range(3)]
    assert found == [200, 200, 429]


def test_clients_behind_a_trusted_proxy_are_counted_each(make_client: MakeClient) -> None:
    client = make_client(rate_limit="1/minute", proxies=networks("10.0.0.0/8"))

    def ask(peer: str, forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        base = {"REMOTE_ADDR": peer}
        return client.get("/api/v1/taxonomy", headers=headers, environ_base=base).status_code

    assert [ask("10.0.0.1", "203.0.113.1"), ask("10.0.0.1", "203.0.113.2")] == [200, 200]
    assert ask("10.0.0.2", "198.51.100.1, 203.0.113.1") == 429
    assert [ask("203.0.113.9", "203.0.113.7"), ask("203.0.113.9", "203.0.113.8")] == [200, 429]


def test_pages_of_allowed_origins_may_call(
    make_client: MakeClient, key: Callable[..., dict[str, str]]
) -> None:
    client = make_client(cors_origins=(SHOP,), search_keys=True)
    search = key("search")
    preflight = client.options(
        "/api/v1/search",
        headers={
            "Origin": SHOP,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, x-other",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == SHOP
    assert preflight.headers["Access-Control-Allow-Headers"].lower() == "authorization"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    for headers, status in ((search, 200), ({}, 401)):
        answer = client.get("/api/v1/samples", headers={"Origin": SHOP, **headers})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert "Origin" in answer.headers["Vary"]
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://shop.example.evil.example", "null", "http://shop.example"],
)
def test_pages_of_other_origins_may_not(make_client: MakeClient, origin: str) -> None:
    client = make_client(cors_origins=(SHOP,))
    for answer in (
        client.get("/api/v1/samples", headers={"Origin": origin}),
        client.options(
            "/api/v1/search", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
        ),
        client.get("/ingest", headers={"Origin": SHOP}),
    ):
        assert "Access-Control" not in str(answer.headers)


@contextmanager
def served(client: FlaskClient) -> Iterator[str]:
    with serve(client.application) as address:
        yield address


def test_a_browser_logs_in_by_its_own_window(
    driver: Any,
    make_client: MakeClient,
    key: Callable[..., dict[str, str]],
    tmp_path: Path,
) -> None:
    client, ingest = make_client(), key("ingest")
    finished_job(tmp_path / "jobs")
    with served(client) as address:
        driver.get(
            f"{address.replace('//', '//staff:' + ingest['Authorization'][7:] + '@')}/ingest"
        )
        page = Page(driver, address)
        page.open("/ingest")
        page.reads(".job .state", "Finished")


def test_a_limit_of_its_own_is_counted_beside_that_of_the_settings() -> None:
    counting, own = rates.Rates(Access(rate_limit="2/minute")), parse("2/minute")
    for _ in range(2):
        counting.count(None, "203.0.113.1", own)
    with pytest.raises(TooManyRequests):
        counting.count(None, "203.0.113.1")
