"""The totals of a report or a job."""

from __future__ import annotations

from houndstooth.ingest.outcome import STATUSES


def totals(**counts: int) -> dict[str, int]:
    """Products by status; none of those that are not named."""
    return dict.fromkeys(STATUSES, 0) | counts
