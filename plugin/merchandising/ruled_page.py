"""Order hits by merchandising rules: those that look most alike, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.product import Fact
from houndstooth.mappings.search import AppliedRule, Hit
from houndstooth.plugin.cursor import BEFORE_ALL, Cursor, RuledCursor, RuledKey
from houndstooth.plugin.engines.field_allowlist import FieldAllowlist
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
        engine: Has the facts that rules look at.
    """

    rules: RuleSet
    engine: Engine

    @property
    def pinned_ids(self) -> list[str]:
        """Return the ids of products to pin, in order."""
        pins = (rule for rule in self.rules.rules if rule.pins_ids)
        return [*dict.fromkeys(one for rule in pins for one in rule.match.ids)][:MAX_PINNED]

    def keyed(
        self, places: Iterable[tuple[Cursor | None, Hit]], is_of_kind: Callable[[int], bool]
    ) -> dict[RuledKey, Hit]:
        """Return hits by their sorting keys, each with the rules that have moved it.

        Args:
            places: Hits with their places; None = it was pinned by its id.
            is_of_kind: Tells whether hits of a step are of the query's kind: others are not pinned.
        """
        listed = list(places)
        facts = self._facts([hit for _, hit in listed])
        keyed = {}
        for place, hit in listed:
            rules = list(self.rules.moving(hit.product_id, facts[hit.product_id], hit.visual))
            if place and not is_of_kind(place.step):
                rules = [rule for rule in rules if rule.action != "pin"]
            elif place:
                rules = [rule for rule in rules if not rule.pins_ids]
            by = sum(rule.by if rule.action == "boost" else -rule.by for rule in rules)
            pin = self._pin(rules, hit.product_id)
            step, last = (place.step, place.after[0]) if place else (0, False)
            if rules:
                hit = replace(hit, why=tuple(AppliedRule(one.name, one.action) for one in rules))
            keyed[pin, step, last, -(hit.score + by), hit.product_id] = hit
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

    def _facts(self, hits: Sequence[Hit]) -> dict[str, Mapping[str, Fact]]:
        """Return the facts of hits, also those that the deployment shows to nobody."""
        facts = {hit.product_id: hit.product for hit in hits}
        if hits and isinstance(self.engine, FieldAllowlist):
            shown = self.engine.unrestricted.show(list(facts))
            facts |= {one.product_id: one.facts for one in shown}
        return facts


def ruled_page(
    filler: PageFiller,
    order: RuledOrder,
    top: int,
    ideal: Sequence[str],
    cursor: Cursor | RuledCursor | None,
) -> Page:
    """Fill a page in the order of rules.

    Ordered are the hits that look most alike, as many as ``sorting`` sorts, and pinned products
    that pass the query wherever they rank. What follows is in the order of looks. The cursor names
    the last hit that is ordered, so each page orders the same products; see ``sorted_page``.

    Args:
        filler: Fills pages by looks.
        order: Orders hits by rules.
        top: Number of hits.
        ideal: Terms of an ideal hit, for ``Hit.matched``.
        cursor: Where the page before ended: a Cursor after all hits that are ordered.
    """
    pinned = filler.take(order.pinned_ids, ideal)
    if isinstance(cursor, Cursor):
        return filler.fill(top, ideal, cursor)
    if cursor:
        best = up_to(cursor.end, filler, ideal)
    else:
        best = most_alike(filler, max(1, top - len(pinned)), ideal)
    places = [(None, hit) for hit in pinned]
    found = [*places, *zip(best.places, best.hits, strict=True)]
    hits = order.keyed(found, filler.is_of_kind)
    keys = sorted(key for key in hits if cursor is None or key > cursor.after)
    last = best.places[-1] if best.places else Cursor(0, 0, BEFORE_ALL)
    end = cursor.end if cursor else last
    page = replace(best, hits=[hits[key] for key in keys[:top]], places=[], next=end)
    if len(keys) > top:
        return replace(page, next=RuledCursor(end, keys[top - 1]))
    if len(keys) == top:
        return page
    rest = filler.fill(top - len(keys), ideal, end)
    return replace(rest, hits=[*page.hits, *rest.hits], places=[])
