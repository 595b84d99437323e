"""Read what shoppers did with products, session by session."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig
from houndstooth.plugin.credentials import ANONYMOUS, Credentials
from houndstooth.plugin.events.stores import Broken, Record, open_store
from houndstooth.plugin.events.ubi import EVENTS

SESSION_SECONDS = 30 * 60
"""A client that did nothing for so long begins another session."""

Deed = tuple[str, str, str]
"""Session, action (``click``, ``add_to_cart``, …) and product id."""

_LOG = logging.getLogger(__name__)


def sessions_of(target: str, credentials: Credentials = ANONYMOUS) -> Iterator[Deed]:
    """Yield what a file or a cluster of events tells; see ``open_store`` and ``read_sessions``.

    The log says what cannot be read: looks are completed without it.
    """
    broken = 0

    def counted() -> Iterator[Record | Broken]:
        nonlocal broken
        for record in open_store(target, credentials).read():
            broken += isinstance(record, Broken)
            yield record

    try:
        yield from read_sessions(counted())
    except (InvalidConfig, EngineUnavailable) as error:
        _LOG.warning("looks are completed without sessions: %s", error)
    if broken:
        _LOG.warning("%s: %d records left out, which are none of UBI", target, broken)


def read_sessions(records: Iterable[Record | Broken]) -> Iterator[Deed]:
    """Yield what was done with products, in the order of the records.

    A session is what the event says; else a client's, until it did nothing for half an hour; of an
    event without a client it is the query's. Events without any, and what is no record, are left
    out.

    Args:
        records: Of ``Store.read``, so that those of a client come in the order of their times.
    """
    last: dict[str, tuple[float, int]] = {}
    for record in records:
        if isinstance(record, Broken) or record[0] != EVENTS:
            continue
        event = record[1]
        given = (event.get(name) for name in ("session_id", "client_id", "query_id"))
        who, product_id = next(filter(None, given), None), _product_id(event)
        if not isinstance(who, str) or product_id is None:
            continue
        if event.get("session_id"):
            yield who, event["action_name"], product_id
            continue
        when, (before, number) = _seconds(event), last.get(who, (0.0, 0))
        if when - before > SESSION_SECONDS:
            number += 1
        last[who] = when, number
        yield f"{who} {number}", event["action_name"], product_id


def _product_id(event: dict[str, object]) -> str | None:
    attributes = event.get("event_attributes")
    thing = attributes.get("object") if isinstance(attributes, dict) else None
    product_id = thing.get("object_id") if isinstance(thing, dict) else None
    return product_id if isinstance(product_id, str) else None


def _seconds(event: dict[str, object]) -> float:
    try:
        return datetime.fromisoformat(str(event.get("timestamp"))).timestamp()
    except ValueError:
        return 0.0
