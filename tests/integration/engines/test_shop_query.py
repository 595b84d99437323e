"""A shop's own query, as the engines answer it: among all products, and beside other filters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from houndstooth.mappings.engine import (
    CandidateQuery,
    Engine,
    RangeFilter,
    RankingEngine,
    TermFilter,
)
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.field_allowlist import FieldAllowlist
from houndstooth.plugin.query_values import MAX_TEXT
from houndstooth.plugin.shop_query import MAX_VALUES, parse_query
from tests.catalogue import LENGTHS, MODEL, document
from tests.integration.engines.conftest import new_index
from tests.integration.engines.helpers import client, fill, found, only
from tests.shop_queries import queries

MAPPINGS = {
    "properties": {
        "title": {"type": "text"},
        "brand": {"type": "keyword"},
        "price": {"type": "double"},
        "stock": {"type": "integer"},
        "sku": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "new": {"type": "boolean"},
        "offers": {
            "type": "nested",
            "properties": {"size": {"type": "keyword"}, "price": {"type": "double"}},
        },
    }
}
PRODUCTS: list[dict[str, Any]] = [
    {"title": "Red tee", "brand": "Puma", "price": 10, "stock": 0, "sku": "AB-1", "new": True},
    {"title": "Red dress", "brand": "Nike", "price": 20.5, "stock": 5, "sku": "AB-2"},
    {"title": "Blue tee, never red", "brand": "Nike", "price": 50.0, "stock": 5, "new": False},
    {"title": "Tea towel", "brand": "Puma Kids"},
]
OFFERS = [
    [{"size": "S", "price": 9.0}, {"size": "M", "price": 12.0}],
    [{"size": "S", "price": 12.0}, {"size": "M", "price": 9.0}],
]


@pytest.fixture(scope="module", params=["opensearch", "elasticsearch"])
def shop(request: pytest.FixtureRequest) -> Iterator[RankingEngine]:
    """An engine on a shop's own index with text, keywords, numbers and nested offers."""
    server = request.getfixturevalue(f"{request.param}_url")
    with new_index(server) as url, client(server) as connection:
        name = url.rpartition("/")[2]
        connection.indices.create(index=name, body={"mappings": MAPPINGS})
        engine: Any = open_engine(f"{url}?visual=visual_2")
        engine.prepare()
        fill(
            engine,
            *(
                document(str(n), facts, category="t-shirt" if n < 4 else "boots", seed=n)
                for n, facts in enumerate(PRODUCTS, start=1)
            ),
        )
        for n, offers in enumerate(OFFERS, start=1):
            connection.update(index=name, id=str(n), body={"doc": {"offers": offers}})
        engine.refresh()
        yield engine
        engine.close()


def asking(query: Any) -> CandidateQuery:
    return CandidateQuery(MODEL, queries=(parse_query(json.dumps(query)),))


OFFER = {
    "bool": {"filter": [{"term": {"offers.size": "S"}}, {"range": {"offers.price": {"lt": 10}}}]}
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"match_all": {}}, ["1", "2", "3", "4"]),
        ({"match": {"title": "red tee"}}, ["1", "2", "3"]),
        ({"match": {"title": {"query": "red tee", "operator": "and"}}}, ["1", "3"]),
        ({"match_phrase": {"title": "red tee"}}, ["1"]),
        (
            {"multi_match": {"query": "Puma tee", "fields": ["title^3", "brand"], "lenient": True}},
            ["1", "3"],
        ),
        ({"simple_query_string": {"query": "dress | towel", "fields": ["title"]}}, ["2", "4"]),
        (
            {
                "simple_query_string": {
                    "query": "red -tee",
                    "fields": ["title"],
                    "default_operator": "and",
                }
            },
            ["2"],
        ),
        # Prefixes and fuzziness are no syntax here.
        ({"simple_query_string": {"query": "te* tex~1", "fields": ["title"]}}, []),
        ({"term": {"brand": "Puma"}}, ["1"]),
        ({"term": {"brand": {"value": "pUMA", "case_insensitive": True}}}, ["1"]),
        ({"terms": {"brand": ["Puma", "Puma Kids"]}}, ["1", "4"]),
        ({"range": {"price": {"gt": 10, "lte": 50}}}, ["2", "3"]),
        ({"exists": {"field": "price"}}, ["1", "2", "3"]),
        ({"ids": {"values": ["2", "9"]}}, ["2"]),
        ({"prefix": {"sku.raw": "AB-"}}, ["1", "2"]),
        ({"nested": {"path": "offers", "query": OFFER}}, ["1"]),
        ({"nested": {"path": "nothing", "query": OFFER, "ignore_unmapped": True}}, []),
        ({"constant_score": {"filter": {"term": {"new": True}}}}, ["1"]),
        (
            {"dis_max": {"queries": [{"term": {"new": True}}, {"term": {"stock": 5}}]}},
            ["1", "2", "3"],
        ),
        ({"bool": {"must_not": {"exists": {"field": "price"}}}}, ["4"]),
        ({"term": {"visual.category": "boots"}}, ["4"]),
        ({"term": {"no_such_field": "x"}}, []),
    ],
)
def test_the_engine_answers(shop: RankingEngine, query: Any, expected: list[str]) -> None:
    asked = asking(query)
    assert found(shop, asked) == expected
    assert shop.count(asked) == len(expected)
    assert sorted(shop.window(asked, 9, LENGTHS).product_ids) == expected
    counts = shop.facets(asked, ["visual.category"])["visual.category"]
    assert sum(count for _, count in counts) == len(expected)


