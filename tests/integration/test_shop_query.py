"""The shop's own query, post filters, fields and sort over REST, with each engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.engines.conftest import new_index
from tests.integration.test_api import post, refused
from tests.integration.test_columns_store import wait_until
from tests.integration.web_catalogue import PER_COLOUR, make_app

SIMILAR = "/api/v1/products/jacket-red-1/similar"
ACME = {"term": {"brand": "Acme"}}
CHEAP_RED = {
    "bool": {
        "must": {"match": {"title": "red"}},
        "filter": [{"range": {"price": {"lt": 14}}}, {"term": {"visual.category": "jacket"}}],
    }
}


@pytest.fixture(
    scope="module",
    params=[
        ("opensearch", "columns"), ("opensearch", "no columns"), ("elasticsearch", "columns")
    ],
    ids=" ".join,
)  # fmt: skip
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """The service over a catalogue in an index, with columns and without."""
    engine, columns = request.param
    folder = tmp_path_factory.mktemp("catalogue")
    with ExitStack() as stack:
        url = stack.enter_context(new_index(request.getfixturevalue(f"{engine}_url")))
        app = make_app(
            folder, url=url, columns=folder / "columns" if columns == "columns" else None
        )
        backend = app.extensions["houndstooth"]
        stack.callback(backend.engine.close)
        stack.callback(backend.search.close)
        if columns == "columns":
            wait_until(lambda: backend.search.columns.snapshot() is not None)
        yield app.test_client()


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    app = make_app(tmp_path_factory.mktemp("catalogue"))
    yield app.test_client()
    app.extensions["houndstooth"].engine.close()


def similar(client: FlaskClient, **options: Any) -> Any:
    response = client.get(SIMILAR, query_string=options)
    assert response.status_code == 200, response.json
    return response.json


def ids(answer: Any) -> list[str]:
    return [hit["product_id"] for hit in answer["hits"]]


def test_the_query_holds_for_every_hit(client: FlaskClient) -> None:
    answer = post(client, query=json.dumps(CHEAP_RED), top="200").json
    assert sorted(ids(answer)) == [f"jacket-red-{n}" for n in range(4)]
    assert answer["query"]["relaxed"] == "any-category"
    likewise = similar(client, query=json.dumps(CHEAP_RED), top=200)
    assert sorted(ids(likewise)) == ["jacket-red-0", "jacket-red-2", "jacket-red-3"]


def test_a_query_filters_as_a_filter_does(client: FlaskClient) -> None:
    for one, other in (
        ({"query": json.dumps(ACME)}, {"filter": "brand:Acme"}),
        (
            {"query": json.dumps(ACME), "filter": "price:..15"},
            {"filter": ["brand:Acme", "price:..15"]},
        ),
        ({"post_filter": json.dumps(ACME)}, {"filter": "brand:Acme"}),
        ({"post_filter": "brand:Acme"}, {"filter": "brand:Acme"}),
    ):
        first, second = similar(client, **one), similar(client, **other)
        assert first["hits"] == second["hits"] and first["hits"]
        pages = [similar(client, **given, cursor=first["next"])["hits"] for given in (one, other)]
        assert pages[0] == pages[1] and pages[0]


def test_post_filters_narrow_hits_and_no_facets(client: FlaskClient) -> None:
    choices = {"query": json.dumps({"match": {"title": "red"}}), "category": "jacket"}
    post = {"post_filter": ["brand:Acme", json.dumps({"range": {"price": {"lt": 14}}})]}
    answer = similar(client, **choices, **post, top=200)
    assert all(hit["product"]["brand"] == "Acme" for hit in answer["hits"])
    facets = [
        client.get("/api/v1/facets", query_string=choices | given).json for given in ({}, post)
    ]
    assert facets[0]["facets"] == facets[1]["facets"]
    assert [one["total"] for one in facets] == [PER_COLOUR, 2]
    brands = {one["value"]: one["count"] for one in facets[0]["facets"]["brand"]}
    assert brands == {"Acme": 5, "Loom & Co": 5}


def test_post_filters_hold_beside_filters_of_the_field(client: FlaskClient) -> None:
    answer = similar(client, filter=["brand:Acme", "brand:Loom & Co"], post_filter="brand:Acme")
    assert {hit["product"]["brand"] for hit in answer["hits"]} == {"Acme"}


def test_hits_are_sorted_page_by_page(client: FlaskClient) -> None:
    request = {"query": json.dumps(ACME), "sort": "price:desc", "top": 6, "category": "jacket"}
    answer, hits = similar(client, **request), []
    while True:
        hits += [(hit["product"]["price"], hit["product_id"]) for hit in answer["hits"]]
        if not answer["next"]:
            break
        answer = similar(client, **request, cursor=answer["next"])
    assert hits == sorted(hits, key=lambda hit: (-hit[0], hit[1]))
    assert len(hits) == len(set(hits)) == 14


def test_wrong_queries_are_refused_with_their_place(client: FlaskClient) -> None:
    script = json.dumps({"bool": {"filter": [{"script": {"script": "1"}}]}})
    refused(post(client, query=script), 400, "query.bool.filter[0].script: expected one of bool")
    like = client.get(SIMILAR, query_string={"post_filter": script})
    refused(like, 400, "post_filter.bool.filter[0].script: expected one of bool")
    refused(post(client, query="{"), 400, "query: expected a query in JSON")
    facets = client.get(
        "/api/v1/facets", query_string={"query": '{"range": {"price": {"gt": "x"}}}'}
    )
    refused(facets, 400, "the engine refused: ")
    assert facets.json["error"]["code"] == "invalid_filter"


def test_without_a_query_language_a_query_is_refused(sqlite: FlaskClient) -> None:
    for path in (SIMILAR, "/api/v1/facets"):
        response = sqlite.get(path, query_string={"query": json.dumps(ACME)})
        refused(response, 400, "SQLite has no query language, OpenSearch and Elasticsearch have")
    answer = similar(sqlite, post_filter="brand:Acme", sort="price:asc", fields="price")
    assert [hit["product"]["price"] for hit in answer["hits"]][:3] == [11.0, 11.0, 11.0]


def test_some_facts_are_returned(sqlite: FlaskClient) -> None:
    whole = similar(sqlite)["hits"]
    for fields in ("title,price", ["title", " price"]):
        some = similar(sqlite, fields=fields)["hits"]
        for one, other in zip(some, whole, strict=True):
            assert set(one["product"]) == {"title", "price", "image_url"}
            assert one["product"].items() <= other["product"].items()
            assert one["view"] == other["view"] and one["view"]["image_url"]
    assert set(post(sqlite, fields="brand").json["hits"][0]["product"]) == {"brand", "image_url"}
    refused(sqlite.get(SIMILAR, query_string={"fields": "a,*"}), 400, "separated by commas", "'*'")
    refused(sqlite.get("/api/v1/facets?fields=title"), 400, "expected fields among")


@pytest.mark.parametrize(
    "options",
    [
        *({"sort": sort} for sort in ("price:asc", "maker.price:asc")),
        *({"fields": fields} for fields in ("title,price", "price.x")),
        {"query": json.dumps({"bool": {"must_not": {"range": {"price": {"gt": 1}}}}})},
        {"post_filter": "price:..9"},
        {"post_filter": json.dumps({"exists": {"field": "price"}})},
    ],
)
def test_fields_that_are_not_allowed_are_refused(tmp_path: Path, options: dict[str, str]) -> None:
    app = make_app(tmp_path, fields=frozenset({"title", "brand"}))
    client = app.test_client()
    refused(client.get(SIMILAR, query_string=options), 400, "brand, group, title; got '")
    similar(client, fields="title", sort="brand:asc", post_filter="title:x")
    app.extensions["houndstooth"].engine.close()
