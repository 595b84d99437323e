"""Take ``visual`` off every document of a shop's index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from time import sleep

from houndstooth.mappings.engine import WriteOutcome
from houndstooth.mappings.rows import Checkpoint
from houndstooth.mappings.shop_index import ShopIndex, SourceDocument

PAUSES = (0.5, 2.0, 8.0)
"""Seconds to wait before documents are written again that the engine had no time for."""


def detach(index: ShopIndex) -> Iterator[list[WriteOutcome]]:
    """Rewrite the documents that have ``visual`` without it; yield the outcomes page by page.

    A partial update cannot take a field away, so whole documents are written, each unless the shop
    has written it since it was read. That one has an outcome that is ``retryable``, and is read
    again as the shop has left it. Passes end with one that finds nothing more to write.

    Raises:
        EngineUnavailable: The engine cannot be reached. What was yielded is done.
    """

    def without(document: SourceDocument) -> SourceDocument | None:
        """Return the document without ``visual``; None if it has none."""
        name = index.visual
        source = {
            key: value
            for key, value in document.source.items()
            if key != name and not key.startswith(f"{name}.")
        }
        return replace(document, source=source) if len(source) < len(document.source) else None

    since: Checkpoint | None = None
    again = True
    while again:
        again = False
        index.refresh()
        since, pages = index.documents(since=since)
        with closing(pages):
            for documents in pages:
                outcomes = _rewritten(index, [bare for bare in map(without, documents) if bare])
                again |= any(outcome.error is None or outcome.retryable for outcome in outcomes)
                yield outcomes


def _rewritten(index: ShopIndex, documents: list[SourceDocument]) -> list[WriteOutcome]:
    """Write documents. The engine's refusals that may pass are tried again, and count at the end.

    What the shop has written meanwhile is not: the next pass reads it. The outcomes are in any
    order.
    """
    done: list[WriteOutcome] = []
    for pause in PAUSES:
        outcomes = index.rewrite(documents)
        busy = {one.product_id for one in outcomes if one.retryable and not one.is_conflict}
        if not busy:
            return done + outcomes
        done += [one for one in outcomes if one.product_id not in busy]
        documents = [one for one in documents if one.product_id in busy]
        sleep(pause)
    return done + [replace(one, retryable=one.is_conflict) for one in index.rewrite(documents)]
