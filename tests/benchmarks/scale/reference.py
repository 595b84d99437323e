"""Answer queries by scoring every product that passes: the exhaustive weighted scan in numpy.

It shares the attribute query with the product and nothing else: rows are selected and scored from
the catalogue's own arrays, and all of them are sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.engine import CandidateQuery, RangeFilter
from houndstooth.mappings.features import Bytes
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.attribute_query import attribute_query
from houndstooth.plugin.config import ATTRIBUTE_WEIGHT
from tests.benchmarks.scale.catalogue import Catalogue
from tests.benchmarks.scale.distances import colour, hamming
from tests.benchmarks.scale.queries import Query


@dataclass(frozen=True)
class Truth:
    """The exact answer of one query.

    Attributes:
        step: Name of the step of the attribute query that fills the page.
        query: That step.
        passing: Rows that pass it, int64 [n].
        best: Rows of the page by score, best first.
        nearest: Hamming distance of the last of the page by Hamming alone, in [0, 1].
    """

    step: str
    query: CandidateQuery
    passing: NDArray[np.int64]
    best: NDArray[np.int64]
    nearest: float


@dataclass(frozen=True)
class _Shelf:
    """The columns of one category, copied together."""

    rows: NDArray[np.int64]
    codes: Bytes
    histograms: Bytes
    values: Bytes


class Reference:
    """Answers queries on a catalogue."""

    def __init__(self, catalogue: Catalogue, taxonomy: Taxonomy) -> None:
        self.catalogue, self.taxonomy = catalogue, taxonomy
        self._shelf = lru_cache(maxsize=2)(self._read_shelf)

    def answer(self, asked: Query, attribute_weight: float = ATTRIBUTE_WEIGHT) -> Truth:
        """Score all products that pass the first step that fills the page.

        Raises:
            ValueError: The category has too few products, so that other categories would follow.
        """
        shelf, top = self._shelf(asked.category), asked.request.top
        for name, query in attribute_query(asked.features, asked.request, self.taxonomy):
            if query.category is None:
                break
            passing = self._passing(shelf, query)
            if len(passing) >= top:
                return self._score(asked, shelf, name, query, passing, attribute_weight)
        raise ValueError(f"expected at least {top} products in category {asked.category}")

    def _score(
        self,
        asked: Query,
        shelf: _Shelf,
        name: str,
        query: CandidateQuery,
        passing: NDArray[np.int64],
        attribute_weight: float,
    ) -> Truth:
        features, weight = asked.features, asked.request.appearance_weight
        appearance = hamming(features.binary_code, shelf.codes[passing])
        colours = colour(features.colour_histogram, shelf.histograms[passing])
        distance = weight * appearance + (1 - weight) * colours
        points, most = self._points(shelf.values[passing], query)
        agreement = points / most if most else np.ones(len(passing))
        scores = (1 - attribute_weight) * (1 - distance) + attribute_weight * agreement
        rows = shelf.rows[passing]
        # Ids are numbers of one length, so their order is that of the rows.
        best = rows[np.lexsort((rows, -scores))[: asked.request.top]]
        nearest = float(np.partition(appearance, asked.request.top - 1)[asked.request.top - 1])
        return Truth(name, query, rows, best, nearest)

    def _points(self, values: Bytes, query: CandidateQuery) -> tuple[NDArray[np.int64], int]:
        """Add up the boosts of each row; return them and the most that a row can have."""
        points, most = np.zeros(len(values), dtype=np.int64), 0
        for place, group in enumerate(self.taxonomy.groups):
            boosts = query.preferred.get(group)
            if boosts:
                terms = self.catalogue.terms[place]
                table = np.array([0, *(boosts.get(term, 0) for term in terms)], dtype=np.int64)
                points += table[values[:, place]]
                most += max(boosts.values())
        return points, most

    def _passing(self, shelf: _Shelf, query: CandidateQuery) -> NDArray[np.int64]:
        """Return places on the shelf."""
        passes = np.ones(len(shelf.rows), dtype=bool)
        if query.minimum_groups:
            agreeing = np.zeros(len(shelf.rows), dtype=np.int64)
            for place, group in enumerate(self.taxonomy.groups):
                boosts = query.preferred.get(group, {})
                terms = self.catalogue.terms[place]
                table = np.array([False, *(term in boosts for term in terms)])
                agreeing += table[shelf.values[:, place]]
            passes &= agreeing >= query.minimum_groups
        for one in query.filters:
            if isinstance(one, RangeFilter):
                prices = self.catalogue.price[shelf.rows].astype(np.float64).round(2)
                assert one.field == "price" and one.low is not None and one.high is not None
                passes &= (prices >= one.low) & (prices <= one.high)
            else:
                brand = self.catalogue.brands.index(one.value)
                passes &= self.catalogue.brand[shelf.rows] == brand
        return np.flatnonzero(passes)

    def _read_shelf(self, category: str) -> _Shelf:
        rows = self.catalogue.rows_of(category)
        codes, histograms, values = (
            np.ascontiguousarray(array[rows])
            for array in (self.catalogue.codes, self.catalogue.histograms, self.catalogue.values)
        )
        return _Shelf(rows, codes, histograms, values)
