"""Search in words over REST: alone, beside a photo, beside a product; and by the page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from selenium.webdriver.common.keys import Keys

from houndstooth.mappings.document import NO_PICTURE
from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.features import UNKNOWN_CATEGORY
from houndstooth.mappings.words_query import WordsQuery
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.field_allowlist import FieldAllowlist
from tests.fakes import FakeExtractor
from tests.integration.page import SMALL_PHONE, Page
from tests.integration.web_catalogue import ODD_ID, draw, file_of, make_app

Json = dict[str, Any]


@pytest.fixture(scope="module")
def words_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return make_app(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def client(words_app: Flask) -> FlaskClient:
    return words_app.test_client()


def found(client: FlaskClient, **fields: Any) -> Json:
    answer = client.get("/api/v1/search", query_string={"top": 10, **fields})
    assert answer.status_code == 200, answer.json
    body: Json = answer.json
    return body


def ids(answer: Json) -> list[str]:
    return [hit["product_id"] for hit in answer["hits"]]


def kinds(answer: Json) -> set[str]:
    return {hit["category"] for hit in answer["hits"]}


def posted(client: FlaskClient, **fields: str) -> Json:
    photo = {"image": (io.BytesIO(file_of(draw("green"))), "photo.png")}
    answer = client.post("/api/v1/search", data={**fields, **photo})
    assert answer.status_code == 200, answer.json
    body: Json = answer.json
    return body


def test_prices_that_cannot_be_compared_are_looked_up(tmp_path: Path) -> None:
    client = make_app(tmp_path, fields=frozenset({"title"})).test_client()
    understood = found(client, q="red t-shirt under 14")["query"]["understood"]
    assert (understood["price"], understood["rest"]["text"]) == (None, "under 14")
    assert client.get("/api/v1/facets?q=red+t-shirt+under+14").status_code == 200


def test_words_alone_name_kind_colour_and_price(client: FlaskClient) -> None:
    answer = found(client, q="red t-shirt under 14")
    # Those with all that was named come first.
    assert sorted(ids(answer)[:5]) == [f"t-shirt-red-{n}" for n in range(5)]
    assert all(hit["category"] == "t-shirt" for hit in answer["hits"])
    assert all(hit["product"]["price"] <= 14 for hit in answer["hits"])
    assert answer["hits"][0]["found_by"] == ["terms", "words"]
    assert answer["hits"][0]["distance"] is None
    assert answer["query"]["box"] is None
    understood = answer["query"]["understood"]
    assert understood["category"] == {"terms": ["t-shirt"], "without": "red under 14"}
    assert understood["required"] == [{"term": "colour:red", "without": "t-shirt under 14"}]
    assert understood["price"] == {"low": None, "high": 14.0, "without": "red t-shirt"}


def test_words_of_the_shop_are_found_in_its_texts(client: FlaskClient) -> None:
    assert ids(found(client, q="odd")) == [ODD_ID]
    brands = {hit["product"]["brand"] for hit in found(client, q="loom")["hits"]}
    assert brands == {"Loom & Co"}
    assert ids(found(client, q="zzz")) == []
    first = ids(found(client, q="a red jacket 7"))
    assert first[0] == "jacket-red-7"
    assert {one[:10] for one in first} == {"jacket-red"}


def test_what_is_excluded_never_comes(client: FlaskClient) -> None:
    answer = found(client, q="trousers, not red or blue", top=200)
    assert {one.rsplit("-", 1)[0] for one in ids(answer)} == {"trousers-green"}


@pytest.mark.parametrize("words", ["but red", "same but red", "wie dieses, aber rot"])
def test_a_colour_in_words_takes_the_place_of_the_pictures(client: FlaskClient, words: str) -> None:
    by_photo = posted(client, q=words, top="10")
    by_product = found(client, product="t-shirt-blue-3", q=words)
    path = "/api/v1/products/t-shirt-blue-3/similar"
    similar = client.get(path, query_string={"q": words, "top": 10}).json
    for answer in (by_photo, by_product, similar):
        assert {one.rsplit("-", 1)[0] for one in ids(answer)} == {"t-shirt-red"}
        assert answer["hits"][0]["found_by"] == ["looks"]
        assert answer["hits"][0]["distance"] is not None
    assert ids(by_product) == ids(similar)
    assert ids(by_product)[0] == "t-shirt-red-3"


def test_all_kinds_that_are_named_are_searched(client: FlaskClient) -> None:
    for fields in ({}, {"product": "t-shirt-red-3"}, {"product": "jacket-red-3"}):
        options = {"q": "t-shirt or trousers", "relax": "fewer-attributes", "top": 100}
        assert kinds(found(client, **fields, **options)) == {"t-shirt", "trousers"}
    limits = {"relax": "fewer-attributes", "top": "100"}
    assert kinds(posted(client, q="jacket or trousers", **limits)) == {"jacket", "trousers"}


def test_a_product_beside_a_photo_is_a_list_of_its_own(client: FlaskClient) -> None:
    answer = posted(client, product="t-shirt-green-4", top="30")
    assert "t-shirt-green-4" not in ids(answer)
    assert answer["hits"][0]["found_by"] == ["looks", "product"]
    assert "understood" not in answer["query"]


@pytest.mark.parametrize(
    "fields",
    [
        {"q": "red t-shirt"},
        {"q": "loom"},
        {"q": "but blue loom", "product": "jacket-red-3"},
        {"q": "t-shirt", "sort": "price:desc"},
    ],
)
def test_pages_repeat_nothing_and_lose_nothing(client: FlaskClient, fields: Json) -> None:
    seen, cursor = [], {}
    while True:
        answer = found(client, **fields, **cursor, top=7)
        seen += ids(answer)
        if not answer["next"]:
            break
        cursor = {"cursor": answer["next"]}
    whole = ids(found(client, **fields, top=200))
    assert len(seen) == len(set(seen))
    assert set(seen) >= set(whole)
    assert len(seen) > 7


def test_facets_count_what_words_find(client: FlaskClient) -> None:
    counted = client.get("/api/v1/facets?q=red+t-shirt+under+14").json
    assert counted["total"] == 5
    categories = {one["value"]: one["count"] for one in counted["facets"]["category"]}
    assert categories == {"t-shirt": 5, "jacket": 5, "trousers": 5}
    assert client.get("/api/v1/facets?q=odd").json["total"] == 1
    for asked, total in (
        ({"q": "zyxx", "category": "t-shirt"}, 0),
        ({"q": "loom", "category": "t-shirt"}, 15),
        ({"q": "t-shirt under 14", "filter": "price:..12"}, 9),
        ({"q": "t-shirt under 12", "filter": ["price:..14", "price=13"]}, 9),
        ({"q": "t-shirt under 14", "filter": "price=12"}, 3),
        ({"q": "t-shirt under 12", "filter": "price:13.."}, 0),
    ):
        answer = found(client, **asked, top=200)
        counted = client.get("/api/v1/facets", query_string=asked).json
        brands = sum(one["count"] for one in counted["facets"]["brand"])
        assert (len(answer["hits"]), counted["total"], brands) == (total,) * 3, asked


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "expected a photo, a product or q"),
        ("?q=%20", "expected q with a word"),
        ("?q=!", "expected q with a word"),
        (f"?q={'a' * 501}", "expected q of at most 500"),
        ("?q=red&box=0,0,1,1", "expected no box without a photo"),
        ("?q=red&items=all", "expected one photo alone"),
        ("?q=red&cursor=abc", "expected the cursor"),
    ],
)
def test_what_cannot_be_asked_is_said(client: FlaskClient, query: str, message: str) -> None:
    answer = client.get(f"/api/v1/search{query}")
    assert answer.status_code == 400
    assert message in answer.json["error"]["message"]
    assert client.get("/api/v1/search?product=none&q=red").status_code == 404


def test_a_product_without_a_picture_is_found_by_words(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    engine = open_engine(f"sqlite:///{tmp_path / 'catalogue.db'}")
    [stored] = engine.fetch(["jacket-red-1"])
    assert stored.visual
    attributes = (NO_PICTURE, "colour:red")
    visual = replace(stored.visual, product_id="blind", attributes=attributes)
    document = IndexDocument("blind", {"title": "Red velvet jacket"}, visual)
    assert engine.write([document])[0].error is None
    engine.close()
    client = app.test_client()
    assert ids(found(client, q="red velvet jacket"))[0] == "blind"
    assert "blind" not in ids(found(client, q="but red", product="jacket-blue-1", top=100))


def test_products_of_unknown_kind_come_after_those_of_the_named_kind(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    engine = open_engine(f"sqlite:///{tmp_path / 'catalogue.db'}")
    [stored] = engine.fetch(["jacket-red-1"])
    assert stored.visual
    unknown = {"category": UNKNOWN_CATEGORY, "great_category": UNKNOWN_CATEGORY}
    visual = replace(stored.visual, product_id="odd", attributes=("colour:red",), **unknown)
    assert engine.write([IndexDocument("odd", {"title": "Red jacket"}, visual)])[0].error is None
    engine.close()
    client = app.test_client()
    named = ids(found(client, q="red jacket", top=100))
    assert named[-1] == "odd"
    assert len({one.split("-")[0] for one in named[:-1]}) == 1
    assert ids(found(client, q="red", top=100)).index("odd") < 10


@pytest.fixture(scope="module", params=["sqlite", "opensearch", "elasticsearch"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("engine")
    url = f"sqlite:///{folder / 'catalogue.db'}"
    if request.param != "sqlite":
        url = f"{request.getfixturevalue(f'{request.param}_url')}/words-{folder.name.lower()}"
    make_app(folder, url=url)
    engine = open_engine(url)
    yield engine
    if request.param != "sqlite":
        engine._client.indices.delete(index=engine.index)  # type: ignore[attr-defined]
    engine.close()


def test_every_engine_ranks_by_words(filled: Any) -> None:
    query = CandidateQuery(FakeExtractor.model, categories=("t-shirt", "jacket"))
    ranked = filled.by_words(query, WordsQuery("Blue 7"), 40)
    assert {one for one, _ in ranked[:2]} == {"t-shirt-blue-7", "jacket-blue-7"}
    assert [score for _, score in ranked] == sorted((s for _, s in ranked), reverse=True)
    assert len(ranked) == 24
    assert filled.by_words(query, WordsQuery("zzz ?"), 5) == []
    loom = CandidateQuery(FakeExtractor.model, queries=(WordsQuery("LOOM"),))
    assert filled.count(loom) == 45
    limited = FieldAllowlist(filled, ["title"])
    assert limited.by_words(query, WordsQuery("loom"), 5) == []
    assert limited.count(loom) == 0


def test_the_page_searches_in_words(page: Page) -> None:
    page.resize(SMALL_PHONE)
    page.open()
    page.one("#words-typed").send_keys("red t-shirt under 14", Keys.ENTER)
    assert sorted(page.settled()[:5]) == [f"t-shirt-red-{n}" for n in range(5)]
    assert "q=red+t-shirt+under+14" in page.driver.current_url
    page.reads("#applied", "Red")
    width = page.driver.execute_script("return document.documentElement.scrollWidth")
    assert width <= SMALL_PHONE
    assert page.one(".refine").is_displayed()
    assert not page.one(".figure").is_displayed()
    chips = page.all("#applied .chip")
    assert len(chips) == 3
    shown = page.after(lambda: page.all("#applied .chip")[2].click())
    assert {one.rsplit("-", 1)[0] for one in shown[:10]} == {"t-shirt-red"}
    assert page.one("#words-typed").get_property("value") == "red t-shirt"
    page.after(lambda: page.all(".similar")[0].click())
    shown = page.after(lambda: page.one("#words-typed").send_keys("but blue", Keys.ENTER))
    assert {one.rsplit("-", 1)[0] for one in shown} == {"t-shirt-blue"}
    assert "like=" in page.driver.current_url
    page.driver.back()
    page.wait(lambda: "q=" not in page.driver.current_url, "no way back")
    assert page.one("#words-typed").get_property("value") == ""
