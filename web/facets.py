"""Count facets; each field is counted under the choices on all other fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from houndstooth.mappings.document import NO_PICTURE
from houndstooth.mappings.engine import CandidateQuery, RangeFilter, ShopQuery
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.mappings.features import UNKNOWN_CATEGORY, group_of
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.text_query import TextQuery
from houndstooth.mappings.words_query import IdsQuery, WordsQuery
from houndstooth.plugin.attribute_query import with_post_filters
from houndstooth.plugin.text_steps import priced, read_words
from houndstooth.web.backend import Backend, Parts

CATEGORY, ATTRIBUTES, BRAND, PRICE = "visual.category", "visual.attributes", "brand", "price"
MAX_VALUES = 200
PRICE_STEPS = (25, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
SMALLEST_COIN = 0.001
"""Both ends of a range are included, so a price range ends one coin below the next."""

PRICE_RANGES: Sequence[tuple[float | None, float | None]] = tuple(
    zip((None, *PRICE_STEPS), (*(high - SMALLEST_COIN for high in PRICE_STEPS), None), strict=True)
)

Counts = Iterable[tuple[str, int]]
Scopes = Sequence[CandidateQuery]


def count_facets(backend: Backend, request: SearchRequest) -> dict[str, Any]:
    """Count products by category, brand, price range, and attribute of each group.

    The values of a field are counted without the choices on that field itself: each count is the
    number of products that another choice would find. Those without a picture are not found by
    looks, and not counted without words. What words name counts as a choice; words that say no
    more than the shop's own texts must be in those. With a text tower the products that words
    find in texts and by looks are counted too, as the search lists them. Products of unknown
    category are in the total alone, and post filters count for the total alone.
    """
    parts, words = backend.parts, TextQuery("")
    if request.text:
        words = read_words(parts.search, request.text)
        request = priced(request, words)
    counter = _Counter(parts, replace(words, price=None))
    found = counter.scopes(replace(request, post_filters=()))
    counts = counter.values(found, (CATEGORY, BRAND, ATTRIBUTES))
    facets: dict[str, Counts] = {"category": counts[CATEGORY], "brand": counts[BRAND]}
    if request.category or words.categories:
        every = counter.scopes(replace(request, post_filters=()), every_kind=True)
        wider = counter.values(every, (CATEGORY,))[CATEGORY]
        facets["category"] = _ordered(Counter(dict(wider)) | Counter(dict(counts[CATEGORY])))
    if any(one.field == BRAND for one in request.filters):
        facets["brand"] = counter.values(counter.without(request, BRAND), (BRAND,))[BRAND]
    facets["price"] = counter.price_ranges(counter.without(request, PRICE))
    facets |= _by_group(counts[ATTRIBUTES])
    for group in {group_of(term) for term in request.required}:
        others = tuple(term for term in request.required if group_of(term) != group)
        found_by_others = counter.scopes(replace(request, required=others, post_filters=()))
        terms = counter.values(found_by_others, (ATTRIBUTES,))[ATTRIBUTES]
        facets[group] = _by_group(terms).get(group, ())
    facets["category"] = [each for each in facets["category"] if each[0] != UNKNOWN_CATEGORY]
    if request.post_filters:
        found = [with_post_filters(one, request) for one in counter.scopes(request)]
    return {
        "total": counter.count(found),
        "facets": {
            name: [{"value": value, "count": count} for value, count in values]
            for name, values in facets.items()
        },
    }


class _Counter:
    """Counts what a request in some words finds.

    Args:
        parts: The search and its parts.
        words: The words, without a price; empty = none.
    """

    def __init__(self, parts: Parts, words: TextQuery) -> None:
        self._parts, self._engine, self._words = parts, parts.engine, words
        self._said = parts.texts.said(words)
        self._scopes: dict[tuple[SearchRequest, bool], Scopes] = {}

    def scopes(self, request: SearchRequest, every_kind: bool = False) -> Scopes:
        """Return the queries of a request, which are made once; see _queries_of."""
        key = request, every_kind
        if key not in self._scopes:
            self._scopes[key] = self._queries_of(request, every_kind)
        return self._scopes[key]

    def _queries_of(self, request: SearchRequest, every_kind: bool) -> Scopes:
        """Return queries whose matches are those of a request; none matches two of them.

        Args:
            request: The request.
            every_kind: Whether the kind that it names does not count.
        """
        queries, words = _queries(request, self._words), self._words
        if every_kind:
            request, words = replace(request, category=None), replace(words, categories=())
        leaves = (request.category,) if request.category else words.categories
        query = CandidateQuery(
            model=self._parts.extractor.model,
            category=leaves[0] if len(leaves) == 1 else None,
            categories=leaves if len(leaves) > 1 else (),
            preferred={group: dict.fromkeys(terms, 1) for group, terms in words.required.items()},
            minimum_groups=len(words.required),
            required=request.required,
            excluded=(*request.excluded, *_excluded(request, words)),
            filters=request.filters,
            queries=queries,
            hide_sold_out=request.sold_out == "hide",
        )
        if self._said is None:
            return [query]
        listed = self._parts.texts.listed(request, words, self._said)
        counted = set(self._engine.match(query, len(listed), listed))
        others = tuple(one for one in listed if one not in counted)
        both = [query, CandidateQuery(query.model, queries=(IdsQuery(others),))]
        return both if others else [query]

    def without(self, request: SearchRequest, field: str) -> Scopes:
        """Return the queries of a request without its filters on a field."""
        filters = tuple(one for one in request.filters if one.field != field)
        return self.scopes(replace(request, filters=filters, post_filters=()))

    def count(self, scopes: Scopes) -> int:
        """Count what matches."""
        return sum(map(self._engine.count, scopes))

    def values(self, scopes: Scopes, fields: Sequence[str]) -> Mapping[str, Counts]:
        """Count the values of fields, highest count first."""
        totals: dict[str, Counter[str]] = {field: Counter() for field in fields}
        for one in scopes:
            for field, counts in self._engine.facets(one, fields, size=MAX_VALUES).items():
                totals[field].update(dict(counts))
        return {field: _ordered(total)[:MAX_VALUES] for field, total in totals.items()}

    def price_ranges(self, scopes: Scopes) -> Counts:
        """Count price ranges in the form of a filter; empty ranges are left out."""
        counts = dict.fromkeys(PRICE_RANGES, 0)
        try:
            for scope in scopes:
                remaining = self._count_range(scope, None, None)
                for low, high in PRICE_RANGES:
                    if not remaining:
                        break
                    count = self._count_range(scope, low, high)
                    counts[low, high] += count
                    remaining -= count
        except InvalidFilter:
            return []  # the shop's prices are not numbers
        found = [(ends, count) for ends, count in counts.items() if count]
        return [(f"{_text(low)}..{_text(high)}", count) for (low, high), count in found]

    def _count_range(self, scope: CandidateQuery, low: float | None, high: float | None) -> int:
        within = RangeFilter(PRICE, low, high)
        return self._engine.count(replace(scope, filters=(*scope.filters, within)))


def _excluded(request: SearchRequest, words: TextQuery) -> tuple[str, ...]:
    """Return what words exclude; without words, products that no picture shows."""
    if not request.text:
        return (NO_PICTURE,)
    return tuple(term for term in words.excluded if ":" in term)


def _queries(request: SearchRequest, words: TextQuery) -> tuple[ShopQuery | WordsQuery, ...]:
    """Return the shop's query, and words that alone say what is looked for."""
    queries: tuple[ShopQuery | WordsQuery, ...] = (request.query,) if request.query else ()
    if words.rest and not words.names_product:
        queries = (*queries, WordsQuery(words.rest))
    return queries


def _ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _text(end: float | None) -> str:
    return "" if end is None else f"{end:.10g}"


def _by_group(counts: Counts) -> Mapping[str, list[tuple[str, int]]]:
    groups: dict[str, list[tuple[str, int]]] = {}
    for term, count in counts:
        groups.setdefault(group_of(term), []).append((term, count))
    return groups
