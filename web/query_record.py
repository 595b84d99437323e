"""Record each search that was answered: in the metrics, the log, and as a query of UBI."""

from __future__ import annotations

from uuid import uuid4

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.search import SearchAnswer, SearchRequest
from houndstooth.plugin.events.ubi import QUERIES, Asked, query_record, read_id
from houndstooth.web.backend import Backend
from houndstooth.web.observability.requests import note_search
from houndstooth.web.request_form import Fields


def read_query_id(fields: Fields, all_items: bool = False) -> str:
    """Read the id of a query, or make one.

    Raises:
        InvalidInput: It is no id, or there is one where each item is a query of its own.
    """
    given = fields.get("query_id")
    if given is None:
        return str(uuid4())
    if all_items:
        raise InvalidInput("expected no query_id where all items are asked for: each has its own")
    return read_id("query_id", given)


def record_search(
    backend: Backend,
    answer: SearchAnswer,
    request: SearchRequest,
    query_id: str,
    client_id: str | None,
    product_id: str | None = None,
) -> None:
    """Record a search that was answered.

    Args:
        backend: The search service.
        answer, request: The answer, and what was asked.
        query_id, client_id: Those of the query; the client's is recorded if the settings say so.
        product_id: The product that was asked for; None = a photo.
    """
    by = "photo" if product_id is None else "product"
    note_search(backend.metrics, by, answer)
    if backend.events:
        settings = backend.settings
        client_id = client_id if settings.event_clients else None
        asked = Asked(query_id, client_id, by, product_id, settings.index)
        backend.events.put(QUERIES, query_record(asked, request, answer))
