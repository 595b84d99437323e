"""Sold-out products come after all others, are left out, or rank as all others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from houndstooth.commands import main
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.search import SOLD_OUT_CHOICES, SearchRequest
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.fakes import FakeExtractor
from tests.integration.page import SMALL_PHONE, Page
from tests.integration.test_service import EXTRACTOR, TAXONOMY, document, ids, picture

SEEDS = {"best": 7, "b": 8, "c": 9, "d": 10, "e": 11}
SOLD_OUT = {"availability": "out of stock"}
PHOTO = picture("red", SEEDS["best"])
LAST, HIDE, SHOW = (SearchRequest("t-shirt", sold_out=one) for one in SOLD_OUT_CHOICES)


def documents() -> list[IndexDocument]:
    """Five like the photo, the best and another sold out."""
    facts = {"best": SOLD_OUT, "c": SOLD_OUT, "d": {"availability": "preorder"}}
    return [
        document(
            name,
            "t-shirt",
            "red",
            seed,
            {"group": "g" if name in "be" else name} | facts.get(name, {}),
        )
        for name, seed in SEEDS.items()
    ]


@pytest.fixture(params=["sqlite", "opensearch, columns", "opensearch alone"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VisualSearch]:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    if "opensearch" in request.param:
        url = f"{request.getfixturevalue('opensearch_url')}/sold-out-{tmp_path.name.lower()}"
    engine = open_engine(url)
    engine.prepare()
    engine.write(documents())
    engine.refresh()
    columns = tmp_path if "columns" in request.param else None
    service = VisualSearch(EXTRACTOR, engine, TAXONOMY, Settings(columns=columns))
    if service.columns:
        service.columns.sync()
    yield service
    engine.close()


def found(service: VisualSearch, request: SearchRequest) -> list[str]:
    return ids(service.search(PHOTO, replace(request, collapse=False)))


def test_what_is_sold_out_comes_last(service: VisualSearch) -> None:
    as_all = found(service, SHOW)
    assert (as_all[0], len(as_all)) == ("best", 5)
    sellable = [one for one in as_all if one not in ("best", "c")]
    assert found(service, LAST) == [*sellable, "best", "c"]
    assert found(service, HIDE) == sellable


@pytest.mark.parametrize("top", [1, 2, 3, 4])
def test_pages_go_on_from_the_sellable_to_the_sold_out(service: VisualSearch, top: int) -> None:
    for request in (LAST, HIDE, SHOW):
        whole, joined, cursor = found(service, request), list[str](), None
        while True:
            page = replace(request, collapse=False, top=top, cursor=cursor)
            answer = service.search(PHOTO, page)
            joined += ids(answer)
            cursor = answer.next
            if cursor is None:
                break
        assert joined == whole


def test_the_variant_that_can_be_bought_is_the_hit(service: VisualSearch) -> None:
    service.engine.write([IndexDocument("b", SOLD_OUT)])
    service.engine.refresh()
    if service.columns:
        service.columns.sync()
    hits = {hit.product_id: hit.variants for hit in service.search(PHOTO, LAST).hits}
    assert hits == {"e": ("b",), "d": (), "best": (), "c": ()}
    assert list(hits)[-2:] == ["best", "c"]


def test_a_product_that_is_in_stock_again(service: VisualSearch) -> None:
    assert found(service, LAST)[0] != "best"
    service.engine.write([IndexDocument("best", {"availability": "in stock"})])
    service.engine.refresh()
    if service.columns:
        service.columns.sync()
    assert found(service, LAST)[0] == found(service, HIDE)[0] == "best"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path}/catalogue.db")
    engine.prepare()
    engine.write(documents())
    (tmp_path / "photo.png").write_bytes(PHOTO)
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("choice", "first", "count"), [("last", 0, 5), ("hide", 0, 3), ("show", 1, 5)]
)
def test_the_command_takes_the_choice(
    shop: Engine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    choice: str,
    first: int,
    count: int,
) -> None:
    words = ["search", str(tmp_path / "photo.png"), "--engine", f"sqlite:///{shop.location}"]
    options = ["--category", "t-shirt", "--no-collapse", "--json", "--sold-out", choice]
    assert main([*words, *options], extractor=FakeExtractor()) == 0
    hits = [
        hit["product_id"]
        for hit in json.loads(capsys.readouterr().out)["hits"]
        if hit["category"] == "t-shirt"
    ]
    assert len(hits) == count
    assert (hits[0] == "best") == bool(first)


def test_the_command_says_what_a_hit_costs_and_that_it_is_sold_out(
    shop: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write([IndexDocument("b", {"price": 1299.5, "currency": "EUR"})])
    words = ["search", str(tmp_path / "photo.png"), "--engine", f"sqlite:///{shop.location}"]
    assert main([*words, "--no-collapse"], extractor=FakeExtractor()) == 0
    lines = {line.split()[1]: line for line in capsys.readouterr().out.splitlines()[3:8]}
    assert "  1,299.50 EUR  " in lines["b"]
    assert "  preorder  " in lines["d"]
    assert "  out of stock  " in lines["best"]


def sell_out(app: Flask, *product_ids: str, availability: str = "out of stock") -> None:
    facts = {"availability": availability}
    app.extensions["houndstooth"].engine.write([IndexDocument(one, facts) for one in product_ids])


def test_rest_takes_the_choice(app: Flask) -> None:
    client, name = app.test_client(), "jacket-red-3"
    address = "/api/v1/products/jacket-red-2/similar?top=200&sold_out="
    sell_out(app, name)
    try:
        shown, last, hidden = (
            [hit["product_id"] for hit in client.get(address + one).json["hits"]]  # type: ignore[index]
            for one in ("show", "last", "hide")
        )
        assert last.index(name) > shown.index(name) and name not in hidden
        totals = [client.get(f"/api/v1/facets?sold_out={one}").json for one in ("show", "hide")]
        assert totals[0] and totals[1] and totals[0]["total"] == totals[1]["total"] + 1
        refused = client.get(address + "maybe")
        assert refused.status_code == 400
        assert "one of last, hide, show" in refused.text
    finally:
        sell_out(app, name, availability="in stock")


def test_the_page_marks_and_hides_what_is_sold_out(app: Flask, page: Page, photo: Path) -> None:
    gone = ["t-shirt-green-2", *(f"t-shirt-red-{n}" for n in range(10))]
    sell_out(app, *gone)
    try:
        page.open()
        page.upload(photo)
        before = page.settled()
        assert before[19] == "t-shirt-green-2" and not set(before[:19]) & set(gone)
        assert page.text(".card:has(.sold-out)").startswith("Sold out")
        assert len(page.all(".card .sold-out")) == len(before) - 19
        page.wait(lambda: page.all("[data-key=hide-sold-out]"), "no choice to hide")
        after = page.after(lambda: page.one("[data-key=hide-sold-out]").click())
        assert not set(after) & set(gone) and not page.all(".card .sold-out")
        assert "sold_out=hide" in page.driver.current_url
        assert page.text("#refine-count") == "1"
        assert page.after(lambda: page.one("[data-key=hide-sold-out]").click()) == before
    finally:
        sell_out(app, *gone, availability="in stock")


def test_the_page_shows_what_comes_later_and_what_is_reduced(
    app: Flask, page: Page, photo: Path
) -> None:
    engine = app.extensions["houndstooth"].engine
    page.open()
    page.upload(photo)
    nearest, other = page.settled()[:2]
    offer = {"availability": "preorder", "price": 10.0, "price_before": 1299.5, "currency": "EUR"}
    engine.write([IndexDocument(nearest, offer)])
    try:
        page.resize(SMALL_PHONE)
        page.open()
        page.upload(photo)
        assert page.settled()[0] == nearest
        card = f".card[data-id={nearest}]"
        assert page.text(f"{card} .badge") == "Preorder"
        assert page.text(f"{card} s").split() == ["before", "€1,299.50"]
        assert page.text(f"{card} .price").endswith("€10.00")
        assert not page.all(f".card[data-id={other}] :is(s, .badge)")
        edge = "return document.querySelector(arguments[0]).getBoundingClientRect().right"
        right = [page.driver.execute_script(edge, css) for css in (card, f"{card} .price")]
        assert right[1] <= right[0]
    finally:
        page.restore()
        sell_out(app, nearest, availability="in stock")
