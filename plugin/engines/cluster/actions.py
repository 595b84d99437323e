"""Write the actions of a bulk, as the lines that both engines read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from houndstooth.mappings.shop_index import SourceDocument

BULK_DOCUMENTS = 500
"""Most documents in one bulk."""

BULK_CHARACTERS = 5_000_000
"""Length from which a bulk takes no further document. Some managed clusters take 10 MB."""

Item = TypeVar("Item")

as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Encodes a value in JSON, without spaces."""


def creation(product_id: str, source: str) -> str:
    """Write the action that inserts a document, unless it exists."""
    return f'{{"create":{{"_id":{as_json(product_id)}}}}}\n{source}\n'


def update(product_id: str, source: str, *, replaces: bool, inserts: bool) -> str:
    """Write a partial update: the fields in ``doc`` are replaced, all others stay.

    Args:
        product_id: Id of the document.
        source: The fields, in JSON.
        replaces: Write the document even if nothing changes: an equal stored object may not be
            indexed.
        inserts: Insert the document if it does not exist.
    """
    options = f',"doc_as_upsert":{as_json(inserts)},"detect_noop":false' if replaces else ""
    return (
        f'{{"update":{{"_id":{as_json(product_id)},"retry_on_conflict":3}}}}\n'
        f'{{"doc":{source}{options}}}\n'
    )


def guarded_update(product_id: str, source: str, place: tuple[int, int], *, replaces: bool) -> str:
    """Write a partial update of a document, unless it was written since it was read.

    Args:
        product_id: Id of the document.
        source: The fields, in JSON.
        place: ``seq_no`` and ``primary_term`` of the write that was read.
        replaces: See ``update``.
    """
    only = {"_id": product_id, "if_seq_no": place[0], "if_primary_term": place[1]}
    options = ',"detect_noop":false' if replaces else ""
    return f'{{"update":{as_json(only)}}}\n{{"doc":{source}{options}}}\n'


def replacement(document: SourceDocument) -> str:
    """Write the action that replaces a document, unless it was written since it was read."""
    place = {
        "_id": document.product_id,
        "if_seq_no": document.seq_no,
        "if_primary_term": document.primary_term,
        "pipeline": "_none",
    }
    return f'{{"index":{as_json(place)}}}\n{as_json(document.source)}\n'


def deletion(product_id: str, place: tuple[int, int] | None = None) -> str:
    """Write the action that deletes a document.

    Args:
        product_id: Id of the document.
        place: See ``guarded_update``; None deletes whatever was written meanwhile.
    """
    only = {} if place is None else {"if_seq_no": place[0], "if_primary_term": place[1]}
    return f'{{"delete":{as_json({"_id": product_id} | only)}}}\n'


def deletion_entry(product_id: str, as_of: int, at: int) -> str:
    """Write the action that notes when a document was deleted, unless a newer time is noted.

    Args:
        product_id: Id of the document.
        as_of: Time as of which it is deleted, in milliseconds since 1970.
        at: Time of this, in seconds since 1970.
    """
    only = {"_id": product_id, "version": as_of, "version_type": "external_gte"}
    return f'{{"index":{as_json(only)}}}\n{{"at":{at}}}\n'


def in_bulks(
    items: Iterable[Item], length: Callable[[Item], int], first: int = BULK_DOCUMENTS
) -> Iterator[list[Item]]:
    """Yield items in bulks.

    Args:
        items: What is written of each document.
        length: Returns an item's length in characters.
        first: Most items in the first bulk.
    """
    bulk: list[Item] = []
    most, size = first, 0
    for item in items:
        bulk.append(item)
        size += length(item)
        if len(bulk) == most or size >= BULK_CHARACTERS:
            yield bulk
            bulk, most, size = [], BULK_DOCUMENTS, 0
    if bulk:
        yield bulk
