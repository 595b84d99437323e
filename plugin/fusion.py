"""Join lists of products by reciprocal rank fusion: what looks alike, and what words find.

The score of a product is the sum over the lists of ``weight / (60 + rank)``, divided by the highest
possible sum (Cormack, Clarke and Büttcher 2009). Products of equal score in a list share a rank.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from houndstooth.mappings.document import NO_PICTURE
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.features import WeightedCode
from houndstooth.mappings.search import MAX_HITS, FoundBy, Hit, SearchRequest
from houndstooth.mappings.words_query import WordsQuery
from houndstooth.plugin.attribute_query import Step, names_kind
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.columns.query import RankingQuery
from houndstooth.plugin.cursor import Cursor, ShownCursor
from houndstooth.plugin.found import Found, is_current
from houndstooth.plugin.merchandising.ruled_page import RuledOrder
from houndstooth.plugin.page import ATTEMPTS, Page, PageFiller
from houndstooth.plugin.sorting import sort_hits
from houndstooth.plugin.sources import Source

LISTED = MAX_HITS
"""Number of products of each list that are joined: its best."""

RANK_CONSTANT = 60
"""As in the paper."""

WEIGHTS: Mapping[FoundBy, float] = {
    "looks": 1.0,
    "product": 1.0,
    "terms": 2.0,
    "words": 1.0,
    "text-to-image": 0.9,
}
"""What the rank in each list counts. A product that has the words itself comes before one that only
looks so, at the same rank."""


@dataclass(frozen=True)
class RankedList:
    """Products that something else than the main ranking has found.

    Attributes:
        name: What has found them.
        scores: Score by product id, best first; equal scores share a rank.
    """

    name: FoundBy
    scores: Mapping[str, float]


class _Joined(NamedTuple):
    """A product of the joined list; of two the lower place comes first."""

    found: Found
    kind: int
    score: float
    by: tuple[FoundBy, ...]

    @property
    def place(self) -> tuple[int, bool, float, str]:
        row = self.found.row
        return self.kind, row.last, -self.score, row.product_id


class ListFiller(PageFiller):
    """Fills the page of one search from several lists; see PageFiller.

    Args:
        engine, source, query, steps, clock: See PageFiller.
        main: Name of the ranking of this filler; None = it lists nothing.
        request: Has the order, the number of hits and the cursor.
        words_name_kind: Whether words name a kind of product: those of unknown kind come after it.

    Raises:
        InvalidInput: The cursor is not of such a search.
    """

    def __init__(
        self,
        engine: Engine,
        source: Source,
        query: RankingQuery,
        steps: Sequence[Step],
        clock: Clock,
        main: FoundBy | None,
        request: SearchRequest,
        words_name_kind: bool,
    ) -> None:
        super().__init__(engine, source, query, steps, clock, request.merge != "none")
        self._main, self._request, self._words_name_kind = main, request, words_name_kind
        self._cursor = ShownCursor.parse(request.cursor) if request.cursor else ShownCursor()
        self._main_list: list[Found] = []
        last = 0
        if main:
            enough = len(self._cursor) + request.top
            self._main_list, _, last = self._ranked(max(LISTED, enough), None, enough)
        self._steps = self._steps[: last + 1]
        self._lists: list[RankedList] = []
        self._said: RankingQuery | None = None

    def look_up(self, text: str) -> None:
        """Add the list of the products of the kind whose own texts have the words."""
        with self._clock.stage("candidates"):
            found = self._engine.by_words(self.kind, WordsQuery(text), LISTED)
        self._lists.append(RankedList("words", dict(found)))

    def look_like(self, other: RankingQuery) -> None:
        """Add the list of the products of the kind that look like another item."""
        query = replace(
            self._query,
            candidates=self.kind,
            binary_code=other.binary_code,
            colour_histogram=other.colour_histogram,
        )
        rows, _ = self._source.rank(query, LISTED, None)
        self._lists.append(RankedList("product", {row.product_id: row.score for row in rows}))

    def look_as_said(self, text: WeightedCode) -> None:
        """Add the list of the products of the kind that look as a text says.

        Every one with a picture is compared, by the asymmetric distance alone.
        """
        kind = self.kind
        with_picture = tuple(dict.fromkeys((*kind.excluded, NO_PICTURE)))
        # A source may know a query's candidates by their identity: they must stay.
        self._said = replace(
            self._query,
            candidates=replace(kind, excluded=with_picture),
            binary_code=text.binary_code,
            bit_weights=text.weights,
            appearance_weight=1.0,
            attribute_weight=0.0,
        )
        rows, _ = self._source.rank(self._said, LISTED, None)
        scores = {row.product_id: row.score for row in rows}
        self._lists.append(RankedList("text-to-image", scores))

    @property
    def listed(self) -> list[str]:
        """Return the products of the lists that were added, each once."""
        return [*dict.fromkeys(one for each in self._lists for one in each.scores)]

    def joined_page(self, ideal: Sequence[str], order: RuledOrder) -> Page:
        """Fill a page from the best LISTED products of each list.

        The cursor names the products that were shown before. So none repeats, whatever changes
        between the pages, and none vanishes that stays among the best of a list.

        Args:
            ideal: Terms of an ideal hit, for ``Hit.matched``.
            order: The order by rules; where the request has ``sort`` none applies.
        """
        sort, top = self._request.sort, self._request.top
        pinned = [] if sort else self._pinned(order.pinned_ids, ideal)
        reorder = bool(sort or order.rules.rules)
        is_ranked = not pinned
        for _ in range(ATTEMPTS):
            if self._main and not is_ranked:
                self._main_list = self._ranked(LISTED, None)[0]
            joined = self._joined()
            left = [one for one in joined if one.found.row.product_id not in self._cursor]
            hits, outdated = self._hits_of(left if reorder else left[:top], ideal)
            if not outdated:
                break
            self._source.update(outdated)
            is_ranked = False
        if sort:
            places = {one.found.row.product_id: one.found.row.last for one in joined}
            hits = sort_hits([(places[hit.product_id], hit) for hit in hits], sort)
        elif reorder:
            fresh = [hit for hit in pinned if hit.product_id not in self._cursor]
            hits = _ruled(fresh, hits, joined, order)
        more = len(hits if reorder else left) > top
        shown = self._cursor.and_shown(hit.product_id for hit in hits[:top])
        return Page(hits[:top], self._steps[-1][0], shown if more and hits else None, [])

    def _pinned(self, product_ids: Sequence[str], ideal: Sequence[str]) -> list[Hit]:
        """Take products and their groups out of the ranking and of all lists; see ``take``.

        What has found each are the lists that have it or one of its group; none may have.
        """
        if not product_ids:
            return []
        listed: dict[FoundBy, set[str]] = {each.name: set(each.scores) for each in self._lists}
        if self._main:
            main = {one for hit in self._main_list[:LISTED] for one in hit.product_ids}
            listed = {self._main: main, **listed}
        hits, taken = [], set[str]()
        for hit in self.take(product_ids, ideal):
            group = {hit.product_id, *hit.variants, *hit.merged}
            by = tuple(name for name, some in listed.items() if group & some)
            hits.append(replace(hit, found_by=by))
            taken |= group
        self._lists = [
            replace(each, scores={one: s for one, s in each.scores.items() if one not in taken})
            for each in self._lists
        ]
        return hits

    def _joined(self) -> list[_Joined]:
        """Join the lists, best first; a hit has the best rank of its variants in each."""
        found = self._main_list[:LISTED]
        owner = {one: hit.row.product_id for hit in found for one in hit.product_ids}
        wanted = [one for one in self.listed if one not in owner]
        if wanted:
            query = replace(self._query, candidates=self.kind)
            known = self._source.named(query, wanted) if self._source.has_all else []
            ranked = {row.product_id: row for row in known}
            if new := [one for one in wanted if one not in ranked]:
                ranked |= {row.product_id: row for row in self._rank_some(query, new)}
            further = self._grouped([ranked[one] for one in wanted if one in ranked], query)
            owner |= {one: hit.row.product_id for hit in further for one in hit.product_ids}
            found = [*found, *further]
        kinds = max(sum(names_kind(step) for _, step in self._steps), 1)
        keys = {}
        for one in found:
            # Steps beyond the kind come after it, and what is of unknown kind after its step.
            of_unknown = self._words_name_kind and not one.row.kind_known
            kind = 2 * max(0, one.step - kinds + 1) + of_unknown
            keys[one.row.product_id] = kind, one.row.last, -one.row.score
        ranks: dict[FoundBy, dict[str, int]] = {}
        if self._main:
            by_main = sorted(keys, key=lambda one: (keys[one], one))[:LISTED]
            ranks[self._main] = _ranks(by_main, keys)
        for each in self._lists:
            scores: dict[str, float] = {}
            for product_id, score in each.scores.items():
                if product_id in owner:
                    scores.setdefault(owner[product_id], score)
            ranks[each.name] = _ranks([*scores], scores)
        highest = sum(WEIGHTS[name] for name in ranks) / (RANK_CONSTANT + 1)
        totals: dict[str, float] = {}
        by: dict[str, tuple[FoundBy, ...]] = {}
        for name, of in ranks.items():
            for product_id, rank in of.items():
                totals[product_id] = totals.get(product_id, 0) + WEIGHTS[name] / (
                    RANK_CONSTANT + rank
                )
                by[product_id] = (*by.get(product_id, ()), name)
        joined = [
            _Joined(one, keys[product_id][0], totals[product_id] / highest, by[product_id])
            for one in found
            if (product_id := one.row.product_id) in totals
        ]
        return sorted(joined, key=lambda one: one.place)

    def _hits_of(
        self, joined: Sequence[_Joined], ideal: Sequence[str]
    ) -> tuple[list[Hit], list[str]]:
        """Return products as hits, and the ids of those that have changed meanwhile."""
        by_id = {one.found.row.product_id: one for one in joined}
        shown = self._show(list(by_id))
        current = [one for one in joined if is_current(one.found.row, shown)]
        present = self._present(one.found for one in current)
        hits = []
        for one in current:
            product = shown[one.found.row.product_id]
            hits.append(self._hit(one.found, product, present, ideal, one.by, one.score))
        return hits, [one for one in by_id if not is_current(by_id[one].found.row, shown)]


def _ranks(product_ids: Sequence[str], scores: Mapping[str, object]) -> dict[str, int]:
    """Return the rank of each product, the first 1; equal scores share a rank."""
    ranks: dict[str, int] = {}
    before: str | None = None
    for place, one in enumerate(product_ids, start=1):
        shares = before is not None and scores[one] == scores[before]
        ranks[one] = ranks[before] if shares and before else place
        before = one
    return ranks


def _ruled(
    pinned: Collection[Hit], hits: Sequence[Hit], joined: Sequence[_Joined], order: RuledOrder
) -> list[Hit]:
    """Order hits by merchandising rules, which add to their scores."""
    places = {one.found.row.product_id: one for one in joined}
    listed: list[tuple[Cursor | None, Hit]] = [(None, hit) for hit in pinned]
    for hit in hits:
        one = places[hit.product_id]
        listed.append((Cursor(0, one.kind, one.found.row.place), hit))
    keyed = order.keyed(listed, lambda kind: kind == 0)
    return [keyed[key] for key in sorted(keyed)]
