"""Let another version serve, so that no write is missed and no search fails.

In this order: the old version takes no writes for some seconds, in which writers wait; what was
written until then is brought to the new version; the index says that the new one serves; what was
still on its way is brought over too. Searches go on in the old version until each service has
opened the new one.
"""

from __future__ import annotations

from collections.abc import Callable
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


Refusal = Callable[[Tally], str | None]
"""Function that returns why a version cannot serve, or None."""


def switch(filling: Filling, tally: Tally, to: Version, by: str, refusal: Refusal) -> bool:
    """Let a version serve that has been filled; tell whether it does, and nothing is left to do.

    Args:
        filling: Has filled it.
        tally: What it found.
        to: The version that is to serve.
        by: See ``Serving.unsettled``.
        refusal: Is asked once more when no writes are taken.

    Raises:
        EngineUnavailable: The engine cannot be reached, another migration has begun, or there was
            something to catch up with until the old version had to take writes again, or a refusal.
            It serves as before.
    """
    ends = monotonic() + CLOSED_SECONDS / 2
    closed_until = now_ms() + 1000 * CLOSED_SECONDS
    turn = filling.turn
    serving = turn.serving
    filling.rest = lambda *_: None  # writers wait
    turn.state(replace(serving, closed=serving.visual, closed_until=closed_until))
    is_quiet, why = False, None
    try:
        is_quiet = settle(filling, tally, ends)
        why = refusal(tally)
    finally:
        if why or not is_quiet:
            turn.state(serving)
    if why:
        raise EngineUnavailable(f"{why}; the old version serves on")
    if not is_quiet:
        if filling.stop.is_set():
            return False
        raise EngineUnavailable(
            f"expected nothing to catch up with within {CLOSED_SECONDS // 2} s in which the index "
            "takes no writes; there was more: the old version serves on; migrate again"
        )
    turn.state(Serving(*to, previous=serving.version, unsettled=by))
    filling.new_serves = True
    return finish(filling, tally)


def finish(filling: Filling, tally: Tally) -> bool:
    """Bring over what was still on its way when another version came to serve.

    Returns:
        Whether nothing is left of it; False where the run was stopped.
    """
    if not settle(filling, tally):
        return False
    filling.turn.state(replace(filling.turn.serving, unsettled=""))
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
        filling.turn.check()
        if filling.catch_up(tally):
            quiet_since = monotonic()
        elif monotonic() - quiet_since >= QUIET_SECONDS:
            return ends is None or monotonic() < ends  # an outage may have lasted until then
        filling.stop.wait(PAUSE_SECONDS)
    return False