def test_queries_and_filters_all_hold(shop: RankingEngine) -> None:
    red, cheap = (
        parse_query(json.dumps(query))
        for query in ({"match": {"title": "red"}}, {"range": {"price": {"lt": 30}}})
    )
    both = CandidateQuery(MODEL, queries=(red, cheap))
    assert found(shop, both) == ["1", "2"]
    assert found(shop, replace(both, filters=(TermFilter("brand", "Nike"),))) == ["2"]


def test_post_filters_hold_beside_filters_of_the_same_field(engine: Engine) -> None:
    fill(engine, *(document(str(n), {"brand": b, "price": n}) for n, b in enumerate("aab", 1)))
    query = only(TermFilter("brand", "a"), TermFilter("brand", "b"))
    assert found(engine, query) == ["1", "2", "3"]
    post = replace(query, post_filters=(TermFilter("brand", "b"),))
    assert found(engine, post) == ["3"]
    assert engine.count(post) == 1
    assert engine.facets(post, ["brand"]) == {"brand": [("b", 1)]}
    assert found(engine, replace(post, post_filters=(RangeFilter("price", 2, None),))) == ["2", "3"]
    with pytest.raises(InvalidFilter, match="price"):
        found(engine, replace(post, post_filters=(TermFilter("price", "x"),)))


@pytest.mark.parametrize(
    "query",
    [
        {"nested": {"path": "brand", "query": {"match_all": {}}}},
        {"term": {"price": "cheap"}},
        {"range": {"price": {"gte": "cheap"}}},
        {"match": {"stock": "x"}},
        {"prefix": {"price": "1"}},
    ],
)
def test_the_engine_s_refusal_is_the_caller_s_mistake(shop: RankingEngine, query: Any) -> None:
    with pytest.raises(InvalidFilter, match="the engine refused: "):
        found(shop, asking(query))


def test_the_largest_queries_are_answered_or_refused(shop: RankingEngine) -> None:
    words = " ".join(f"w{n}" for n in range(1000))[:MAX_TEXT]
    several = {"multi_match": {"query": words, "fields": ["title"] * 20}}
    for query in (
        {"match": {"title": words}},
        {"terms": {"brand": [str(n) for n in range(MAX_VALUES)]}},
        several,
        {"bool": {"should": [{"match": {"title": words}}] * 10}},
    ):
        try:
            assert found(shop, asking(query)) == []
        except InvalidFilter as error:
            assert "lause" in str(error)


def test_sqlite_has_no_query_language(tmp_path: Any) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/catalogue.db")
    engine.prepare()
    for ask in (lambda q: found(engine, q), engine.count, lambda q: engine.facets(q, ["brand"])):
        with pytest.raises(InvalidFilter, match="SQLite has no query language"):
            ask(asking({"match_all": {}}))
    engine.close()


def test_fields_that_are_not_allowed_are_not_queried(shop: RankingEngine) -> None:
    engine: Engine = FieldAllowlist(shop, {"brand", "offers"})
    for query in (
        {"term": {"brand": "Puma"}},
        {"nested": {"path": "offers", "query": OFFER}},
        {"bool": {"must": {"term": {"visual.category": "t-shirt"}}, "filter": OFFER}},
    ):
        engine.count(asking(query))
    for query in (
        {"bool": {"should": [{"term": {"brand": "Puma"}}, {"range": {"price": {"gt": 1}}}]}},
        {"exists": {"field": "price"}},
        {"multi_match": {"query": "x", "fields": ["brand", "price^2"]}},
    ):
        with pytest.raises(InvalidFilter, match="brand, offers; got 'price'"):
            engine.count(asking(query))


def test_whatever_is_allowed_is_answered_or_refused(shop: RankingEngine) -> None:
    """Nothing that the reader lets pass looks like a failure of the engine."""
    outcomes = Counter[bool]()

    @settings(
        max_examples=150, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(queries())
    def ask(query: Any) -> None:
        try:
            shop.count(asking(query))
            outcomes[True] += 1
        except InvalidFilter:
            outcomes[False] += 1

    ask()
    assert outcomes[True] > 50
