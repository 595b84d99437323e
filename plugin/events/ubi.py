"""Write queries and events by User Behavior Insights, and read events that a browser sends.

The fields are those of the specification 1.3 (https://github.com/o19s/ubi) and of OpenSearch's UBI
plugin. Only fields that hold nothing of a person are kept: no text that was typed, no addresses,
no photo, no filters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.product import MAX_ID_BYTES
from houndstooth.mappings.search import SearchAnswer, SearchRequest

Json = dict[str, Any]

APPLICATION = "houndstooth"

QUERIES, EVENTS = "ubi_queries", "ubi_events"
"""Names of the indices, and which of both a record is of."""

CLICKS = ("click", "click_through")
BASKET = "add_to_cart"
ACTIONS = (*CLICKS, BASKET, "purchase", "view", "impression", "watch")
"""Values of ``action_name`` that are taken: those that UBI names."""

MAX_EVENTS = 100
"""Events of a request."""

MAX_POSITION = 10_000
"""Highest position of a hit; the first is 1."""

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
"""Ids of queries and clients: letters, digits, and few signs."""

_NOT_KEPT = {"application", "session_id", "user_id", "timestamp", "message", "message_type"}
"""Other fields of UBI. A client may send them."""


@dataclass(frozen=True)
class Asked:
    """The part of a query that is recorded beside its answer.

    Attributes:
        query_id: Of the query, the same for all its pages.
        client_id: Made by the browser; None = it is not recorded.
        product_id: The product that was asked for; None for a photo or words.
        index: Name of the index.
        look: ``photo``, ``worn`` or ``outfit`` for an item of a whole look, else "".
        by_photo: Whether a photo was asked.
    """

    query_id: str
    client_id: str | None
    product_id: str | None
    index: str
    look: str = ""
    by_photo: bool = True

    @property
    def by(self) -> str:
        """Return what was asked with, ``photo``, ``product``, or ``words`` alone."""
        return "photo" if self.by_photo else "words" if self.product_id is None else "product"


def read_id(name: str, value: Any) -> str:
    """Check the id of a query or client.

    Raises:
        InvalidInput: It is not one of at most 100 letters, digits and ``._:-``.
    """
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise InvalidInput(
            f"expected {name} of 1 to 100 letters, digits and ._:-, the first a letter or digit; "
            f"got {str(value)[:80]!r}"
        )
    return value


def query_record(asked: Asked, request: SearchRequest, answer: SearchAnswer) -> Json:
    """Describe a page of a query, for ``ubi_queries``."""
    attributes: Json = {
        "by": asked.by,
        "model": answer.model,
        "arm": request.arm,
        "category": answer.categories[0].term,
        "relaxed": answer.relaxed,
        "appearance_weight": request.appearance_weight,
        "sort": f"{request.sort.field}:{'desc' if request.sort.descending else 'asc'}"
        if request.sort
        else "relevance",
        "first_page": request.cursor is None,
        "rules": sorted({why.rule for hit in answer.hits for why in hit.why}),
    }
    if asked.look:
        attributes["look"] = asked.look
    if asked.product_id is not None:
        attributes["product_id"] = asked.product_id
    record: Json = {
        "application": APPLICATION,
        "query_id": asked.query_id,
        "timestamp": _now(),
        # What a shopper has "typed": the kind of thing that the photo shows.
        "user_query": answer.categories[0].term,
        "query_attributes": attributes,
        "query_response_id": str(uuid4()),
        "query_response_hit_ids": [hit.product_id for hit in answer.hits],
        "indexes": [asked.index],
    }
    return {**record, "client_id": asked.client_id} if asked.client_id else record


def read_event(data: Any, with_client: bool) -> Json:
    """Check an event, and return it as it is recorded, for ``ubi_events``.

    Args:
        data: An event of UBI, with a product: ``event_attributes.object.object_id``.
        with_client: Whether ``client_id`` is recorded.

    Raises:
        InvalidInput: It is not one; the message says what was expected and what came.
    """
    fields = _object(data, "an event", {"action_name", "query_id", "client_id"} | _ATTRIBUTES)
    action = fields.get("action_name")
    if action not in ACTIONS:
        raise InvalidInput(
            f"expected action_name to be one of {', '.join(ACTIONS)}; got {str(action)[:80]!r}"
        )
    attributes = _object(fields.get("event_attributes"), "event_attributes", {"object", "position"})
    thing = _object(
        attributes.get("object"), "event_attributes.object", {"object_id", "object_id_field"}
    )
    kept: Json = {"object": {"object_id": _product_id(thing.get("object_id"))}}
    if "position" in attributes:
        kept["position"] = {"ordinal": _ordinal(attributes["position"])}
    record = {"application": APPLICATION, "action_name": action, "timestamp": _now()}
    if fields.get("query_id") is not None:
        record["query_id"] = read_id("query_id", fields["query_id"])
    if fields.get("client_id") is not None:
        client_id = read_id("client_id", fields["client_id"])
        record |= {"client_id": client_id} if with_client else {}
    return {**record, "event_attributes": kept}


_ATTRIBUTES = {"event_attributes"} | _NOT_KEPT


def _object(value: Any, what: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput(f"expected {what} to be an object; got {str(value)[:80]!r}")
    for name in value:
        if name not in known:
            raise InvalidInput(
                f"expected only {', '.join(sorted(known))} in {what}; got {name[:80]!r}"
            )
    return value


def _product_id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 1 <= len(value.encode(errors="replace")) <= MAX_ID_BYTES:
        raise InvalidInput(
            f"expected object_id to be the id of a product, of at most {MAX_ID_BYTES} bytes; got "
            f"{str(value)[:80]!r}"
        )
    return value


def _ordinal(value: Any) -> int:
    ordinal = value.get("ordinal") if isinstance(value, dict) else None
    if type(ordinal) is not int or not 1 <= ordinal <= MAX_POSITION:
        raise InvalidInput(
            "expected event_attributes.position to be an object with ordinal, from 1 to "
            f"{MAX_POSITION}; got {str(value)[:80]!r}"
        )
    return ordinal


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
