"""Join lists of products by reciprocal rank fusion: what looks alike, and what words find.

The score of a product is the sum over the lists of ``weight / (60 + rank)``, divided by the highest
possible sum (Cormack, Clarke and Büttcher 2009). Products of equal score in a list share a rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from houndstooth.mappings.document import NO_PICTURE
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.features import WeightedCode
from houndstooth.mappings.search import MAX_HITS, FoundBy, SearchRequest
from houndstooth.mappings.words_query import WordsQuery
from houndstooth.plugin.attribute_query import Step, names_kind
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.columns.query import RankingQuery
from houndstooth.plugin.cursor import ShownCursor
from houndstooth.plugin.found import Chosen, Found, Ranked
from houndstooth.plugin.merchandising.ruled_page import RuledOrder
from houndstooth.plugin.page import Page, PageFiller
from houndstooth.plugin.sorting import sort_found
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
        if main:
            enough = len(self._cursor) + request.top
            ranked = self.ranked(max(LISTED, enough), None, enough)
            self._main_list = ranked.found
            self._steps = self._steps[: ranked.last_step + 1]
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
        if not sort:
            self.take(order.pinned_ids)
        if self.taken:
            self._rank_main()

        def choose() -> Chosen:
            found = [one for one in self._joined() if one.product_id not in self._cursor]
            if sort:
                found = sort_found(found, self.facts(found, [sort.field]), sort)
            elif order.rules.rules:
                keyed = order.keyed(self, found, lambda step: step == 0)
                found = [keyed[key] for key in sorted(keyed)]
            more = self._cursor if len(found) > top else None
            return Chosen(found[:top], more, Ranked([], 0, len(self._steps) - 1))

        page = self.settle(choose, ideal)
        shown = self._cursor.and_shown(hit.product_id for hit in page.hits)
        return replace(page, next=shown if page.hits and page.next is not None else None)

    def renew(self, outdated: Sequence[str], ranked: Ranked, ahead: int = 0) -> None:
        """See StepsRanker; the main list is ranked anew as well."""
        super().renew(outdated, ranked, ahead)
        self._rank_main()

    def drop(self, product_ids: Sequence[str]) -> None:
        """See StepsRanker; the main list is ranked anew as well."""
        super().drop(product_ids)
        if product_ids:
            self._rank_main()

    def _rank_main(self) -> None:
        if self._main:
            self._main_list = self.ranked(LISTED).found

    def _joined(self) -> list[Found]:
        """Join the lists, best first; a hit has the best rank of its variants in each.

        Of each hit ``step`` is how far it is from the query's kind, 0 = of it, and the score that
        of all lists, 0 of a product that was taken and is in none.
        """
        found = [*self.taken.values(), *self._main_list[:LISTED]]
        owner = {one: hit.product_id for hit in found for one in hit.product_ids}
        wanted = [one for one in self.listed if one not in owner]
        if wanted:
            query = replace(self._query, candidates=self.kind)
            known = self._source.named(query, wanted) if self._source.has_all else []
            ranked = {row.product_id: row for row in known}
            if new := [one for one in wanted if one not in ranked]:
                ranked |= {row.product_id: row for row in self._rank_some(query, new)}
            rows = [ranked[one] for one in wanted if one in ranked]
            further = self._grouped(rows, query, self._steps[-1][1])
            owner |= {one: hit.product_id for hit in further for one in hit.product_ids}
            found = [*found, *further]
        kinds = max(sum(names_kind(step) for _, step in self._steps), 1)
        keys = {}
        for one in found:
            # Steps beyond the kind come after it, and what is of unknown kind after its step.
            of_unknown = self._words_name_kind and not one.row.kind_known
            kind = 2 * max(0, one.step - kinds + 1) + of_unknown
            keys[one.product_id] = kind, one.row.last, -one.row.score
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
        totals = dict.fromkeys(self.taken, 0.0)
        found_by: dict[str, tuple[FoundBy, ...]] = {}
        for name, of in ranks.items():
            for product_id, rank in of.items():
                share = WEIGHTS[name] / (RANK_CONSTANT + rank)
                totals[product_id] = totals.get(product_id, 0.0) + share
                found_by[product_id] = (*found_by.get(product_id, ()), name)
        joined = []
        for one in found:
            product_id = one.product_id
            if product_id in totals:
                row = one.row._replace(score=totals[product_id] / highest)
                by = found_by.get(product_id, ())
                joined.append(Found(keys[product_id][0], row, one.others, found_by=by))
        return sorted(joined, key=lambda one: (one.step, one.row.place))


def _ranks(product_ids: Sequence[str], scores: Mapping[str, object]) -> dict[str, int]:
    """Return the rank of each product, the first 1; equal scores share a rank."""
    ranks: dict[str, int] = {}
    before: str | None = None
    for place, one in enumerate(product_ids, start=1):
        shares = before is not None and scores[one] == scores[before]
        ranks[one] = ranks[before] if shares and before else place
        before = one
    return ranks
