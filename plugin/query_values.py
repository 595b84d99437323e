"""Read the values in a query of the query DSL; plugin/shop_query.py reads its clauses.

Each reader takes the clauses' reader, which these do not need, the value and its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import Any, NoReturn

from houndstooth.mappings.errors import InvalidFilter
from houndstooth.plugin.engines.fields import is_unicode

MAX_TEXT = 1_000
"""Characters of a value."""

SIMPLE_SYNTAX = "AND|ESCAPE|NOT|OR|PHRASE|PRECEDENCE|WHITESPACE"
"""Syntax of ``simple_query_string`` that is allowed: no prefixes, fuzziness or slop."""

_SHARE = re.compile(r"[0-9<% -]{1,40}")


def refuse(where: str, expected: str, got: object) -> NoReturn:
    """Raise InvalidFilter for what is at a path."""
    raise InvalidFilter(f"{where}: expected {expected}; got {str(got)[:80]!r}")


def shown_key(key: str) -> str:
    """Format a key for a path."""
    return ascii(key)[1:-1][:40]


def only_entry(value: Any, where: str, expected: str) -> tuple[str, Any]:
    """Return the key and the value of an object that has one."""
    if not isinstance(value, dict):
        refuse(where, f"an object with {expected}", value)
    if len(value) != 1:
        refuse(where, f"an object with {expected}", ", ".join(value) or "none")
    key, inner = next(iter(value.items()))
    return key, inner


def scalar(_: object, value: Any, where: str) -> str | float:
    """Read a text, a number, or true or false."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT or not is_unicode(value):
            refuse(where, f"a text of at most {MAX_TEXT} characters in UTF-8", value)
    elif not isinstance(value, bool) and not _is_number(value):
        refuse(where, "a text, a finite number of at most 64 bits, true or false", value)
    found: str | float = value
    return found


def weight(_: object, value: Any, where: str) -> float:
    """Read a boost or the like."""
    if not _is_number(value) or not 0 <= value <= 1e6:
        refuse(where, "a number from 0 to 1000000", value)
    number: float = value
    return number


def flag(_: object, value: Any, where: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        refuse(where, "true or false", value)
    return value


def share(_: object, value: Any, where: str) -> str | int:
    """Read how many clauses or words must match: ``2``, ``"75%"`` or ``"2<75%"``."""
    is_text = isinstance(value, str) and _SHARE.fullmatch(value)
    if not is_text and not (type(value) is int and _is_number(value)):
        refuse(where, "a whole number or a percentage", value)
    number: str | int = value
    return number


def simple_syntax(_: object, value: Any, where: str) -> str:
    """Read the flags of ``simple_query_string``."""
    if not isinstance(value, str) or not set(value.split("|")) <= set(SIMPLE_SYNTAX.split("|")):
        refuse(where, f"flags among {SIMPLE_SYNTAX}", value)
    return value


def one_of(*words: str) -> Callable[[object, Any, str], str]:
    """Make a reader of one of some words, in lower or upper case."""

    def read(_: object, value: Any, where: str) -> str:
        if not isinstance(value, str) or value.lower() not in words:
            refuse(where, f"one of {', '.join(words)}", value)
        return value

    return read


def _is_number(value: Any) -> bool:
    """Tell whether an engine can read a value as a number."""
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) is float and isfinite(value)
