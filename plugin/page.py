"""Fill a page of hits: step by step, one hit of each group, as the engine has them now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.product import Fact
from houndstooth.mappings.read_products import ShownProduct
from houndstooth.mappings.search import Hit, Relaxed
from houndstooth.plugin.cursor import Cursor
from houndstooth.plugin.engines.field_allowlist import FieldAllowlist
from houndstooth.plugin.found import AnyCursor, Chosen, Found, is_current
from houndstooth.plugin.merchandising.rule import Rule, RuleSet
from houndstooth.plugin.sources import GROWTH
from houndstooth.plugin.steps_ranker import StepsRanker

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
    """

    hits: list[Hit]
    relaxed: Relaxed
    next: AnyCursor | None


class PageFiller(StepsRanker):
    """Fills the page of one search; the engine has the products as they are now."""

    def facts(
        self, found: Iterable[Found], names: Collection[str]
    ) -> dict[str, Mapping[str, Fact]]:
        """Read facts of products by id, before they are shown; see Engine."""
        with self._clock.stage("fetch"):
            known = self._engine.facts([one.product_id for one in found], names)
        return {product_id: facts for product_id, (facts, _) in known.items()}

    def moving(self, found: Iterable[Found], rules: RuleSet) -> dict[str, list[Rule]]:
        """List the rules that move each product; they look at facts that nobody is shown too."""
        engine = self._engine
        if isinstance(engine, FieldAllowlist):
            engine = engine.unrestricted
        with self._clock.stage("fetch"):
            product_ids = [one.product_id for one in found]
            known = engine.facts(product_ids, rules.names, rules.terms)
        return rules.moving(known)

    def fill(self, top: int, ideal: Sequence[str], cursor: Cursor | None = None) -> Page:
        """Fill a page in the order of the ranking.

        Args:
            top: Number of hits.
            ideal: Terms of an ideal hit, for ``Hit.matched``.
            cursor: Where the page before ended.
        """

        def choose() -> Chosen:
            ranked = self.ranked(top, cursor)
            is_full = len(ranked.found) >= top
            return Chosen(ranked.found, ranked.end if is_full else None, ranked)

        return self.settle(choose, ideal)

    def settle(self, choose: Callable[[], Chosen], ideal: Sequence[str]) -> Page:
        """Choose the hits of a page and show them.

        Every hit is looked up in the engine. A product that was deleted is left out, and one that
        has changed is ranked anew and the hits are chosen again, so nothing outdated is shown.

        Args:
            choose: Ranks, and chooses the hits.
            ideal: Terms of an ideal hit, for ``Hit.matched``.
        """
        tries: Counter[str] = Counter()
        shown: dict[str, ShownProduct] = {}
        ahead = 0
        for _ in range(ATTEMPTS):
            chosen = choose()
            found = chosen.found
            shown |= self._show([one.product_id for one in found if not is_current(one.row, shown)])
            outdated = [one.product_id for one in found if not is_current(one.row, shown)]
            if not outdated:
                break
            tries.update(outdated)
            ahead = GROWTH * max(ahead, len(found)) if 2 * len(outdated) > len(found) else 0
            self.renew(outdated, chosen.ranked, ahead)
            self.drop([one for one in outdated if tries[one] == PATIENCE])
        current = [one for one in found if is_current(one.row, shown)]
        present = self._present(current)
        hits = [self._hit(one, shown[one.product_id], present, ideal) for one in current]
        return Page(hits, self._steps[chosen.ranked.last_step][0], chosen.next)

    def _show(self, product_ids: Sequence[str]) -> dict[str, ShownProduct]:
        if not product_ids:
            return {}
        with self._clock.stage("fetch"):
            return {product.product_id: product for product in self._engine.show(product_ids)}

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
    ) -> Hit:
        attributes, views = set(product.visual.attributes), product.visual.views
        row = found.row
        others = [one for one in found.others if one.product_id in present]
        has_variants = self._has_variants and row.variant
        variants = [one for one in others if has_variants and one.variant == row.variant]
        return Hit(
            product_id=row.product_id,
            score=row.score,
            appearance_distance=row.appearance_distance,
            colour_distance=row.colour_distance,
            view=views[min(row.view, len(views) - 1)],  # its JSON may be damaged
            matched=tuple(term for term in ideal if term in attributes),
            product=product.facts,
            visual=product.visual,
            variants=tuple(one.product_id for one in variants),
            merged=tuple(one.product_id for one in others if one not in variants),
            why=found.why,
            found_by=found.found_by,
        )
