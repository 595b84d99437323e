"""Count facets; each field is counted under the choices on all other fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from houndstooth.mappings.document import NO_PICTURE
from houndstooth.mappings.engine import CandidateQuery, Engine, RangeFilter, ShopQuery
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.mappings.features import UNKNOWN_CATEGORY, group_of
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.text_query import TextQuery
from houndstooth.mappings.text_reader import read_text_query
from houndstooth.mappings.words_query import WordsQuery
from houndstooth.plugin.attribute_query import with_post_filters
from houndstooth.plugin.text_search import priced
from houndstooth.web.backend import Backend

CATEGORY, ATTRIBUTES, BRAND, PRICE = "visual.category", "visual.attributes", "brand", "price"
MAX_VALUES = 200
PRICE_STEPS = (25, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
SMALLEST_COIN = 0.001
"""Both ends of a range are included, so a price range ends one coin below the next."""

Counts = Iterable[tuple[str, int]]


def count_facets(backend: Backend, request: SearchRequest) -> dict[str, Any]:
    """Count products by category, brand, price range, and attribute of each group.

    The values of a field are counted without the choices on that field itself: each count is the
    number of products that another choice would find. Those without a picture are not found by
    looks, and not counted without words. What words name counts as a choice; words that say no
    more than the shop's own texts must be in those. Products of unknown category are in the total
    alone, and post filters count for the total alone.
    """
    parts = backend.parts
    engine = parts.engine
    words = TextQuery("")
    if request.text:
        words = read_text_query(backend.taxonomy, request.text)
        request = priced(request, words)
    leaves = (request.category,) if request.category else words.categories
    query = CandidateQuery(
        model=parts.extractor.model,
        category=leaves[0] if len(leaves) == 1 else None,
        categories=leaves if len(leaves) > 1 else (),
        preferred={group: dict.fromkeys(terms, 1) for group, terms in words.required.items()},
        minimum_groups=len(words.required),
        required=request.required,
        excluded=(*request.excluded, *_excluded(request, words)),
        filters=request.filters,
        queries=_queries(request, words),
        hide_sold_out=request.sold_out == "hide",
    )
    counts = engine.facets(query, (CATEGORY, BRAND, ATTRIBUTES), size=MAX_VALUES)
    facets: dict[str, Counts] = {"category": counts.get(CATEGORY, ())}
    if leaves:
        every = replace(query, category=None, categories=())
        facets["category"] = _values(engine, every, CATEGORY)
    facets["brand"] = counts.get(BRAND, ())
    if any(one.field == BRAND for one in request.filters):
        facets["brand"] = _values(engine, _without_filters(query, BRAND), BRAND)
    facets["price"] = _price_ranges(engine, _without_filters(query, PRICE))
    facets |= _by_group(counts.get(ATTRIBUTES, ()))
    for group in {group_of(term) for term in request.required}:
        others = tuple(term for term in request.required if group_of(term) != group)
        wider = _values(engine, replace(query, required=others), ATTRIBUTES)
        facets[group] = _by_group(wider).get(group, ())
    facets["category"] = [each for each in facets["category"] if each[0] != UNKNOWN_CATEGORY]
    return {
        "total": engine.count(with_post_filters(query, request)),
        "facets": {
            name: [{"value": value, "count": count} for value, count in values]
            for name, values in facets.items()
        },
    }


def _excluded(request: SearchRequest, words: TextQuery) -> tuple[str, ...]:
    """Return what words exclude; without words, products that no picture shows."""
    if not request.text:
        return (NO_PICTURE,)
    return tuple(term for term in words.excluded if ":" in term)


def _queries(request: SearchRequest, words: TextQuery) -> tuple[ShopQuery | WordsQuery, ...]:
    """Return the shop's query, and words that alone say what is looked for."""
    queries: tuple[ShopQuery | WordsQuery, ...] = (request.query,) if request.query else ()
    if words.rest and not (words.names_product or request.category):
        queries = (*queries, WordsQuery(words.rest))
    return queries


def _values(engine: Engine, query: CandidateQuery, field: str) -> Counts:
    return engine.facets(query, (field,), size=MAX_VALUES).get(field, ())


def _without_filters(query: CandidateQuery, field: str) -> CandidateQuery:
    return replace(query, filters=tuple(one for one in query.filters if one.field != field))


def _price_ranges(engine: Engine, query: CandidateQuery) -> list[tuple[str, int]]:
    """Count price ranges in the form of a filter; empty ranges are left out."""
    ranges: list[tuple[str, int]] = []
    try:
        remaining = _count_range(engine, query, None, None)
        low: int | None = None
        for high in (*PRICE_STEPS, None):
            if not remaining:
                break
            top = None if high is None else high - SMALLEST_COIN
            count = _count_range(engine, query, low, top)
            if count:
                ranges.append((f"{_text(low)}..{_text(top)}", count))
            remaining -= count
            low = high
    except InvalidFilter:
        return []  # the shop's prices are not numbers
    return ranges


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
