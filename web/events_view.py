"""Take events from browsers and shops, by User Behavior Insights."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, RequestEntityTooLarge, UnsupportedMediaType

from houndstooth.mappings.errors import InvalidInput
from houndstooth.plugin.events.ubi import EVENTS, MAX_EVENTS, read_event
from houndstooth.web.access.guard import at_most, requires
from houndstooth.web.backend import Backend
from houndstooth.web.request_form import check_no_parameters

MAX_BYTES = 65_536
"""Largest body."""

RATE = "120/minute"
"""Requests of one address without a key."""


def events_blueprint(backend: Backend) -> Blueprint:
    """Create the blueprint of ``/api/v1/events``."""
    view = Blueprint("events", __name__, url_prefix="/api/v1/events")

    @view.post("")
    @requires("search")
    @at_most(RATE)
    def post_events() -> ResponseReturnValue:
        check_no_parameters(request.args)
        events = _read_events()
        if backend.events is None:
            raise NotFound("expected a service that records events, by HOUNDSTOOTH_EVENTS")
        refused = []
        for number, event in enumerate(events):
            try:
                record = read_event(event, backend.settings.event_clients)
            except InvalidInput as error:
                refused.append({"event": number, "message": str(error)})
                continue
            backend.events.put(EVENTS, record)
        return {"accepted": len(events) - len(refused), "refused": refused}

    return view


def _read_events() -> list[Any]:
    """Read the body: an event, or a list of some."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(f"expected application/json; got {request.mimetype[:80]!r}")
    if (request.content_length or 0) > MAX_BYTES or len(request.get_data()) > MAX_BYTES:
        raise RequestEntityTooLarge(f"expected events of at most {MAX_BYTES} bytes together")
    try:
        found = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise InvalidInput("expected the body to be JSON; it is not") from None
    events = found if isinstance(found, list) else [found]
    if not 1 <= len(events) <= MAX_EVENTS:
        raise InvalidInput(f"expected 1 to {MAX_EVENTS} events; got {len(events)}")
    return events
