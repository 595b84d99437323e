"""Order hits by merchandising rules: those that look most alike, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from houndstooth.plugin.cursor import Cursor, RuledCursor, RuledKey
from houndstooth.plugin.found import Chosen, Found
from houndstooth.plugin.merchandising.rule import Rule, RuleSet
from houndstooth.plugin.page import Page, PageFiller
from houndstooth.plugin.sorting import most_alike, up_to

MAX_PINNED = 100
"""Products that are pinned by their ids in a query; further ones are where they rank."""

PLACES = 1000
"""Numbers of a rule's pins: more than it may have ids."""

NOT_PINNED = PLACES**2
"""First number of the key of a hit that is not pinned: more than there may be pins."""


@dataclass(frozen=True)
class RuledOrder:
    """Orders the hits of one query.

    Within each step of the query a product ranks by its score and what rules add to it; pinned
    ones come before all steps. Sold-out products stay where they are: after the others of their
    step.

    Args:
        rules: The rules that apply to the query, in their order.
    """

    rules: RuleSet

    @property
    def pinned_ids(self) -> list[str]:
        """Return the ids of products to pin, in order."""
        pins = (rule for rule in self.rules.rules if rule.pins_ids)
        return [*dict.fromkeys(one for rule in pins for one in rule.match.ids)][:MAX_PINNED]

    def keyed(
        self, filler: PageFiller, found: Sequence[Found], is_of_kind: Callable[[int], bool]
    ) -> dict[RuledKey, Found]:
        """Return products by their sorting keys, each with the rules that move it.

        Args:
            filler: Reads the facts that rules look at; what it has taken is pinned by its id.
            found: The products.
            is_of_kind: Tells whether those of a step are of the query's kind: others are not
                pinned.
        """
        moving = filler.moving(found, self.rules)
        keyed = {}
        for one in found:
            product_id, row = one.product_id, one.row
            rules = moving.get(product_id)
            if rules is None:
                continue
            pin, score = NOT_PINNED, row.score
            if rules and product_id not in filler.taken:
                may_pin = is_of_kind(one.step)
                rules = [r for r in rules if r.action != "pin" or (may_pin and not r.pins_ids)]
            if rules:
                pin = self._pin(rules, product_id)
                score += sum(rule.by if rule.action == "boost" else -rule.by for rule in rules)
                one = one._replace(why=tuple([rule.applied for rule in rules]))
            keyed[pin, one.step, row.last, -score, product_id] = one
        return keyed

    def _pin(self, rules: Sequence[Rule], product_id: str) -> int:
        """Return the first number of a key: by the order of the rules and of their ids."""
        numbers = (
            PLACES * self.rules.rules.index(rule)
            + (rule.match.ids.index(product_id) if rule.pins_ids else 0)
            for rule in rules
            if rule.action == "pin"
        )
        return min(numbers, default=NOT_PINNED)


def ruled_page(
    filler: PageFiller,
    order: RuledOrder,
    top: int,
    ideal: Sequence[str],
    cursor: Cursor | RuledCursor | None,
) -> Page:
    """Fill a page in the order of rules.

    Ordered are the products that look most alike, as many as ``sorting`` sorts, and pinned ones
    that pass the query wherever they rank. What follows is in the order of looks. The cursor names
    the last product that is ordered, so each page orders the same ones; see ``sorted_page``.

    Args:
        filler: Fills pages by looks.
        order: Orders hits by rules.
        top: Number of hits.
        ideal: Terms of an ideal hit, for ``Hit.matched``.
        cursor: Where the page before ended: a Cursor after all hits that are ordered.
    """
    filler.take(order.pinned_ids)
    if isinstance(cursor, Cursor):
        return filler.fill(top, ideal, cursor)

    def choose() -> Chosen:
        if cursor:
            best = up_to(cursor.end, filler)
        else:
            best = most_alike(filler, max(1, top - len(filler.taken)))
        keyed = order.keyed(filler, [*filler.taken.values(), *best.found], filler.is_of_kind)
        keys = sorted(key for key in keyed if cursor is None or key > cursor.after)
        end = cursor.end if cursor else best.end
        following = RuledCursor(end, keys[top - 1]) if len(keys) > top else end
        return Chosen([keyed[key] for key in keys[:top]], following, best)

    page = filler.settle(choose, ideal)
    if len(page.hits) >= top or not isinstance(page.next, Cursor):
        return page
    rest = filler.fill(top - len(page.hits), ideal, page.next)
    return replace(rest, hits=[*page.hits, *rest.hits])
