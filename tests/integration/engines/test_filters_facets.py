"""Business filters and counts of values, the same by every engine."""

from __future__ import annotations

import pytest

from houndstooth.mappings.engine import CandidateQuery, Engine, Filter, RangeFilter, TermFilter
from houndstooth.mappings.errors import InvalidFilter
from tests.catalogue import (
    document,
)
from tests.integration.engines.helpers import ALL, fill, found, only, the


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([TermFilter("brand", "Nike")], ["2"]),
        ([TermFilter("brand", "nike")], []),
        ([TermFilter("brand", "Étoile: l'été")], ["4"]),
        ([TermFilter("brand", "Nike"), TermFilter("brand", "Puma")], ["1", "2"]),
        ([TermFilter("brand", "Nike"), TermFilter("stock", "0")], []),
        ([TermFilter("title", "Red tee")], ["1"]),
        ([TermFilter("price", "10")], ["1"]),
        ([TermFilter("price", "10.0")], ["1"]),
        ([TermFilter("sku", "007")], ["1"]),
        ([TermFilter("sku", "7")], []),
        ([TermFilter("size", "40")], ["2"]),
        ([TermFilter("new", "true")], ["1"]),
        ([TermFilter("new", "false")], ["2"]),
        ([RangeFilter("price", 10, 20.5)], ["1", "2"]),
        ([RangeFilter("price", 10.01, None)], ["2", "3"]),
        ([RangeFilter("price", None, 20)], ["1"]),
        ([RangeFilter("price", None, None)], ["1", "2", "3"]),
        ([RangeFilter("price", 50, 10)], []),
        ([RangeFilter("price", 0, 10), RangeFilter("price", 50, 60)], ["1", "3"]),
        ([RangeFilter("price", 0, 30), TermFilter("brand", "Nike")], ["2"]),
        ([RangeFilter("stock", 1, 6)], ["2", "3"]),
        ([RangeFilter("size", 41, 42)], ["3"]),
        ([TermFilter("unheard_of", "1")], []),
        ([RangeFilter("unheard_of", 1, 2)], []),
    ],
)
def test_filters(shop: Engine, filters: list[Filter], expected: list[str]) -> None:
    assert found(shop, only(*filters)) == expected
    assert shop.count(only(*filters)) == len(expected)


@pytest.mark.parametrize(
    "unusable",
    [
        RangeFilter("brand", 1, 2),
        RangeFilter("title", 1, 2),
        RangeFilter("sku", 1, 2),
        RangeFilter("new", 0, 1),
        RangeFilter("price", float("nan"), 1),
        RangeFilter("price", 1, float("inf")),
        TermFilter("brand", "\ud800"),
        TermFilter("price", "cheap"),
        TermFilter("price", "nan"),
        TermFilter("image", "a.jpg"),
        TermFilter("visual.binary_code", "AAAA"),
        TermFilter("visual", "AAAA"),
    ],
)
def test_unusable_filters_are_refused(shop: Engine, unusable: Filter) -> None:
    for ask in (lambda: found(shop, only(unusable)), lambda: shop.count(only(unusable))):
        with pytest.raises(InvalidFilter, match=unusable.field):
            ask()
    with pytest.raises(InvalidFilter, match=unusable.field):
        shop.facets(only(unusable), ["brand"])


def test_values_too_long_to_filter_on_are_kept(engine: Engine) -> None:
    long = "w" * 40_000
    fill(engine, document("1", {"title": long, "brand": long, "image": long, "other": long}))
    assert the(engine, "1").facts["other"] == long
    assert found(engine, only(TermFilter("brand", long))) == []


def test_facets_count_the_matches(shop: Engine) -> None:
    fill(shop, document("5", {"brand": "Puma", "price": 10.0}, category="boots", attributes=()))
    fields = ["brand", "price", "stock", "size", "new", "unheard_of"]
    assert shop.facets(ALL, [*fields, "visual.category"]) == {
        "brand": [("Puma", 2), ("Nike", 1), ("Nike Air", 1), ("Étoile: l'été", 1)],
        "price": [("10", 2), ("20.5", 1), ("50", 1)],
        "stock": [("5", 2), ("0", 1), ("7", 1)],
        "size": [("40", 1), ("41.5", 1)],
        "new": [("false", 1), ("true", 1)],
        "unheard_of": [],
        "visual.category": [("t-shirt", 4), ("boots", 1)],
    }
    assert shop.facets(only(TermFilter("stock", "5")), ["brand"], size=1) == {
        "brand": [("Nike", 1)]
    }


def test_facets_of_visual_terms(engine: Engine) -> None:
    fill(
        engine,
        document("1", attributes=("colour:red", "sleeve:long")),
        document("2", attributes=("colour:red", "colour:blue"), category="shirt"),
        document("3", attributes=("sleeve:short",), category="jeans"),
        document("4", attributes=("sleeve:short",), model="other-1"),
    )
    names = ["visual.attributes", "visual.great_category"]
    assert engine.facets(ALL, names, size=2) == {
        "visual.attributes": [("colour:red", 2), ("colour:blue", 1)],
        "visual.great_category": [("top", 2), ("bottom", 1)],
    }
    nothing = engine.facets(CandidateQuery("unknown"), names)
    assert nothing == {name: [] for name in names}


@pytest.mark.parametrize("field", ["image", "visual.binary_code", "visual.nothing"])
def test_fields_that_cannot_be_counted_are_refused(shop: Engine, field: str) -> None:
    with pytest.raises(InvalidFilter, match=field):
        shop.facets(ALL, [field])
