"""A shop's own query passes in a safe part of the language, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.errors import InvalidFilter
from houndstooth.plugin.query_values import MAX_TEXT, SIMPLE_SYNTAX
from houndstooth.plugin.shop_query import (
    CLAUSES,
    MAX_BYTES,
    MAX_CLAUSES,
    MAX_DEPTH,
    MAX_FIELDS,
    MAX_VALUES,
    parse_query,
    query_json,
)
from tests.shop_queries import FIELDS, queries


def read(query: Any) -> Any:
    return json.loads(parse_query(json.dumps(query)).text)


def same(name: str) -> str:
    return name


@pytest.mark.parametrize(
    ("query", "read_as"),
    [
        ({"term": {"brand": "Puma"}}, {"term": {"brand": {"value": "Puma"}}}),
        ({"term": {"new": True}}, {"term": {"new": {"value": True}}}),
        ({"prefix": {"sku": "AB"}}, {"prefix": {"sku": {"value": "AB"}}}),
        ({"match": {"title": "red tee"}}, {"match": {"title": {"query": "red tee"}}}),
        ({"match_phrase": {"title": "red"}}, {"match_phrase": {"title": {"query": "red"}}}),
        ({"bool": {"must_not": {"match_all": {}}}}, {"bool": {"must_not": [{"match_all": {}}]}}),
        (
            {"simple_query_string": {"query": "tee -red", "fields": ["title^2", "name"]}},
            {
                "simple_query_string": {
                    "flags": SIMPLE_SYNTAX,
                    "query": "tee -red",
                    "fields": ["title^2", "name"],
                }
            },
        ),
    ],
)
def test_short_forms_are_written_out(query: Any, read_as: Any) -> None:
    assert read(query) == read_as
    assert read(read_as) == read_as


@pytest.mark.parametrize(
    "query",
    [
        {"match_all": {"boost": 1.5}},
        {"match": {"a b.c-d": {"query": "x", "operator": "AND", "minimum_should_match": "2<75%"}}},
        {"match": {"title": {"query": 12, "lenient": True, "zero_terms_query": "all"}}},
        {"multi_match": {"query": "x", "fields": ["title^1.5", "Größe"], "type": "cross_fields"}},
        {"terms": {"brand": ["Puma", 3, 1.5, False]}},
        {"range": {"price": {"gte": 1, "lt": 2.5}}},
        {"range": {"date": {"gt": "now-1d/d", "lte": "2026-01-02"}}},
        {"exists": {"field": "visual.attributes"}},
        {"ids": {"values": ["1", "2"]}},
        {"nested": {"path": "offers", "query": {"exists": {"field": "offers.price"}}}},
        {"constant_score": {"filter": {"match_all": {}}}},
        {"dis_max": {"queries": [{"match_all": {}}], "tie_breaker": 0.3}},
        {
            "bool": {
                "must": [],
                "filter": [{"match_all": {}}],
                "should": [{"match_all": {}}, {"match_all": {}}],
                "minimum_should_match": -1,
            }
        },
    ],
)
def test_what_is_allowed_is_kept(query: Any) -> None:
    assert read(query) == query


def test_every_clause_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "query.md").read_text(encoding="utf-8")
    assert [name for name in CLAUSES if f"`{name}`" not in page] == []


LOOKUP = {"index": "users", "id": "1", "path": "password"}


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"script": {"script": "1"}}, "query.script"),
        ({"bool": {"filter": [{"script": {}}]}}, "query.bool.filter[0].script"),
        (
            {"bool": {"must": {"match_all": {}}, "should": [{"match_all": {}}, {"wildcard": {}}]}},
            "query.bool.should[1].wildcard",
        ),
        *(
            ({name: {"brand": "x"}}, f"query.{name}")
            for name in (
                *("regexp", "wildcard", "fuzzy", "query_string", "percolate", "script_score"),
                *("function_score", "wrapper", "template", "more_like_this", "has_child", "knn"),
                *("match_phrase_prefix", "match_bool_prefix", "intervals", "span_multi", "Bool"),
            )
        ),
        ({"terms": {"brand": LOOKUP}}, "query.terms.brand"),
        ({"terms": {"brand": ["a"], "boost": 1}}, "query.terms"),
        ({"terms": {"brand": ["a", None]}}, "query.terms.brand[1]"),
        ({"term": {"brand": {"value": "x", "_name": "y"}}}, "query.term.brand._name"),
        ({"term": {"brand": {}}}, "query.term.brand"),
        ({"term": {"brand": ["x"]}}, "query.term.brand.value"),
        ({"term": {"brand": None}}, "query.term.brand.value"),
        ({"term": {"a": 1, "b": 2}}, "query.term"),
        ({"match": {"title": {"query": "x", "fuzziness": "AUTO"}}}, "query.match.title.fuzziness"),
        ({"match": {"title": {"query": "x", "analyzer": "y"}}}, "query.match.title.analyzer"),
        ({"match_all": {"_name": "x"}}, "query.match_all._name"),
        ({"match_all": {"boost": -1}}, "query.match_all.boost"),
        ({"match_all": []}, "query.match_all"),
        ({"exists": {"field": "*"}}, "query.exists.field"),
        ({"exists": {"field": "visual.binary_code"}}, "query.exists.field"),
        ({"exists": {"field": "visual_2.category"}}, "query.exists.field"),
        ({"exists": {"field": "_source"}}, "query.exists.field"),
        ({"exists": {"field": ["brand"]}}, "query.exists.field"),
        ({"prefix": {"visual": "x"}}, "query.prefix.visual"),
        ({"multi_match": {"query": "x"}}, "query.multi_match"),
        ({"multi_match": {"query": "x", "fields": []}}, "query.multi_match.fields"),
        ({"multi_match": {"query": "x", "fields": ["ti*"]}}, "query.multi_match.fields[0]"),
        ({"multi_match": {"query": "x", "fields": ["a", "b^x"]}}, "query.multi_match.fields[1]"),
        (
            {"multi_match": {"query": "x", "fields": ["a"] * (MAX_FIELDS + 1)}},
            "query.multi_match.fields",
        ),
        (
            {"multi_match": {"query": "x", "fields": ["a"], "type": "phrase_prefix"}},
            "query.multi_match.type",
        ),
        (
            {"simple_query_string": {"query": "x~", "fields": ["a"], "flags": "ALL"}},
            "query.simple_query_string.flags",
        ),
        (
            {"nested": {"path": "a", "query": {"match_all": {}}, "inner_hits": {}}},
            "query.nested.inner_hits",
        ),
        ({"range": {"price": {"from": 1}}}, "query.range.price.from"),
        ({"range": {"date": {"gte": "1", "format": "yyyy"}}}, "query.range.date.format"),
        ({"range": {"price": {"gte": 10**30}}}, "query.range.price.gte"),
        ({"range": {"price": 1}}, "query.range.price"),
        ({"match": {"title": "x" * (MAX_TEXT + 1)}}, "query.match.title.query"),
        ({"match": {"title": "\ud800"}}, "query.match.title.query"),
        ({"ids": {"values": ["1"] * (MAX_VALUES + 1)}}, "query.ids.values"),
        ({"bool": {"minimum_should_match": "all"}}, "query.bool.minimum_should_match"),
        ({"bool": {"minimum_should_match": True}}, "query.bool.minimum_should_match"),
        ({"bool": {"filter": [{"match_all": {}}] * MAX_CLAUSES}}, "query.bool.filter[99]"),
        ({}, "query"),
        ([{"match_all": {}}], "query"),
        ("match_all", "query"),
        (None, "query"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_path(query: Any, where: str) -> None:
    with pytest.raises(InvalidFilter) as error:
        read(query)
    assert str(error.value).startswith((f"{where}: expected ", f"{where}.match_all: expected "))


def nested(depth: int) -> Any:
    query: Any = {"match_all": {}}
    for _ in range(depth - 1):
        query = {"constant_score": {"filter": query}}
    return query


def test_depth_is_bounded() -> None:
    assert read(nested(MAX_DEPTH))
    with pytest.raises(InvalidFilter, match=f"{MAX_DEPTH} within each other"):
        read(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "nul", "[" * 5000, '{"a":' * 3000, "\ud800", '{"match_all": {}} x'),
        '{"range": {"price": {"gte": ' + "9" * 5000 + "}}}",
        '{"term": {"brand": "' + "x" * MAX_BYTES + '"}}',
    ],
)
def test_what_is_no_json_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(InvalidFilter, match=r"^post_filter: expected a query in JSON"):
        parse_query(text, "post_filter")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_finite(number: str) -> None:
    with pytest.raises(InvalidFilter, match=r"^query\.range\.price\.gte: expected"):
        parse_query('{"range": {"price": {"gte": ' + number + "}}}")


def test_of_equal_keys_the_one_that_was_checked_is_sent() -> None:
    query = parse_query('{"exists": {"field": "visual.model"}, "exists": {"field": "brand"}}')
    assert json.loads(query.text) == {"exists": {"field": "brand"}}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text() | st.sampled_from([*CLAUSES, "script", "filter", "query", "fields", "_name"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


def keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


@given(st.text() | json_values.map(json.dumps) | queries(json_values).map(json.dumps))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except InvalidFilter as error:
        assert str(error).startswith("query")
        return
    assert query_json(query, same) == json.loads(query.text)


@given(queries(json_values))
def test_no_script_passes(query: Any) -> None:
    """Whatever is put into a query anywhere, it does not reach the engine."""
    try:
        sent = query_json(parse_query(json.dumps(query)), lambda name: "a field")
    except InvalidFilter:
        return
    forbidden = {"script", "source", "lang", "_name", "fuzziness", "rewrite", "analyzer", "index"}
    assert not keys(sent) & forbidden


def places(value: Any) -> set[str]:
    """Keys of a query, and what is where a field is named beside them."""
    if isinstance(value, list):
        return set().union(*map(places, value))
    if not isinstance(value, dict):
        return set()
    listed = [one.partition("^")[0] for one in value.get("fields", ())]
    named = {value[key] for key in ("field", "path") if key in value}
    return named.union(listed, value, *map(places, value.values()))


@given(queries())
def test_allowed_queries_pass_and_every_field_is_named(query: Any) -> None:
    found = parse_query(json.dumps(query))
    names: set[str] = set()
    sent = query_json(found, lambda name: names.add(name) or "a field")  # type: ignore[func-returns-value]
    assert not places(sent) & set(FIELDS)
    assert places(json.loads(found.text)) & set(FIELDS) == names
