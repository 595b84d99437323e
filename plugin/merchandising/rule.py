"""Define merchandising rules: which products they move, and in which queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import inf
from typing import Any

from houndstooth.mappings.document import VisualSummary
from houndstooth.mappings.engine import Filter, RangeFilter
from houndstooth.mappings.numbers import read_number
from houndstooth.mappings.product import OUT_OF_STOCK, Fact
from houndstooth.mappings.rows import AVAILABILITY
from houndstooth.mappings.search import Action
from houndstooth.plugin.engines.fields import by_field
from houndstooth.plugin.fact_paths import fact_values

COST_FIELD = "cost_of_goods_sold"
"""Shop field of what a product costs the shop, by Google's name, if a file names none."""


@dataclass(frozen=True)
class Match:
    """Tell which products a rule moves: those with one of the ids, or for which all else holds.

    Attributes:
        ids: Ids of products; () = any product.
        filters: Filters on shop fields, as in a search: any of a field's, for every field.
        terms: Categories, great categories and attribute terms; a product has all of them.
        margin: Range of ``(price - cost) / price``; None = any.
    """

    ids: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    terms: tuple[str, ...] = ()
    margin: RangeFilter | None = None

    def holds(
        self, product_id: str, facts: Mapping[str, Fact], visual: VisualSummary, cost_field: str
    ) -> bool:
        """Tell whether the rule moves a product."""
        if self.ids:
            return product_id in self._id_set
        for term in self.terms:
            if not _has(visual, term):
                return False
        for field, group in self._by_field.items():
            values = list(fact_values(facts, field))
            if not any(_passes(one, values) for one in group):
                return False
        return self.margin is None or _in_range(self.margin, margin_of(facts, cost_field))

    @cached_property
    def _id_set(self) -> frozenset[str]:
        return frozenset(self.ids)

    @cached_property
    def _by_field(self) -> Mapping[str, Sequence[Filter]]:
        return by_field(self.filters)


@dataclass(frozen=True)
class When:
    """Tell in which queries a rule applies; without conditions in all.

    Attributes:
        categories: Categories and great categories of the query; () = any.
        indices: Names of indices, or of SQLite's files; () = any.
        begin, end: From when on, and until when; None = without a bound.
    """

    categories: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()
    begin: datetime | None = None
    end: datetime | None = None

    def holds(self, categories: set[str], index: str, now: datetime) -> bool:
        """Tell whether a rule applies to a query of some categories to an index."""
        return (
            (not self.categories or not categories.isdisjoint(self.categories))
            and (not self.indices or index in self.indices)
            and (self.begin is None or self.begin <= now)
            and (self.end is None or now < self.end)
        )


@dataclass(frozen=True)
class Rule:
    """Move the products that match to the front, up or down.

    Attributes:
        name: Name in the file, and in each hit's ``why``.
        by: Added to the score of ``boost``, taken from that of ``bury``; 0 for ``pin``.
    """

    name: str
    action: Action
    match: Match
    when: When = When()
    by: float = 0.0

    @property
    def pins_ids(self) -> bool:
        """Tell whether it pins products by their ids, wherever they rank."""
        return self.action == "pin" and bool(self.match.ids)


@dataclass(frozen=True)
class RuleSet:
    """The rules of a file, in its order.

    Attributes:
        cost_field: Shop field of what a product costs the shop, for margins.
    """

    rules: tuple[Rule, ...] = ()
    cost_field: str = COST_FIELD

    def for_query(self, categories: set[str], index: str, now: datetime) -> RuleSet:
        """Return the rules that apply to a query."""
        applying = (one for one in self.rules if one.when.holds(categories, index, now))
        return RuleSet(tuple(applying), self.cost_field)

    def moving(
        self, product_id: str, facts: Mapping[str, Fact], visual: VisualSummary
    ) -> Iterator[Rule]:
        """Yield the rules that move a product. Nothing brings a sold-out one forward."""
        sold_out = OUT_OF_STOCK in fact_values(facts, AVAILABILITY)
        for rule in self.rules:
            if sold_out and rule.action != "bury":
                continue
            if rule.match.holds(product_id, facts, visual, self.cost_field):
                yield rule


def margin_of(facts: Mapping[str, Fact], cost_field: str) -> float | None:
    """Compute ``(price - cost) / price``; None where either is unknown, or the price is 0."""
    price, cost = (_number(facts, name) for name in ("price", cost_field))
    return (price - cost) / price if price and cost is not None else None


def _has(visual: VisualSummary, term: str) -> bool:
    return term in (visual.category, visual.great_category) or term in visual.attributes


def _number(facts: Mapping[str, Fact], field: str) -> float | None:
    values = (value for value in fact_values(facts, field) if _is_number(value))
    return next(values, None)


def _passes(one: Filter, values: Sequence[Any]) -> bool:
    if isinstance(one, RangeFilter):
        return any(_in_range(one, value) for value in values if _is_number(value))
    return any(_equals(value, one.value) for value in values)


def _in_range(bounds: RangeFilter, value: float | None) -> bool:
    low = -inf if bounds.low is None else bounds.low
    high = inf if bounds.high is None else bounds.high
    return value is not None and low <= value <= high


def _equals(value: Any, text: str) -> bool:
    """Compare text as it stands and numbers by value, as engines do."""
    if not _is_number(value):
        return text == (str(value).lower() if isinstance(value, bool) else str(value))
    try:
        return bool(value == read_number(text))
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
