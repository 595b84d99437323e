"""Write candidate queries as SQL over the table ``candidate``.

A candidate's attributes are stored as bits. The table ``term`` gives each term a number; number
``n`` is bit ``n % 63`` of column ``terms{n // 63}``. Testing a term is an AND of two integers,
five times faster than a search in text.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import inf

from houndstooth.mappings.engine import (
    CandidateQuery,
    Filter,
    RangeFilter,
    TermFilter,
)
from houndstooth.mappings.features import UNKNOWN_CATEGORY
from houndstooth.mappings.numbers import read_number
from houndstooth.mappings.product import OUT_OF_STOCK
from houndstooth.mappings.rows import AVAILABILITY
from houndstooth.mappings.words import tokens
from houndstooth.mappings.words_query import IdsQuery, WordsQuery
from houndstooth.plugin.engines.fields import by_field

BITS = 63
COLUMNS = tuple(f"terms{n}" for n in range(16))
MAX_TERMS = BITS * len(COLUMNS)
WORD_FIELDS = ("title", "brand")
"""Facts whose words are indexed, the columns of the table ``words``."""


@dataclass(frozen=True)
class Sql:
    """An SQL expression and the values of its placeholders."""

    text: str
    values: tuple[str | float, ...] = ()


def bit_columns(numbers: Iterable[int]) -> list[int]:
    """Set the bits of these term numbers, in one integer for each of COLUMNS."""
    bits = [0] * len(COLUMNS)
    for number in numbers:
        bits[number // BITS] |= 1 << number % BITS
    return bits


def condition(query: CandidateQuery, numbers: Mapping[str, int]) -> Sql:
    """Build the WHERE condition of a query.

    Args:
        query: The query.
        numbers: Number by term, of all terms in the index.
    """
    parts = [Sql("model = ?", (query.model,))]
    if query.category is not None:
        parts.append(Sql("category IN (?, ?)", (query.category, UNKNOWN_CATEGORY)))
    if query.great_category is not None:
        known = query.great_category, UNKNOWN_CATEGORY
        parts.append(Sql("great_category IN (?, ?)", known))
    if query.categories:
        marks = ", ".join("?" * (len(query.categories) + 1))
        parts.append(Sql(f"category IN ({marks})", (*query.categories, UNKNOWN_CATEGORY)))
    for one in query.queries:
        if isinstance(one, WordsQuery):
            matching = "SELECT rowid FROM words WHERE words MATCH ?"
            parts.append(Sql(f"product IN ({matching})", (words_expression(one),)))
        elif isinstance(one, IdsQuery):
            ids = json.dumps(one.product_ids)
            parts.append(Sql("id IN (SELECT value FROM json_each(?))", (ids,)))
    if query.without_id is not None:
        parts.append(Sql("id != ?", (query.without_id,)))
    if query.variant_field and query.without_variant_group:
        variants = _any_filter([TermFilter(query.variant_field, query.without_variant_group)])
        parts.append(Sql(f"NOT {variants.text}", variants.values))
    if query.hide_sold_out:
        sold_out = _any_filter([TermFilter(AVAILABILITY, OUT_OF_STOCK)])
        parts.append(Sql(f"NOT {sold_out.text}", sold_out.values))
    parts += [_has_any_term((term,), numbers) for term in query.required]
    if query.excluded:
        has_excluded = _has_any_term(query.excluded, numbers)
        parts.append(Sql(f"NOT {has_excluded.text}", has_excluded.values))
    for together in (query.filters, query.post_filters):
        parts += [_any_filter(filters) for filters in by_field(together).values()]
    if query.minimum_groups > 0:
        matched = [_has_any_term(group, numbers) for group in query.preferred.values()]
        total = _join(" + ", matched or [Sql("0")])
        parts.append(Sql(f"{total.text} >= ?", (*total.values, query.minimum_groups)))
    return Sql(" AND ".join(part.text for part in parts), _values(parts))


def words_expression(words: WordsQuery) -> str:
    """Write words in the query syntax of FTS5: any of them, in the fields that may be looked at."""
    columns = [one for one in WORD_FIELDS if words.fields is None or one in words.fields]
    found = dict.fromkeys(tokens(words.text))
    if not columns or not found:
        return '""'  # matches nothing
    return f"{{{' '.join(columns)}}} : ({' OR '.join(map(_quoted, found))})"


def _quoted(word: str) -> str:
    return f'"{word}"'


def _has_any_term(terms: Collection[str], numbers: Mapping[str, int]) -> Sql:
    columns = bit_columns(numbers[term] for term in terms if term in numbers)
    tests = [
        Sql(f"{column} & ? != 0", (bits,))
        for column, bits in zip(COLUMNS, columns, strict=True)
        if bits
    ]
    return _join(" OR ", tests or [Sql("0")])


def _any_filter(filters: Collection[Filter]) -> Sql:
    conditions = _join(" OR ", [_filter_condition(one) for one in filters])
    products = f"SELECT product FROM fact WHERE {conditions.text}"  # noqa: S608
    return Sql(f"product IN ({products})", conditions.values)


def _filter_condition(one: Filter) -> Sql:
    if isinstance(one, RangeFilter):
        low = -inf if one.low is None else one.low
        high = inf if one.high is None else one.high
        return Sql("field = ? AND value BETWEEN ? AND ?", (one.field, low, high))
    try:
        number = read_number(one.value)
    except ValueError:
        return Sql("field = ? AND value = ?", (one.field, one.value))
    return Sql("field = ? AND value IN (?, ?)", (one.field, one.value, number))


def _join(operator: str, parts: Collection[Sql]) -> Sql:
    return Sql(f"({operator.join(part.text for part in parts)})", _values(parts))


def _values(parts: Collection[Sql]) -> tuple[str | float, ...]:
    return tuple(value for part in parts for value in part.values)
