"""Read merchandising rules from JSON; a mistake is told with its place."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn, get_args

from houndstooth.mappings.engine import RangeFilter
from houndstooth.mappings.errors import InvalidFilter, InvalidInput
from houndstooth.mappings.product import MAX_ID_BYTES
from houndstooth.mappings.search import Action
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.engines.fields import is_unicode
from houndstooth.plugin.filters import FIELD, parse_filter
from houndstooth.plugin.merchandising.rule import COST_FIELD, Match, Rule, RuleSet, When

MAX_RULES = 200
MAX_VALUES = 100
"""Ids, filters, terms, categories and indices of a rule, each."""

MAX_NAME = 100
"""Characters of a rule's name."""

DEFAULT_BY = {"pin": 0.0, "boost": 0.1, "bury": 1.0}
"""How far a rule moves a product, in scores, which are from 0 to 1: bury puts it behind all."""

_MATCH = ("ids", "filter", "term", "margin")
_WHEN = ("category", "index", "from", "until")


def read_rules(data: Any, taxonomy: Taxonomy) -> RuleSet:
    """Read the rules of a file or request, ``{"rules": […], "cost_field": …}``.

    Raises:
        InvalidInput: Something is not as expected; the message says where.
    """
    _check_keys(data, "the rules", ("rules", "cost_field"), ("rules",))
    listed = data["rules"]
    if not isinstance(listed, list) or len(listed) > MAX_RULES:
        _refuse("rules", f"a list of at most {MAX_RULES} rules", listed)
    reader = _Reader(taxonomy)
    rules = tuple(reader.rule(one, f"rules[{n}]") for n, one in enumerate(listed))
    names = [rule.name for rule in rules]
    for n, name in enumerate(names):
        if name in names[:n]:
            _refuse(f"rules[{n}].name", "a name that no other rule has", name)
    cost_field = data.get("cost_field", COST_FIELD)
    if not isinstance(cost_field, str) or not FIELD.fullmatch(cost_field):
        _refuse("cost_field", "the name of a field of the shop", cost_field)
    return RuleSet(rules, cost_field)


class _Reader:
    """Reads rules; terms and categories must be in the taxonomy."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._categories = {*taxonomy.categories, *taxonomy.great_categories}
        self._terms = {*self._categories, *taxonomy.attribute_terms()}

    def rule(self, data: Any, where: str) -> Rule:
        keys = ("name", "action", "by", "match", "when")
        _check_keys(data, where, keys, ("name", "action", "match"))
        name, action = data["name"], data["action"]
        if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME or not name.isprintable():
            _refuse(f"{where}.name", f"a text of 1 to {MAX_NAME} characters", name)
        if action not in get_args(Action):
            _refuse(f"{where}.action", f"one of {', '.join(get_args(Action))}", action)
        by = data.get("by", DEFAULT_BY[action])
        if "by" in data and (action == "pin" or not _is_number(by) or not 0 < by <= 1):
            expected = "no by, as it is a pin" if action == "pin" else "a number over 0, at most 1"
            _refuse(f"{where}.by", expected, by)
        match = self._match(data["match"], f"{where}.match")
        when = self._when(data["when"], f"{where}.when") if "when" in data else When()
        return Rule(name, action, match, when, float(by))

    def _match(self, data: Any, where: str) -> Match:
        _check_keys(data, where, _MATCH)
        if not data or ("ids" in data and len(data) > 1):
            _refuse(where, "ids, or one or several of filter, term and margin", ", ".join(data))
        ids = _texts(data, "ids", where)
        for n, one in enumerate(ids):
            if len(one.encode()) > MAX_ID_BYTES:
                _refuse(f"{where}.ids[{n}]", f"an id of at most {MAX_ID_BYTES} bytes", one)
        filters = []
        for n, text in enumerate(_texts(data, "filter", where)):
            try:
                filters.append(parse_filter(text))
            except InvalidFilter as error:
                raise InvalidInput(f"{where}.filter[{n}]: {error}") from None
        terms = self._known(_texts(data, "term", where), self._terms, f"{where}.term")
        margin = _margin(data["margin"], f"{where}.margin") if "margin" in data else None
        return Match(ids, tuple(filters), terms, margin)

    def _when(self, data: Any, where: str) -> When:
        _check_keys(data, where, _WHEN)
        categories = _texts(data, "category", where)
        begin = _time(data["from"], f"{where}.from") if "from" in data else None
        end = _time(data["until"], f"{where}.until", whole_day=True) if "until" in data else None
        if begin and end and begin >= end:
            _refuse(f"{where}.until", "a time after from", data["until"])
        return When(
            self._known(categories, self._categories, f"{where}.category"),
            _texts(data, "index", where),
            begin,
            end,
        )

    @staticmethod
    def _known(texts: tuple[str, ...], known: Collection[str], where: str) -> tuple[str, ...]:
        for n, text in enumerate(texts):
            if text not in known:
                _refuse(f"{where}[{n}]", "a term of the taxonomy", text)
        return texts


def _check_keys(
    data: Any, where: str, known: Collection[str], required: Collection[str] = ()
) -> None:
    if not isinstance(data, dict):
        _refuse(where, "an object", data)
    for name in data:
        if name not in known:
            _refuse(where, f"only {', '.join(known)}", name)
    for name in required:
        if name not in data:
            _refuse(where, f"an object with {', '.join(required)}", ", ".join(data))


def _texts(data: dict[str, Any], name: str, where: str) -> tuple[str, ...]:
    """Read a list of texts, or one text; () if it is not there."""
    if name not in data:
        return ()
    values = data[name] if isinstance(data[name], list) else [data[name]]
    good = all(isinstance(one, str) and one and is_unicode(one) for one in values)
    if not good or not 1 <= len(values) <= MAX_VALUES:
        _refuse(f"{where}.{name}", f"a text, or a list of 1 to {MAX_VALUES}", data[name])
    return tuple(values)


def _margin(value: Any, where: str) -> RangeFilter:
    try:
        bounds = parse_filter(f"margin={value}")
    except InvalidFilter:
        bounds = None
    if not isinstance(value, str) or not isinstance(bounds, RangeFilter):
        _refuse(where, "a range of shares of the price, such as 0.4..", value)
    return bounds


def _time(value: Any, where: str, whole_day: bool = False) -> datetime:
    """Read a date or time in ISO 8601, in UTC if it has no zone; a date may mean its whole day."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        _refuse(where, "a date or time such as 2026-11-27 or 2026-11-27T08:00:00Z", value)
    if whole_day and len(value) <= len("2026-11-27") and found.date() < date.max:
        found += timedelta(days=1)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(where: str, expected: str, got: Any) -> NoReturn:
    raise InvalidInput(f"{where}: expected {expected}; got {str(got)[:80] or 'nothing'!r}")
