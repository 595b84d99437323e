"""Business filters as people write them, in the command and over REST."""

from __future__ import annotations

import re
from math import isfinite
from unicodedata import category

from mappings.errors import InvalidFilter
from mappings.search import Filter, RangeFilter, TermFilter

EXPECTED = "expected a filter as field=value, field=low..high, field=low.. or field=..high"
MAX_LENGTH = 512

_FIELD = re.compile(r"\w[\w .-]*")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def parse_filter(text: str) -> Filter:
    """Read ``brand=Puma``, ``price=10..50``, ``price=..50`` or ``price=10..``.

    A colon does for the equals sign; the first of either ends the field's name. Both ends of a
    range are included.

    Raises:
        InvalidFilter: no field, no value, ends that are not numbers, or the lower one above.
    """
    field, *values = (part.strip() for part in re.split("[=:]", text, maxsplit=1))
    value = values[0] if values else ""
    if len(text) > MAX_LENGTH or not _FIELD.fullmatch(field) or not value:
        raise _invalid(text)
    if any(category(character) in ("Cc", "Cs") for character in value):
        raise _invalid(text, "a control character")
    low, dots, high = value.partition("..")
    if not dots:
        return TermFilter(field, value)
    if not low and not high:
        raise _invalid(text, "a range without ends")
    found = RangeFilter(field, _end(low, text), _end(high, text))
    if found.low is not None and found.high is not None and found.low > found.high:
        raise _invalid(text, "a range whose lower end is above its upper end")
    return found


def _end(number: str, text: str) -> float | None:
    number = number.strip()
    if not number:
        return None
    if not _NUMBER.fullmatch(number) or not isfinite(float(number)):
        raise _invalid(text, f"{number[:40]!r} where a number should be")
    return float(number)


def _invalid(text: str, reason: str = "") -> InvalidFilter:
    return InvalidFilter(f"{EXPECTED}; got {text[:80]!r}" + (f", {reason}" if reason else ""))
