"""Rank the products of a search step by step, one hit of each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from houndstooth.mappings.engine import CandidateQuery, Engine
from houndstooth.plugin.attribute_query import Step, names_kind
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.columns.query import Place, RankedRow, RankingQuery
from houndstooth.plugin.columns.ranking import rank
from houndstooth.plugin.columns.snapshot import Snapshot
from houndstooth.plugin.cursor import Cursor
from houndstooth.plugin.found import Found, Ranked
from houndstooth.plugin.grouping import Key, grouping_of
from houndstooth.plugin.sources import GROWTH, Source

SPARE_ROWS = 8
"""Rows ranked beyond the page, for those of groups that are on it already."""


class StepsRanker:
    """Ranks the products of one search.

    Args:
        engine: Says which products pass filters where they are taken by their ids.
        source: Ranks products.
        query: The query's code, histogram and weights; its candidates are those of each step.
        steps: The attribute query's steps, strictest first.
        clock: Measures the stages.
        merges: Whether near-duplicates are one hit.

    Attributes:
        taken: Products that were taken out of the ranking, by id, in order.
    """

    def __init__(
        self,
        engine: Engine,
        source: Source,
        query: RankingQuery,
        steps: Sequence[Step],
        clock: Clock,
        merges: bool = False,
    ) -> None:
        self._engine, self._source, self._clock = engine, source, clock
        self._query, self._steps, self._merges = query, steps, merges
        self._has_variants = query.candidates.variant_field is not None
        self._grouping = grouping_of(source, self._has_variants, merges)
        # Of all steps, whatever page they are run for.
        self._taking = replace(query, candidates=self.kind, sold_out_last=True)
        self._loosest = steps[-1][1]
        self._to_take: list[str] = []
        self.taken: dict[str, Found] = {}

    def is_of_kind(self, step: int) -> bool:
        """Tell whether a step, by its number, finds products of the query's kind alone."""
        return step == 0 or names_kind(self._steps[step][1])

    @property
    def kind(self) -> CandidateQuery:
        """Return the loosest step that keeps to the kind of product, else the first."""
        of_kind = (step for _, step in reversed(self._steps) if names_kind(step))
        return next(of_kind, self._steps[0][1])

    def up_to(self, step: int) -> StepsRanker:
        """Return a ranker that runs no further step than one, given by its number."""
        steps = self._steps[: step + 1]
        parts = (self._engine, self._source, self._query, steps, self._clock, self._merges)
        return StepsRanker(*parts)

    def ranked(self, top: int, cursor: Cursor | None = None, enough: int | None = None) -> Ranked:
        """Rank the best products, step by step until one fills the page; none is looked up.

        A step with the same category and fewer attributes replaces the step before it. A step
        without the category is added after it, so that products of the category stay in front.

        Args:
            top: Number of products.
            cursor: Where the page before ended.
            enough: Number of products after which no further step is run; None = top.
        """
        first = cursor.first_step if cursor else 0
        found: list[Found] = []
        for number in range(cursor.step if cursor else 0, len(self._steps)):
            query = self._steps[number][1]
            if not cursor and names_kind(query):
                first, found = number, []
            after = cursor.after if cursor and cursor.step == number else None
            found += self._hits(first, number, top - len(found), after)
            if len(found) >= (enough or top):
                break
        return Ranked(found, first, number)

    def take(self, product_ids: Sequence[str]) -> None:
        """Take products out of the ranking, with their groups; see ``taken``.

        Those are taken that pass the query's filters, are of its category and not sold out; of
        a group the first.

        Args:
            product_ids: Their ids, in the order of ``taken``.
        """
        self._to_take = [*product_ids]
        ranked = {row.product_id: row for row in self._rank_some(self._taking, product_ids)}
        rows = [ranked[one] for one in product_ids if one in ranked and not ranked[one].last]
        found = self._grouped(rows, self._taking, self._loosest) if rows else []
        self.taken = {one.product_id: one for one in found}
        if found:
            self._source.leave_out(self._taken_groups)

    def renew(self, outdated: Sequence[str], ranked: Ranked, ahead: int = 0) -> None:
        """Take over how products are in the engine; where one was taken, all are taken anew.

        Args:
            outdated: Ids of products that are not as they were ranked.
            ranked: What was ranked.
            ahead: If it is not 0, what was ranked may all be outdated, and so many that follow.
        """
        is_taken = not self.taken.keys().isdisjoint(outdated)
        anew = [one for one in outdated if one not in self.taken]
        if ahead and ranked.found:
            anew += self._beyond(ranked, ahead)
        if is_taken:
            anew += self._taken_groups
        if anew:
            self._source.update(anew)
        if is_taken:
            self.take(self._to_take)

    def drop(self, product_ids: Sequence[str]) -> None:
        """Leave products out of the rest of the search; what is grouped with them stays."""
        if not product_ids:
            return
        is_taken = not self.taken.keys().isdisjoint(product_ids)
        if is_taken:
            self._source.update(self._taken_groups)
        self._source.leave_out(product_ids)
        if is_taken:
            self.take([one for one in self._to_take if one not in product_ids])

    @property
    def _taken_groups(self) -> list[str]:
        return [one for found in self.taken.values() for one in found.product_ids]

    def _rank_some(self, query: RankingQuery, product_ids: Sequence[str]) -> list[RankedRow]:
        """Rank those of some products that match, as the engine has them now."""
        if not product_ids:
            return []
        model, variant_field = query.candidates.model, query.candidates.variant_field
        with self._clock.stage("candidates"):
            passing = self._engine.match(query.candidates, len(product_ids), product_ids)
            if not passing:
                return []
            rows = self._engine.features(passing, model, query.lengths, variant_field)
        with self._clock.stage("rerank"):
            return rank(query, Snapshot.of(rows), len(product_ids))

    def _grouped(
        self, rows: Sequence[RankedRow], query: RankingQuery, loosest: CandidateQuery
    ) -> list[Found]:
        """Return products with their groups; of a group the first is kept.

        Args:
            rows: The products.
            query: What they were ranked by.
            loosest: What matches all of their groups.
        """
        keys = self._grouping.keys(query, rows)
        groups: dict[Key, dict[str, RankedRow]] = {key: {} for key in keys.values()}
        # Of any kind: none of them may be a hit of a further step.
        of_any_kind = replace(query, candidates=loosest)
        known = self._grouping.members(of_any_kind, groups) if groups else ()
        # The source may not know these products themselves, whatever it knows of their groups.
        given = [(keys[row.product_id], row) for row in rows if row.product_id in keys]
        for key, row in (*known, *given):
            groups[key].setdefault(row.product_id, row)
        found: list[Found] = []
        seen: set[str] = set()
        for row in rows:
            if row.product_id in seen:
                continue
            group = groups[keys[row.product_id]] if row.product_id in keys else {}
            others = tuple([one for one in group.values() if one.product_id != row.product_id])
            found.append(Found(0, row, others))
            seen.update(found[-1].product_ids)
        return found

    def _hits(self, first: int, number: int, need: int, after: Place | None) -> list[Found]:
        """Rank the products of a step that are in none of the steps since the first one."""
        before = tuple(query for _, query in self._steps[first:number])
        candidates = self._steps[number][1]
        query = replace(self._query, candidates=candidates, without=before)
        top = need + (SPARE_ROWS if self._merges or self._has_variants else 0)
        while True:
            rows, complete = self._source.rank(query, top, after)
            found = self._collapsed(number, rows, query, before)
            if len(found) >= need or complete:
                return found[:need]
            top *= GROWTH

    def _collapsed(
        self,
        number: int,
        rows: Sequence[RankedRow],
        query: RankingQuery,
        before: Sequence[CandidateQuery],
    ) -> list[Found]:
        """Keep the best product of each group, unless the group is on an earlier page."""
        keys = self._grouping.keys(query, rows)
        if not keys:
            return [Found(number, row) for row in rows]
        groups: dict[Key, list[RankedRow]] = {key: [] for key in keys.values()}
        for key, row in self._grouping.members(query, groups):
            groups[key].append(row)
        for earlier in before:
            other = replace(query, candidates=earlier, without=())
            for key, _ in self._grouping.members(other, groups):
                groups[key] = []
        found = []
        for row in rows:
            group = groups[keys[row.product_id]] if row.product_id in keys else None
            if group is None:
                found.append(Found(number, row))
            elif group and group[0].product_id == row.product_id:
                found.append(Found(number, row, tuple(group[1:])))
        return found

    def _beyond(self, ranked: Ranked, count: int) -> list[str]:
        """Return the ids of what was ranked, and of so many that follow."""
        last = ranked.found[-1]
        query = replace(self._query, candidates=self._steps[ranked.last_step][1])
        after = last.row.place if last.step == ranked.last_step else None
        rows = self._source.rank(query, count, after)[0]
        return [*(one.product_id for one in ranked.found), *(row.product_id for row in rows)]
