"""A feed and an attachment go on when their engine comes back, or takes writes again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from houndstooth.plugin.engines import open_engine
from tests.engine_proxy import Answer, EngineProxy, engine_proxy
from tests.integration.engines.helpers import client
from tests.integration.engines.own_shop import OwnShop
from tests.integration.engines.own_shop import product as own_product
from tests.integration.ingest.fakes import Counting
from tests.integration.ingest.shop import Shop

PRODUCTS = 30
SECONDS = 1.5


@pytest.fixture
def proxy(index_url: str) -> Iterator[EngineProxy]:
    with engine_proxy(index_url) as opened:
        yield opened


class Interrupting(Counting):
    """Does something when some images have been looked at."""

    def __init__(self, after: int, act: Callable[[], object]) -> None:
        super().__init__()
        self._after, self._act = after, act

    def extract(self, *arguments: Any, **options: Any) -> Any:
        features = super().extract(*arguments, **options)
        if self.looks >= self._after:
            self._after = 10**9
            self._act()
        return features


class Troubles:
    """What can befall an engine, and its end some seconds later."""

    def __init__(self, proxy: EngineProxy) -> None:
        self.proxy = proxy
        self.timers: list[Timer] = []

    def later(self, act: Callable[[], object]) -> None:
        self.timers.append(Timer(SECONDS, act))
        self.timers[-1].start()

    def away(self) -> None:
        self.proxy.is_away = True
        self.later(lambda: setattr(self.proxy, "is_away", False))

    def blocked(self, name: str) -> None:
        self._block(name, True)
        self.later(lambda: self._block(name, None))

    def _block(self, name: str, value: bool | None) -> None:
        with client(f"{self.proxy.scheme}://{self.proxy.node}") as server:
            body = {f"index.blocks.{name}": value}
            server.indices.put_settings(index=self.proxy.index, body=body)

    def closed(self) -> None:
        with client(f"{self.proxy.scheme}://{self.proxy.node}") as server:
            server.indices.close(index=self.proxy.index)
        self.later(self._open)

    def _open(self) -> None:
        with client(f"{self.proxy.scheme}://{self.proxy.node}") as server:
            server.indices.open(index=self.proxy.index)

    def too_many_bulks(self) -> None:
        error = {"type": "es_rejected_execution_exception", "reason": "rejected execution"}

        def refuse(method: str, path: str, body: bytes) -> Answer | None:
            return (429, {"error": error, "status": 429}) if "_bulk" in path else None

        self.proxy.answer = refuse
        self.later(self._pass_on)

    def too_many_items(self) -> None:
        """Of each bulk the node takes the first document alone."""
        error = {"type": "es_rejected_execution_exception", "reason": "rejected execution"}

        def refuse(method: str, path: str, body: bytes) -> Answer | None:
            if "_bulk" not in path:
                return None
            lines = body.decode().splitlines(keepends=True)
            first = "".join(lines[:2]).encode()
            status, _, answer = self.proxy.forward(method, path, first, "application/x-ndjson")
            items = json.loads(answer)["items"]
            (action,) = items[0]
            busy = {action: {"status": 429, "error": error}}
            return status, {"items": [*items, *[busy] * (len(lines) // 2 - 1)]}

        self.proxy.answer = refuse
        self.later(self._pass_on)

    def _pass_on(self) -> None:
        self.proxy.answer = lambda *_: None

    def end(self) -> None:
        for timer in self.timers:
            timer.join()


KINDS: dict[str, Callable[[Troubles], None]] = {
    "away": Troubles.away,
    "read-only": lambda one: one.blocked("read_only"),
    "flood stage": lambda one: one.blocked("read_only_allow_delete"),
    "no writes": lambda one: one.blocked("write"),
    "closed": Troubles.closed,
    "too many bulks": Troubles.too_many_bulks,
    "too many items": Troubles.too_many_items,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_feed_goes_on_and_recognises_nothing_twice(
    proxy: EngineProxy, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path)
    shop.url = proxy.url
    rows = [
        {"id": f"p{n}", "title": f"Red Shirt {n}", "image": f"img/{c}.png"}
        for n, c in enumerate(["red", "green", "blue"] * (PRODUCTS // 3))
    ]
    # A picture each, so that what is looked at can be counted.
    for n, row in enumerate(rows):
        data = (tmp_path / row["image"]).read_bytes()
        row["image"] = f"img/{n}.png"
        (tmp_path / row["image"]).write_bytes(data + bytes([n]))
    troubles = Troubles(proxy)
    extractor = Interrupting(PRODUCTS // 2, lambda: KINDS[kind](troubles))
    status = shop.ingest(shop.write(rows), extractor=extractor)
    troubles.end()
    errors = capsys.readouterr().err
    assert status == 0, errors
    assert shop.report["totals"]["written"] == PRODUCTS
    assert shop.report["totals"]["failed"] == 0
    assert extractor.looks == PRODUCTS
    assert errors.count("waiting for the engine, 900 s at most") == 1
    assert errors.count("the engine is back after") == 1
    engine = open_engine(proxy.url)
    found = engine.fetch([row["id"] for row in rows])
    engine.close()
    assert len(found) == PRODUCTS and all(one.visual for one in found)


@pytest.mark.parametrize("kind", ["away", "flood stage"])
def test_an_engine_that_does_not_come_back_stops_the_feed(
    proxy: EngineProxy,
    tmp_path: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOUNDSTOOTH_ENGINE_PATIENCE", "1")
    monkeypatch.setattr(sys.modules[__name__], "SECONDS", 4)
    shop = Shop(tmp_path)
    shop.url = proxy.url
    rows = [{"id": f"p{n}", "title": "Shirt", "image": "img/red.png"} for n in range(PRODUCTS)]
    troubles = Troubles(proxy)
    extractor = Interrupting(1, lambda: KINDS[kind](troubles))
    assert shop.ingest(shop.write(rows), extractor=extractor) == 1
    troubles.end()
    assert "it was waited for 1 s" in shop.report["stopped"]
    assert shop.report["totals"]["failed"] == 0


@pytest.mark.parametrize("kind", ["away", "flood stage", "too many items"])
def test_an_attachment_and_a_detachment_go_on(
    proxy: EngineProxy, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = OwnShop(proxy.url, tmp_path)
    shop.create(shards=2)
    documents = {f"p{n}": own_product(f"Women Red Dress {n}") for n in range(PRODUCTS)}
    shop.write(documents)
    troubles = Troubles(proxy)
    extractor = Interrupting(PRODUCTS // 4, lambda: KINDS[kind](troubles))
    assert shop.attach(extractor=extractor) == 0
    troubles.end()
    assert shop.totals == {"written": PRODUCTS}
    assert all(shop.category(key) == "dress" for key in documents)
    KINDS[kind](troubles)
    capsys.readouterr()
    is_refused = kind != "too many items"  # nothing has begun
    status = shop.detach("--yes")
    troubles.end()
    assert status == (2 if is_refused else 0)
    if is_refused:
        assert shop.detach("--yes") == 0
    else:
        assert "the engine is back after" in capsys.readouterr().err
    assert {key: shop.source(key) for key in documents} == documents
    shop.client.close()
