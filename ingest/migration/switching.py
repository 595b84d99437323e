"""Let another version serve, so that no write is missed and no search fails.

In this order: the old version takes no writes for some seconds, in which writers wait; what was
written until then is brought to the new version; the index says that the new one serves; what was
still on its way is brought over too. Searches go on in the old version until each service has
opened the new one.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

from houndstooth.ingest.migration.filling import Filling, Tally
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.shop_index import Serving, Version
from houndstooth.mappings.times import now_ms

CLOSED_SECONDS = 120
"""Time for which the old version takes no writes at most, also if this process is killed."""

QUIET_SECONDS = 5.0
"""Time in which nothing is found to catch up with, before the new version serves, and after. A
write that had begun when the old version was closed comes within it."""

PAUSE_SECONDS = 0.5
"""Time between two looks."""


def switch(filling: Filling, tally: Tally, serving: Serving, to: Version) -> bool:
    """Let a version serve that has been filled; tell whether it does.

    Args:
        filling: Has filled it.
        tally: What it found.
        serving: What the index serves.
        to: The version that is to serve.

    Raises:
        EngineUnavailable: The engine cannot be reached, or there was something to catch up with
            until the old version had to take writes again. It serves as before.
    """
    ends = monotonic() + CLOSED_SECONDS / 2
    closed_until = now_ms() + 1000 * CLOSED_SECONDS
    index = filling.index
    filling.rest = lambda *_: None  # writers wait
    index.serve(replace(serving, closed=serving.visual, closed_until=closed_until))
    is_quiet = False
    try:
        is_quiet = settle(filling, tally, ends)
    finally:
        if not is_quiet:
            index.serve(serving)
    if not is_quiet:
        if filling.stop.is_set():
            return False
        raise EngineUnavailable(
            f"expected nothing to catch up with within {CLOSED_SECONDS // 2} s in which the index "
            "takes no writes; there was more: the old version serves on; migrate again"
        )
    index.serve(Serving(*to, previous=serving.version))
    filling.new_serves = True
    settle(filling, tally)
    return True


def settle(filling: Filling, tally: Tally, ends: float | None = None) -> bool:
    """Catch up until nothing is found for QUIET_SECONDS; tell whether that came in time.

    Args:
        filling: The run.
        tally: Is told what is found.
        ends: Latest time, in monotonic seconds; None waits for as long as it takes.
    """
    quiet_since = monotonic()
    while not filling.stop.is_set() and (ends is None or monotonic() < ends):
        if filling.catch_up(tally):
            quiet_since = monotonic()
        elif monotonic() - quiet_since >= QUIET_SECONDS:
            return True
        filling.stop.wait(PAUSE_SECONDS)
    return False
