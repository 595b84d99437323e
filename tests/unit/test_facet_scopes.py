"""What facets count beside words is looked for once for each set of choices."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from houndstooth.mappings.engine import CandidateQuery, RangeFilter, TermFilter
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.web.facets import count_facets

PRICE = RangeFilter("price", None, 50.0)
BRAND = TermFilter("brand", "Acme")


class CountingEngine:
    """Has three products, two of which cost less than 25 and one that costs 30."""

    counted = 0

    def count(self, query: CandidateQuery) -> int:
        self.counted += 1
        bounds = query.filters[-1] if query.filters else None
        if not isinstance(bounds, RangeFilter) or (bounds.low, bounds.high) == (None, None):
            return 3
        return {None: 2, 25: 1}[cast(None, bounds.low)]

    def facets(self, query: CandidateQuery, fields: list[str], size: int) -> dict[str, Any]:
        return {field: [] for field in fields}

    def match(self, query: CandidateQuery, limit: int, among: tuple[str, ...]) -> list[str]:
        return [*among]


@pytest.mark.parametrize(
    ("options", "lists"), [({}, 1), ({"filters": (PRICE,)}, 2), ({"filters": (PRICE, BRAND)}, 3)]
)
def test_lists_are_made_once_for_each_set_of_choices(options: dict[str, Any], lists: int) -> None:
    asked: list[SearchRequest] = []
    engine = CountingEngine()

    def listed(request: SearchRequest, *_: object) -> tuple[str, ...]:
        asked.append(request)
        return ("1",)

    texts = SimpleNamespace(said=lambda words: object(), listed=listed)
    search = SimpleNamespace(taxonomy=Taxonomy.load())
    extractor = SimpleNamespace(model="m")
    parts = SimpleNamespace(engine=engine, texts=texts, extractor=extractor, search=search)
    backend = cast(Any, SimpleNamespace(parts=parts, taxonomy=search.taxonomy))
    counted = count_facets(backend, SearchRequest(text="zyxx", **options))
    assert len(asked) == len(set(asked)) == lists
    prices = [(one["value"], one["count"]) for one in counted["facets"]["price"]]
    assert prices == [("..24.999", 2), ("25..49.999", 1)]
    assert engine.counted == 4
