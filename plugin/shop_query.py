"""Read a shop's own query: a safe part of the query DSL of OpenSearch and Elasticsearch.

The engine gets a query that is built anew from what was read, so nothing passes that CLAUSES does
not name: no scripts, wildcards, fuzziness, look-ups in other documents or names of queries. Size
and depth are bounded, and so are the numbers of clauses, fields, values and characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from houndstooth.mappings.document import is_visual
from houndstooth.mappings.engine import ShopQuery
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.plugin.engines.fields import VISUAL_FACETS
from houndstooth.plugin.filters import FIELD
from houndstooth.plugin.query_values import (
    SIMPLE_SYNTAX,
    flag,
    one_of,
    only_entry,
    refuse,
    scalar,
    share,
    shown_key,
    simple_syntax,
    weight,
)

Json = dict[str, Any]

MAX_BYTES = 16_384
"""Largest query, in bytes of UTF-8."""

MAX_DEPTH = 10
"""Clauses within each other."""

MAX_CLAUSES = 100
"""Clauses of a query."""

MAX_VALUES = 1_000
"""Values in all lists of ``terms`` and ``ids`` together."""

MAX_FIELDS = 20
"""Fields of a clause."""

_WEIGHTED = re.compile(r"([^^]*)(\^[0-9]{1,3}(?:\.[0-9]{1,3})?)?")


def parse_query(text: str, name: str = "query") -> ShopQuery:
    """Read and check a query.

    Args:
        text: The query as JSON, such as ``{"term": {"brand": "Puma"}}``.
        name: Name of the parameter, with which paths in messages begin.

    Raises:
        InvalidFilter: It is not JSON, or not in the part of the DSL that is allowed; the message
            says where, such as ``query.bool.filter[0].script``.
    """
    try:
        if len(text.encode()) > MAX_BYTES:
            raise ValueError("it is longer")
        query = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidFilter(
            f"{name}: expected a query in JSON, of at most {MAX_BYTES} bytes; got {text[:40]!r} "
            f"({error})"
        ) from None
    return ShopQuery(json.dumps(_Reader(lambda field: field).clause(query, name)))


def query_json(query: ShopQuery, field_name: Callable[[str], str]) -> Json:
    """Build the clause that an engine is asked.

    Args:
        query: A query that ``parse_query`` has read.
        field_name: Gives the name in the index of a field of the query, or raises.
    """
    return _Reader(field_name).clause(json.loads(query.text), "query")


class _Reader:
    """Reads one query."""

    def __init__(self, field_name: Callable[[str], str]) -> None:
        self._field_name = field_name
        self._depth = self._clauses = self._values = 0

    def clause(self, value: Any, where: str) -> Json:
        """Read a clause, ``{"name": …}``."""
        name, body = only_entry(value, where, "one clause")
        where = f"{where}.{shown_key(name)}"
        if name not in CLAUSES:
            refuse(where, f"one of {', '.join(CLAUSES)}", name)
        self._clauses += 1
        if self._clauses > MAX_CLAUSES or self._depth >= MAX_DEPTH:
            refuse(where, f"at most {MAX_CLAUSES} clauses, {MAX_DEPTH} within each other", "more")
        self._depth += 1
        found = CLAUSES[name](self, body, where)
        self._depth -= 1
        return {name: found}

    def clauses(self, value: Any, where: str) -> list[Json]:
        """Read a clause or a list of clauses."""
        if not isinstance(value, list):
            return [self.clause(value, where)]
        return [self.clause(one, f"{where}[{n}]") for n, one in enumerate(value)]

    def options(self, value: Any, where: str, options: Options, required: str) -> Json:
        """Read an object with some options; ``required`` names those that it must have."""
        if not isinstance(value, dict):
            refuse(where, "an object", value)
        for name in value:
            if name not in options:
                refuse(f"{where}.{shown_key(name)}", f"one of {', '.join(options)}", name)
        for name in required.split():
            if name not in value:
                refuse(where, f"an object with {name}", ", ".join(value) or "none")
        return {name: options[name](self, one, f"{where}.{name}") for name, one in value.items()}

    def field(self, value: Any, where: str) -> str:
        """Read the name of a field of the shop, or of the terms of ``visual``."""
        if value in VISUAL_FACETS:
            return self._field_name(value)
        if not isinstance(value, str) or not FIELD.fullmatch(value) or value.startswith("_"):
            refuse(where, "the name of a field of the shop, without wildcards", value)
        if is_visual(value.partition(".")[0]):
            refuse(where, f"a field of the shop or one of {', '.join(VISUAL_FACETS)}", value)
        return self._field_name(value)

    def fields(self, value: Any, where: str) -> list[str]:
        """Read names of fields, each with a boost (``title^2``) or without."""
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_FIELDS:
            refuse(where, f"a list of 1 to {MAX_FIELDS} fields", value)
        names = []
        for n, one in enumerate(value):
            weighted = _WEIGHTED.fullmatch(one) if isinstance(one, str) else None
            name, boost = weighted.groups("") if weighted else (one, "")
            names.append(self.field(name, f"{where}[{n}]") + boost)
        return names

    def values(self, value: Any, where: str) -> list[str | float]:
        """Read a list of values."""
        if not isinstance(value, list):
            refuse(where, "a list of values", value)
        self._values += len(value)
        if self._values > MAX_VALUES:
            refuse(where, f"at most {MAX_VALUES} values in all lists", "more")
        return [scalar(self, one, f"{where}[{n}]") for n, one in enumerate(value)]


Read = Callable[[_Reader, Any, str], Any]
Options = Mapping[str, Read]


def _object(options: Options, required: str = "", **defaults: str) -> Read:
    """Make a reader of objects with some options."""

    def read(reader: _Reader, value: Any, where: str) -> Json:
        return {**defaults, **reader.options(value, where, options, required)}

    return read


def _of_field(options: Options, short: str = "") -> Read:
    """Make a reader of ``{"field": {…}}``; ``short`` is the option that a bare value stands for."""

    def read(reader: _Reader, value: Any, where: str) -> Json:
        name, body = only_entry(value, where, "one field")
        where = f"{where}.{shown_key(name)}"
        if short and not isinstance(body, dict):
            body = {short: body}
        return {reader.field(name, where): reader.options(body, where, options, short)}

    return read


def _terms(reader: _Reader, value: Any, where: str) -> Json:
    name, values = only_entry(value, where, "one field")
    where = f"{where}.{shown_key(name)}"
    return {reader.field(name, where): reader.values(values, where)}


_BOOST: Options = {"boost": weight}
_WORDS: Options = {"query": scalar, "zero_terms_query": one_of("none", "all"), **_BOOST}
_AND_OR = one_of("and", "or")
_MATCH: Options = {"operator": _AND_OR, "minimum_should_match": share, "lenient": flag, **_WORDS}
_TERM: Options = {"value": scalar, "case_insensitive": flag, **_BOOST}
_RANGE: Options = {
    **dict.fromkeys(("gte", "gt", "lte", "lt"), scalar),
    **_BOOST,
}
_BOOL: Options = {
    **dict.fromkeys(("must", "filter", "should", "must_not"), _Reader.clauses),
    "minimum_should_match": share,
    **_BOOST,
}
_MULTI_MATCH: Options = {
    "fields": _Reader.fields,
    "type": one_of("best_fields", "most_fields", "cross_fields", "phrase"),
    "tie_breaker": weight,
    **_MATCH,
}
_SIMPLE: Options = {
    "query": scalar,
    "fields": _Reader.fields,
    "default_operator": _AND_OR,
    "minimum_should_match": share,
    "lenient": flag,
    "flags": simple_syntax,
    **_BOOST,
}
_NESTED: Options = {
    "path": _Reader.field,
    "query": _Reader.clause,
    "ignore_unmapped": flag,
    "score_mode": one_of("avg", "max", "min", "none", "sum"),
    **_BOOST,
}

CLAUSES: Mapping[str, Read] = {
    "bool": _object(_BOOL),
    "constant_score": _object({"filter": _Reader.clause, **_BOOST}, "filter"),
    "dis_max": _object({"queries": _Reader.clauses, "tie_breaker": weight, **_BOOST}, "queries"),
    "exists": _object({"field": _Reader.field, **_BOOST}, "field"),
    "ids": _object({"values": _Reader.values, **_BOOST}, "values"),
    "match": _of_field(_MATCH, "query"),
    "match_all": _object(_BOOST),
    "match_phrase": _of_field(_WORDS, "query"),
    "multi_match": _object(_MULTI_MATCH, "query fields"),
    "nested": _object(_NESTED, "path query"),
    "prefix": _of_field(_TERM, "value"),
    "range": _of_field(_RANGE),
    "simple_query_string": _object(_SIMPLE, "query fields", flags=SIMPLE_SYNTAX),
    "term": _of_field(_TERM, "value"),
    "terms": _terms,
}
"""The allowed clauses, and how each is read."""
