"""Rank the products that pass a query, all of them, by columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from houndstooth.mappings.engine import CandidateQuery, Engine
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.columns.near import grown_groups
from houndstooth.plugin.columns.query import Place, RankedRow, RankingQuery
from houndstooth.plugin.columns.ranking import count, rank, rank_variants
from houndstooth.plugin.columns.segment import Rows
from houndstooth.plugin.columns.snapshot import Snapshot
from houndstooth.plugin.columns.store import Columns

CHECKED_AT_ONCE = 10_000
"""Products that the engine is asked about in one request."""

OPTIMISM = 8
"""How many times more products are ranked first than are wanted, where a filter may drop some."""

GROWTH = 4
"""How many times more products are ranked if those before did not fill the page."""

_Scope = tuple[str | None, str | None]
"""Category and great category: what differs between the filters of a search's steps."""

Ranking = tuple[list[RankedRow], bool]
"""The best products, and whether there are no more."""


class Source(Protocol):
    """Ranks the products of one search.

    Attributes:
        is_exact: Whether every product was compared so far.
        has_all: Whether it has all products at hand, so that ``named`` fetches none.
    """

    is_exact: bool
    has_all: bool

    def rank(self, query: RankingQuery, top: int, after: Place | None) -> Ranking:
        """Find the best products that pass the query and its filters, after a place."""

    def variants(self, query: RankingQuery, variants: Sequence[int]) -> list[RankedRow]:
        """Rank all products of some variant groups, by hash, that pass the query."""

    def near(self, query: RankingQuery, product_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Find the group of each product: near-duplicates, and variants if the query has them."""

    def named(self, query: RankingQuery, product_ids: Sequence[str]) -> list[RankedRow]:
        """Rank those of some products that pass the query."""

    def update(self, product_ids: Sequence[str]) -> None:
        """Take over what the engine says of products now, also of those that were left out."""

    def leave_out(self, product_ids: Sequence[str]) -> None:
        """Rank these products no more in this search."""


class ColumnsSource:
    """Ranks every product with the columns; the engine decides on the shop's filters.

    There are two plans, both exact. If many products pass the filters, the best are ranked first,
    and the engine says which of them pass; more are ranked until enough do. If few do, the engine
    names them and all of them are ranked. It begins with the first plan, and counts how many pass
    only if that does not fill the page at once.

    Args:
        engine: Decides on filters.
        columns: Where the snapshot is from; they take over updates too.
        snapshot: All products.
        clock: Measures the stages ``candidates`` and ``rerank``.
    """

    is_exact = has_all = True

    def __init__(self, engine: Engine, columns: Columns, snapshot: Snapshot, clock: Clock) -> None:
        self._engine, self._columns, self._clock = engine, columns, clock
        self._snapshot = snapshot
        self._matching: dict[_Scope, int] = {}
        self._named: dict[_Scope, list[str]] = {}
        self._updated: set[str] = set()
        self._passes: dict[_Scope, dict[str, bool]] = {}

    def rank(self, query: RankingQuery, top: int, after: Place | None) -> Ranking:
        """See Source."""
        if not query.candidates.has_filters:
            rows = self._rank(query, top, after)
            return rows, len(rows) < top
        filters = _filters_of(query.candidates)
        ranked, matching = OPTIMISM * top, None
        while matching is None or ranked < matching:
            rows = self._rank(query, ranked, after)
            passing = self._passing(filters, rows)
            if len(passing) >= top or len(rows) < ranked:
                return passing[:top], len(passing) < top
            ranked *= GROWTH
            if matching is None:
                matching = self._count(filters)
                with self._clock.stage("rerank"):
                    total = count(query, self._snapshot)
                ranked = max(ranked, top * total // max(1, matching) + top)
        rows = self._rank(query, top, after, self._rows_named(filters, matching))
        return rows, len(rows) < top

    def variants(self, query: RankingQuery, variants: Sequence[int]) -> list[RankedRow]:
        """See Source."""
        with self._clock.stage("rerank"):
            rows = rank_variants(query, self._snapshot, variants)
        if query.candidates.has_filters:
            rows = self._passing(_filters_of(query.candidates), rows)
        return rows

    def near(self, query: RankingQuery, product_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """See Source."""
        with self._clock.stage("rerank"):
            return grown_groups(self._snapshot, product_ids, query.candidates.variant_field)

    def named(self, query: RankingQuery, product_ids: Sequence[str]) -> list[RankedRow]:
        """See Source."""
        among = self._snapshot.find(product_ids)
        rows = self._rank(query, max(1, len(product_ids)), None, among)
        if query.candidates.has_filters:
            rows = self._passing(_filters_of(query.candidates), rows)
        return rows

    def update(self, product_ids: Sequence[str]) -> None:
        """See Source."""
        with self._clock.stage("fetch"):
            rows = self._columns.read(product_ids)
        present = set(rows.product_ids)
        gone = [one for one in product_ids if one not in present]
        before = self._snapshot
        # Whatever version was known: after a failover an engine may give out lower numbers.
        self._snapshot = before.without(product_ids).changed(rows, gone)
        self._columns.apply(before, self._snapshot)
        # Filters were decided for the products as they were before.
        self._updated.update(product_ids)
        for passes in self._passes.values():
            for product_id in product_ids:
                passes.pop(product_id, None)

    def leave_out(self, product_ids: Sequence[str]) -> None:
        """See Source. They stay in the columns."""
        self._snapshot = self._snapshot.without(product_ids)

    def _rank(
        self,
        query: RankingQuery,
        top: int,
        after: Place | None,
        among: Sequence[Rows] | None = None,
    ) -> list[RankedRow]:
        with self._clock.stage("rerank"):
            return rank(query, self._snapshot, top, among=among, after=after, clock=self._clock)

    def _count(self, filters: CandidateQuery) -> int:
        scope = _scope(filters)
        if scope not in self._matching:
            with self._clock.stage("candidates"):
                self._matching[scope] = self._engine.count(filters)
        return self._matching[scope]

    def _rows_named(self, filters: CandidateQuery, matching: int) -> list[Rows]:
        scope = _scope(filters)
        if scope not in self._named:
            with self._clock.stage("candidates"):
                # Some more may have come in since they were counted.
                self._named[scope] = self._engine.match(filters, matching + CHECKED_AT_ONCE)
        named = self._named[scope]
        if self._updated:
            passes = self._decide(filters, self._updated)
            named = [one for one in named if one not in self._updated]
            named += [one for one in self._updated if passes[one]]
        return self._snapshot.find(named)

    def _passing(self, filters: CandidateQuery, rows: Sequence[RankedRow]) -> list[RankedRow]:
        passes = self._decide(filters, [row.product_id for row in rows])
        return [row for row in rows if passes[row.product_id]]

    def _decide(self, filters: CandidateQuery, product_ids: Iterable[str]) -> dict[str, bool]:
        """Let the engine decide which products pass, each once."""
        passes = self._passes.setdefault(_scope(filters), {})
        asked = [one for one in product_ids if one not in passes]
        with self._clock.stage("candidates"):
            for start in range(0, len(asked), CHECKED_AT_ONCE):
                some = asked[start : start + CHECKED_AT_ONCE]
                passes |= dict.fromkeys(some, False)
                passes |= dict.fromkeys(self._engine.match(filters, len(some), some), True)
        return passes


def _filters_of(query: CandidateQuery) -> CandidateQuery:
    """Return the part of a query that the engine decides on, and its category."""
    return CandidateQuery(
        query.model,
        category=query.category,
        great_category=query.great_category,
        filters=query.filters,
        post_filters=query.post_filters,
        queries=query.queries,
    )


def _scope(query: CandidateQuery) -> _Scope:
    return query.category, query.great_category
