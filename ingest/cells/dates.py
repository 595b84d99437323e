"""Dates of offers, as feeds and shop platforms write them."""

from __future__ import annotations

import re
from datetime import MAXYEAR, UTC, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from houndstooth.mappings.errors import InvalidProduct

_DAY_MONTH = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)"
    r"(?:,? (\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AP])\.?M\.?)?)?",
    re.IGNORECASE | re.ASCII,
)
_SECONDS = re.compile(r"[12]\d{9}", re.ASCII)


class Period(NamedTuple):
    """A time from ``start`` up to, and without, ``end``; None leaves an end open."""

    start: datetime | None = None
    end: datetime | None = None

    def includes(self, moment: datetime) -> bool:
        """Tell whether the moment, with a time zone, lies in the period."""
        return (self.start is None or self.start <= moment) and (
            self.end is None or moment < self.end
        )


def read_period(
    dates: str = "", start: str = "", end: str = "", *, month_first: bool | None = None
) -> Period:
    """Read when an offer holds.

    A time without a zone is UTC. An end without a time, or with 00:00:00 and no zone as Magento
    writes it, includes that day.

    Args:
        dates: Start and end as ``2020-01-01T00:00Z/2030-01-01T00:00Z``; empty if unknown.
        start: The start alone.
        end: The end alone.
        month_first: Whether 1/2/2024 is in January; None refuses such a date.

    Raises:
        InvalidProduct: A date cannot be read, or its day and month cannot be told apart.
    """
    if dates:
        start, slash, end = map(str.strip, dates.partition("/"))
        if not slash:
            raise InvalidProduct(
                "expected two dates such as '2020-01-01T00:00Z/2030-01-01T00:00Z'; "
                f"got {dates[:60]!r}"
            )
    first = _read(start, month_first) if start else None
    last = _read(end, month_first) if end else None
    if last and last.tzinfo is None and last.time() == time():
        last = last + timedelta(days=1) if last.year < MAXYEAR else None
    return Period(_zoned(first), _zoned(last))


def _zoned(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


@lru_cache(maxsize=4096)
def _read(text: str, month_first: bool | None) -> datetime | None:
    text = text.strip()
    if text.startswith("0000-00-00"):  # how MySQL and PrestaShop write none
        return None
    try:
        if _SECONDS.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC)
        if match := _DAY_MONTH.fullmatch(text):
            return _day_month(match, month_first)
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidProduct(f"expected a date such as '2024-01-31'; got {text[:40]!r}") from None


def _day_month(match: re.Match[str], month_first: bool | None) -> datetime:
    first, sign, second, year, hour, minute, second_of_minute, half = match.groups()
    day, month = int(first), int(second)
    unclear = sign != "." and day <= 12 and month <= 12 and day != month
    if unclear and month_first is None:
        raise InvalidProduct(
            f"expected a date with one reading, such as '2024-01-31'; got {match[0]!r}, whose day "
            "and month cannot be told apart"
        )
    if (month > 12 and sign != ".") or (unclear and month_first):
        day, month = month, day
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.upper() == "P" else 0)
    return datetime(
        int(year) + (2000 if len(year) == 2 else 0),
        month,
        day,
        hours,
        int(minute or 0),
        int(second_of_minute or 0),
    )
