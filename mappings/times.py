"""Tell times in milliseconds since 1970, by which newer data are told from older ones."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from houndstooth.mappings.errors import InvalidInput

AHEAD_MS = 60_000
"""How far in the future a time may lie, as clocks of several machines differ."""


def now_ms() -> int:
    """Return the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def parse_time(text: str) -> int:
    """Parse a time in ISO 8601, such as ``2026-05-01T12:00:00Z``; without a zone it is in UTC.

    Returns:
        The time in milliseconds since 1970.

    Raises:
        InvalidInput: It is no such time, or it lies in the future: all that is newer would be left
            alone until then.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"expected a time such as 2026-05-01T12:00:00Z; got {text[:40]!r}"
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    milliseconds = round((found - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    if milliseconds > now_ms() + AHEAD_MS:
        raise InvalidInput(f"expected a time that is not in the future; got {text[:40]!r}")
    return milliseconds
