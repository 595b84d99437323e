"""Parse filters on shop fields, from the command line and from REST."""

from __future__ import annotations

import re
from unicodedata import category

from houndstooth.mappings.engine import Filter, RangeFilter, TermFilter
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.mappings.numbers import read_number

EXPECTED = "expected a filter as field=value, field=low..high, field=low.. or field=..high"
MAX_LENGTH = 512

FIELD = re.compile(r"\w[\w .-]*")


def parse_filter(text: str) -> Filter:
    """Parse ``brand=Puma``, ``price=10..50``, ``price=..50`` or ``price=10..``.

    A colon may replace the equals sign; the first of either ends the field's name. Both ends of
    a range are included.

    Raises:
        InvalidFilter: The field or value is missing, an end is not a number, or the lower end is
            above the upper end.
    """
    field, *values = (part.strip() for part in re.split("[=:]", text, maxsplit=1))
    value = values[0] if values else ""
    if len(text) > MAX_LENGTH or not FIELD.fullmatch(field) or not value:
        raise _invalid(text)
    if any(category(character) in ("Cc", "Cs") for character in value):
        raise _invalid(text, "a control character")
    low, dots, high = value.partition("..")
    if not dots or not any(map(_is_range_end, (low, high))):
        return TermFilter(field, value)
    if not low and not high:
        raise _invalid(text, "a range without ends")
    bounds = RangeFilter(field, _end(low, text), _end(high, text))
    if bounds.low is not None and bounds.high is not None and bounds.low > bounds.high:
        raise _invalid(text, "a range whose lower end is above its upper end")
    return bounds


def _is_range_end(text: str) -> bool:
    """Tell whether the text beside two dots makes a range; `Dots...` is a name."""
    return not text.strip() or _is_number(text)


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except ValueError:
        return False
    return True


def _end(number: str, text: str) -> float | None:
    number = number.strip()
    if not number:
        return None
    if not _is_number(number):
        raise _invalid(text, f"{number[:40]!r} where a number should be")
    return read_number(number)


def _invalid(text: str, reason: str = "") -> InvalidFilter:
    return InvalidFilter(f"{EXPECTED}; got {text[:80]!r}" + (f", {reason}" if reason else ""))
