"""Record each search that was answered: in the metrics, the log, and as a query of UBI."""

from __future__ import annotations

from uuid import uuid4

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.search import SearchAnswer, SearchRequest
from houndstooth.plugin.events.ubi import QUERIES, Asked, query_record, read_id
from houndstooth.web.backend import Backend
from houndstooth.web.observability.requests import note_search
from houndstooth.web.request_form import Fields, read_client_id, read_items


def read_asked(
    fields: Fields, backend: Backend, product_id: str | None = None, by_photo: bool = False
) -> Asked:
    """Read what is recorded of a query; without ``query_id`` it gets one.

    Args:
        fields: Those of the request.
        backend: The search service.
        product_id: The product that is asked for, or None.
        by_photo: Whether a photo is asked.

    Raises:
        InvalidInput: An id is not one, or there is one where each item is a query of its own.
    """
    given, client_id = fields.get("query_id"), read_client_id(fields)
    if given is not None and read_items(fields) == "all":
        raise InvalidInput("expected no query_id where all items are asked for: each has its own")
    return Asked(
        query_id=new_query_id() if given is None else read_id("query_id", given),
        client_id=client_id if backend.settings.event_clients else None,
        product_id=product_id,
        index=backend.settings.index,
        by_photo=by_photo,
    )


def new_query_id() -> str:
    """Make the id of a query."""
    return str(uuid4())


def record_search(
    backend: Backend, answer: SearchAnswer, request: SearchRequest, asked: Asked
) -> None:
    """Record a search that was answered."""
    note_search(backend.metrics, asked.by, answer)
    if backend.events:
        backend.events.put(QUERIES, query_record(asked, request, answer))
