"""Rank the best products that an engine finds by itself, where there are no columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from houndstooth.mappings.appearance_terms import expected_similarity
from houndstooth.mappings.engine import RankingEngine
from houndstooth.mappings.search import MAX_CANDIDATES
from houndstooth.plugin.attribute_query import FULL_BOOST
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.columns.near import grown_groups
from houndstooth.plugin.columns.query import Place, RankedRow, RankingQuery
from houndstooth.plugin.columns.ranking import rank, rank_variants
from houndstooth.plugin.columns.snapshot import Snapshot
from houndstooth.plugin.sources import GROWTH, Ranking

MIN_ATTRIBUTE_WEIGHT = 0.01
"""Attributes weigh at least as much where the engine ranks: its boosts are whole numbers."""


class WindowSource:
    """Ranks the products that the engine finds best by attributes and coarse appearance terms.

    Args:
        engine: An engine that can rank.
        limit: Number of products to fetch.
        clock: Measures the stages ``candidates`` and ``rerank``.
    """

    has_all = False

    def __init__(self, engine: RankingEngine, limit: int, clock: Clock) -> None:
        self._engine, self._clock, self._limit = engine, clock, limit
        self._windows: dict[int, _Window] = {}
        self._left_out: set[str] = set()
        self.is_exact = True

    def rank(self, query: RankingQuery, top: int, after: Place | None) -> Ranking:
        """See Source."""
        limit = max(self._limit, top)
        while True:
            limit = min(limit, MAX_CANDIDATES)
            window = self._window(query, limit)
            with self._clock.stage("rerank"):
                rows = rank(query, window.snapshot, top, after=after, clock=self._clock)
            if len(rows) >= top or window.is_all or limit == MAX_CANDIDATES:
                self.is_exact &= window.is_all
                return rows, len(rows) < top
            limit *= GROWTH

    def variants(self, query: RankingQuery, variants: Sequence[int]) -> list[RankedRow]:
        """See Source. Only those in the window are known."""
        window = self._window(query, self._limit)
        with self._clock.stage("rerank"):
            return rank_variants(query, window.snapshot, variants)

    def near(self, query: RankingQuery, product_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """See Source. Only those in the window are known."""
        window = self._window(query, self._limit).snapshot
        with self._clock.stage("rerank"):
            return grown_groups(window, product_ids, query.candidates.variant_field)

    def named(self, query: RankingQuery, product_ids: Sequence[str]) -> list[RankedRow]:
        """See Source. Only those in the window are known."""
        window = self._window(query, self._limit).snapshot
        with self._clock.stage("rerank"):
            among = window.find(product_ids)
            return rank(query, window, max(1, len(product_ids)), among=among)

    def update(self, product_ids: Sequence[str]) -> None:
        """See Source. All are fetched anew."""
        self._left_out.difference_update(product_ids)
        self._windows.clear()

    def leave_out(self, product_ids: Sequence[str]) -> None:
        """See Source."""
        self._left_out.update(product_ids)
        self._windows.clear()

    def _window(self, query: RankingQuery, limit: int) -> _Window:
        """Fetch a window, or return the largest that was fetched for these candidates."""
        key = id(query.candidates)
        window = self._windows.get(key)
        if window is None or window.limit < limit:
            with self._clock.stage("candidates"):
                boosts = appearance_boosts(query)
                rows = self._engine.window(query.candidates, limit, query.lengths, boosts)
            with self._clock.stage("rerank"):
                left = Snapshot.of(rows).without(list(self._left_out))
            window = self._windows[key] = _Window(limit, left, len(rows) < limit)
        return window


@dataclass(frozen=True)
class _Window:
    """The products that an engine finds best.

    Attributes:
        limit: How many were asked for.
        snapshot: Their rows, but for those that are left out.
        is_all: There are no others.
    """

    limit: int
    snapshot: Snapshot
    is_all: bool


def appearance_boosts(query: RankingQuery) -> dict[str, int]:
    """Weigh appearance terms against the attribute boosts as the ranking does."""
    weight = max(query.attribute_weight, MIN_ATTRIBUTE_WEIGHT)
    scale = (query.candidates.best_score or FULL_BOOST) * (1 - query.attribute_weight) / weight
    similarity = expected_similarity(
        query.candidates.category,
        query.binary_code,
        query.colour_histogram,
        query.appearance_weight,
    )
    boosts = {term: round(scale * gain) for term, gain in similarity.items()}
    return {term: boost for term, boost in boosts.items() if boost > 0}
