"""Facets: what each further choice would find, a field counted under choices on the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from houndstooth.mappings.engine import CandidateQuery, Engine, RangeFilter
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.mappings.features import group_of
from houndstooth.mappings.search import SearchRequest
from houndstooth.web.backend import Backend

CATEGORY, ATTRIBUTES, BRAND, PRICE = "visual.category", "visual.attributes", "brand", "price"
MAX_VALUES = 200
PRICE_STEPS = (25, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
SMALLEST_COIN = 0.001
"""Both ends of a range count, so a band ends one coin below the next."""

Counts = Iterable[tuple[str, int]]


def count_facets(backend: Backend, asked: SearchRequest) -> dict[str, Any]:
    """How many products have which category, brand, price and attributes, attributes by group.

    The values of a field are counted as if nothing had been chosen for that field itself, so that
    they tell what another choice would find.
    """
    engine = backend.engine
    query = CandidateQuery(
        model=backend.extractor.model,
        category=asked.category,
        required=asked.required,
        excluded=asked.excluded,
        filters=asked.filters,
    )
    counts = engine.facets(query, (CATEGORY, BRAND, ATTRIBUTES), size=MAX_VALUES)
    facets: dict[str, Counts] = {"category": counts.get(CATEGORY, ())}
    if asked.category:
        facets["category"] = _values(engine, replace(query, category=None), CATEGORY)
    facets["brand"] = counts.get(BRAND, ())
    if any(one.field == BRAND for one in asked.filters):
        facets["brand"] = _values(engine, _without_filters(query, BRAND), BRAND)
    facets["price"] = _price_bands(engine, _without_filters(query, PRICE))
    facets |= _by_group(counts.get(ATTRIBUTES, ()))
    for group in {group_of(term) for term in asked.required}:
        others = tuple(term for term in asked.required if group_of(term) != group)
        wider = _values(engine, replace(query, required=others), ATTRIBUTES)
        facets[group] = _by_group(wider).get(group, ())
    return {
        "total": engine.count(query),
        "facets": {
            name: [{"value": value, "count": count} for value, count in values]
            for name, values in facets.items()
        },
    }


def _values(engine: Engine, query: CandidateQuery, field: str) -> Counts:
    return engine.facets(query, (field,), size=MAX_VALUES).get(field, ())


def _without_filters(query: CandidateQuery, field: str) -> CandidateQuery:
    return replace(query, filters=tuple(one for one in query.filters if one.field != field))


def _price_bands(engine: Engine, query: CandidateQuery) -> list[tuple[str, int]]:
    """Ranges as a filter takes them, those with products, cheapest first."""
    bands: list[tuple[str, int]] = []
    try:
        left = _count_range(engine, query, None, None)
        low: int | None = None
        for high in (*PRICE_STEPS, None):
            if not left:
                break
            top = None if high is None else high - SMALLEST_COIN
            count = _count_range(engine, query, low, top)
            if count:
                bands.append((f"{_text(low)}..{_text(top)}", count))
            left -= count
            low = high
    except InvalidFilter:
        return []  # this shop's prices are no numbers
    return bands


def _count_range(
    engine: Engine, query: CandidateQuery, low: float | None, high: float | None
) -> int:
    within = RangeFilter(PRICE, low, high)
    return engine.count(replace(query, filters=(*query.filters, within)))


def _text(end: float | None) -> str:
    return "" if end is None else f"{end:.10g}"


def _by_group(counts: Counts) -> Mapping[str, list[tuple[str, int]]]:
    groups: dict[str, list[tuple[str, int]]] = {}
    for term, count in counts:
        groups.setdefault(group_of(term), []).append((term, count))
    return groups
