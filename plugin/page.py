"""Fill a page of hits: step by step, one hit of each group, as the engine has them now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from houndstooth.mappings.engine import CandidateQuery, Engine, ShownProduct
from houndstooth.mappings.search import FoundBy, Hit, Relaxed
from houndstooth.plugin.attribute_query import Step, names_kind
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.columns.query import Place, RankedRow, RankingQuery
from houndstooth.plugin.columns.ranking import rank
from houndstooth.plugin.columns.snapshot import Snapshot
from houndstooth.plugin.cursor import Cursor, RuledCursor, ShownCursor, SortedCursor
from houndstooth.plugin.found import Found, is_current
from houndstooth.plugin.grouping import Key, grouping_of
from houndstooth.plugin.sources import GROWTH, Source

SPARE_ROWS = 8
"""Rows ranked beyond the page, for those of groups that are on it already."""

ATTEMPTS = 8
"""Times that a page is filled because products have changed since they were ranked.

While most of a page has changed, GROWTH times more products are looked up each time, hundreds of
thousands in the end.
"""

PATIENCE = 3
"""Times that a product is ranked anew before it is left out of the page.

It changes without pause, or the engine's copies of it differ because one is not refreshed yet.
"""


@dataclass(frozen=True)
class Page:
    """The hits of a page.

    Attributes:
        relaxed: Name of the last step that was run.
        next: Cursor of the next page; None if there is none.
        places: Cursor of each hit, to go on after it.
    """

    hits: list[Hit]
    relaxed: Relaxed
    next: Cursor | SortedCursor | RuledCursor | ShownCursor | None
    places: list[Cursor]


class PageFiller:
    """Fills the page of one search.

    Args:
        engine: Has the products as they are now.
        source: Ranks products.
        query: The query's code, histogram and weights; its candidates are those of each step.
        steps: The attribute query's steps, strictest first.
        clock: Measures the stage ``fetch``.
        merges: Whether near-duplicates are one hit.
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

    def is_of_kind(self, step: int) -> bool:
        """Tell whether a step, by its number, finds products of the query's kind alone."""
        return step == 0 or names_kind(self._steps[step][1])

    @property
    def kind(self) -> CandidateQuery:
        """Return the loosest step that keeps to the kind of product, else the first."""
        of_kind = (step for _, step in reversed(self._steps) if names_kind(step))
        return next(of_kind, self._steps[0][1])

    def up_to(self, step: int) -> PageFiller:
        """Return a filler that runs no further step than one, given by its number."""
        steps = self._steps[: step + 1]
        return PageFiller(self._engine, self._source, self._query, steps, self._clock, self._merges)

    def take(self, product_ids: Sequence[str], ideal: Sequence[str]) -> list[Hit]:
        """Take products out of the ranking, with their groups, and return them as hits.

        Those are taken that pass the query's filters, are of its category and not sold out; of
        a group the first. ``fill`` finds none of them from then on.

        Args:
            product_ids: Their ids, in the order of the hits.
            ideal: Terms of an ideal hit, for ``Hit.matched``.
        """
        if not product_ids:
            return []
        query = replace(self._query, candidates=self.kind, sold_out_last=True)
        ranked = self._rank_some(query, product_ids)
        shown = self._show([row.product_id for row in ranked])
        good = {row.product_id: row for row in ranked if not row.last and is_current(row, shown)}
        taken = self._grouped([good[one] for one in product_ids if one in good], query)
        self._source.leave_out([one for each in taken for one in each.product_ids])
        present = self._present(taken)
        return [self._hit(one, shown[one.row.product_id], present, ideal) for one in taken]

    def _rank_some(self, query: RankingQuery, product_ids: Sequence[str]) -> list[RankedRow]:
        """Rank those of some products that match, as the engine has them now."""
        model, variant_field = query.candidates.model, query.candidates.variant_field
        with self._clock.stage("candidates"):
            passing = self._engine.match(query.candidates, len(product_ids), product_ids)
            rows = self._engine.features(passing, model, query.lengths, variant_field)
        with self._clock.stage("rerank"):
            return rank(query, Snapshot.of(rows), len(product_ids))

    def _grouped(self, rows: Sequence[RankedRow], query: RankingQuery) -> list[Found]:
        """Return products with their groups; of a group the first is kept."""
        keys = self._grouping.keys(query, rows)
        groups: dict[Key, dict[str, RankedRow]] = {key: {} for key in keys.values()}
        # Of any kind: none of them may be a hit of a further step.
        loosest = replace(query, candidates=self._steps[-1][1])
        known = self._grouping.members(loosest, groups) if groups else ()
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

    def fill(
        self,
        top: int,
        ideal: Sequence[str],
        cursor: Cursor | None = None,
        enough: int | None = None,
    ) -> Page:
        """Fill a page.

        Every hit is looked up in the engine. A product that was deleted is left out, and one that
        has changed is ranked anew, so nothing outdated is shown.

        Args:
            top: Number of hits.
            ideal: Terms of an ideal hit, for ``Hit.matched``.
            cursor: Where the page before ended.
            enough: Number of hits after which no further step is run; None = top.
        """
        tries: Counter[str] = Counter()
        shown: dict[str, ShownProduct] = {}
        ahead = 0
        for _ in range(ATTEMPTS):
            found, first_step, last_step = self._ranked(top, cursor, enough)
            shown |= self._show([f.row.product_id for f in found if not is_current(f.row, shown)])
            outdated = [f.row.product_id for f in found if not is_current(f.row, shown)]
            if not outdated:
                break
            tries.update(outdated)
            ahead = GROWTH * max(ahead, top) if 2 * len(outdated) > len(found) else 0
            self._source.update([*outdated, *self._next_rows(found, last_step, ahead)])
            self._source.leave_out([one for one in outdated if tries[one] == PATIENCE])
        current = [f for f in found if is_current(f.row, shown)]
        present = self._present(current)
        hits = [self._hit(f, shown[f.row.product_id], present, ideal) for f in current]
        places = [Cursor(first_step, f.step, f.row.place) for f in current]
        end = None
        if len(found) >= top:
            end = Cursor(first_step, found[-1].step, found[-1].row.place)
        return Page(hits, self._steps[last_step][0], end, places)

    def _ranked(
        self, top: int, cursor: Cursor | None, enough: int | None = None
    ) -> tuple[list[Found], int, int]:
        """Run the steps until one fills the page: with ``enough`` hits, or ``top`` if it is None.

        A step with the same category and fewer attributes replaces the step before it. A step
        without the category is added after it, so that products of the category stay in front.

        Returns:
            The hits, and the numbers of the first step that has some and of the last that was run.
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
        return found, first, number

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

    def _show(self, product_ids: Sequence[str]) -> dict[str, ShownProduct]:
        if not product_ids:
            return {}
        with self._clock.stage("fetch"):
            return {product.product_id: product for product in self._engine.show(product_ids)}

    def _next_rows(self, found: Sequence[Found], step: int, count: int) -> list[str]:
        """Return the products that would follow on a page, which may be outdated as well."""
        if not count:
            return []
        last = found[-1]
        query = replace(self._query, candidates=self._steps[step][1])
        after = last.row.place if last.step == step else None
        return [row.product_id for row in self._source.rank(query, count, after)[0]]

    def _present(self, found: Iterable[Found]) -> set[str]:
        """Return those of the groups of some hits that the engine still has."""
        product_ids = [other.product_id for one in found for other in one.others]
        if not product_ids:
            return set()
        with self._clock.stage("fetch"):
            model = CandidateQuery(self._query.candidates.model)
            return set(self._engine.match(model, len(product_ids), product_ids))

    def _hit(
        self,
        found: Found,
        product: ShownProduct,
        present: Collection[str],
        ideal: Sequence[str],
        found_by: tuple[FoundBy, ...] = ("looks",),
        score: float | None = None,
    ) -> Hit:
        attributes, views = set(product.visual.attributes), product.visual.views
        row = found.row
        others = [one for one in found.others if one.product_id in present]
        has_variants = self._has_variants and row.variant
        variants = [one for one in others if has_variants and one.variant == row.variant]
        return Hit(
            product_id=row.product_id,
            score=row.score if score is None else score,
            appearance_distance=row.appearance_distance,
            colour_distance=row.colour_distance,
            view=views[min(row.view, len(views) - 1)],  # its JSON may be damaged
            matched=tuple(term for term in ideal if term in attributes),
            product=product.facts,
            visual=product.visual,
            variants=tuple(one.product_id for one in variants),
            merged=tuple(one.product_id for one in others if one not in variants),
            found_by=found_by,
        )
