"""Define merchandising rules: which products they move, and in which queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import inf
from typing import Any

from houndstooth.mappings.engine import Filter, RangeFilter
from houndstooth.mappings.numbers import read_number
from houndstooth.mappings.product import OUT_OF_STOCK, Fact
from houndstooth.mappings.read_products import ProductFacts
from houndstooth.mappings.rows import AVAILABILITY
from houndstooth.mappings.search import Action, AppliedRule
from houndstooth.plugin.engines.fields import by_field
from houndstooth.plugin.fact_paths import fact_values

COST_FIELD = "cost_of_goods_sold"
"""Shop field of what a product costs the shop, by Google's name, if a file names none."""


@dataclass(frozen=True)
class Products:
    """The facts of some products, by id; each is looked up once, however many rules there are."""

    known: Mapping[str, ProductFacts]
    cost_field: str

    def values(self, field: str) -> Mapping[str, Sequence[Any]]:
        """Return the values of a field."""
        if field not in self._values:
            each = self.known.items()
            self._values[field] = {one: [*fact_values(facts, field)] for one, (facts, _) in each}
        return self._values[field]

    @cached_property
    def margins(self) -> Mapping[str, float | None]:
        """Return the margins; see margin_of."""
        return {one: margin_of(facts, self.cost_field) for one, (facts, _) in self.known.items()}

    @cached_property
    def sold_out(self) -> frozenset[str]:
        """Return which are sold out."""
        values = self.values(AVAILABILITY).items()
        return frozenset(one for one, found in values if OUT_OF_STOCK in found)

    @cached_property
    def _values(self) -> dict[str, Mapping[str, Sequence[Any]]]:
        return {}


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

    def among(self, products: Products) -> Collection[str]:
        """List the ids of the products that the rule moves."""
        if self.ids:
            return [one for one in dict.fromkeys(self.ids) if one in products.known]
        known = products.known
        found: Collection[str] = known
        if self.terms:
            found = [one for one in known if known[one].terms.issuperset(self.terms)]
        for field, group in self._by_field.items():
            values = products.values(field)
            found = [
                one
                for one in found
                if values[one] and any(_passes(each, values[one]) for each in group)
            ]
        if self.margin:
            found = [one for one in found if _in_range(self.margin, products.margins[one])]
        return found

    def names(self, cost_field: str) -> Iterator[str]:
        """Yield the names of the facts that it looks at."""
        yield from self._by_field
        if self.margin:
            yield from ("price", cost_field)

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

    @cached_property
    def applied(self) -> AppliedRule:
        """Return what is said of it in ``why``."""
        return AppliedRule(self.name, self.action)

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

    @property
    def names(self) -> set[str]:
        """Return the names of the facts that decide whom they move."""
        matches = (rule.match for rule in self.rules)
        return {AVAILABILITY}.union(*(one.names(self.cost_field) for one in matches))

    @property
    def terms(self) -> set[str]:
        """Return the terms that decide whom they move."""
        return {term for rule in self.rules for term in rule.match.terms}

    def moving(self, known: Mapping[str, ProductFacts]) -> dict[str, list[Rule]]:
        """List the rules that move each product. Nothing brings a sold-out one forward.

        Args:
            known: Those facts and terms of products, by id; see Engine.facts.
        """
        products = Products(known, self.cost_field)
        found: dict[str, list[Rule]] = {one: [] for one in known}
        for rule in self.rules:
            for one in rule.match.among(products):
                if rule.action == "bury" or one not in products.sold_out:
                    found[one].append(rule)
        return found


def margin_of(facts: Mapping[str, Fact], cost_field: str) -> float | None:
    """Compute ``(price - cost) / price``; None where either is unknown, or the price is 0."""
    price, cost = (_number(facts, name) for name in ("price", cost_field))
    return (price - cost) / price if price and cost is not None else None


def _number(facts: Mapping[str, Fact], field: str) -> float | None:
    values = (value for value in fact_values(facts, field) if _is_number(value))
    return next(values, None)


def _passes(one: Filter, values: Sequence[Any]) -> bool:
    if isinstance(one, RangeFilter):
        return any(_in_range(one, value) for value in values if _is_number(value))
    return any(_equals(value, one.value) for value in values if value is not None)


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
