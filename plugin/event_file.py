"""Read shoppers' events from a file in the form of User Behavior Insights (UBI)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.plugin.together import Event

_LOG = logging.getLogger(__name__)


def read_events(path: Path) -> Iterator[Event]:
    """Read the events of a file that name a product, in its order.

    Each line is an event of UBI in JSON: ``action_name``, ``session_id`` (else ``client_id``), and
    the product as ``event_attributes.object.object_id``. Other lines are left out; the log says
    how many.

    Raises:
        InvalidConfig: The file cannot be read.
    """
    left_out = 0
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    yield _event(line)
                except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                    left_out += bool(line.strip())
    except OSError as error:
        reason = error.strerror or error
        raise InvalidConfig(f"expected a file of events at {path}; got none: {reason}") from None
    if left_out:
        _LOG.warning("%s: %s lines left out, which are no events of products", path, left_out)


def _event(line: str) -> Event:
    event = json.loads(line)
    session = event.get("session_id") or event["client_id"]
    product_id = event["event_attributes"]["object"]["object_id"]
    if not session or product_id in (None, ""):
        raise ValueError("it names no session or product")
    return str(session), str(event["action_name"]), str(product_id)
