"""Take versions of ``visual`` off every document of a shop's index."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import replace

from houndstooth.mappings.rows import Checkpoint
from houndstooth.mappings.shop_index import ShopIndex, SourceDocument
from houndstooth.mappings.writes import WriteOutcome


def detach(index: ShopIndex, versions: Collection[str]) -> Iterator[list[WriteOutcome]]:
    """Rewrite the documents that have some versions without them; yield the outcomes page by page.

    A partial update cannot take a field away, so whole documents are written, each unless the shop
    has written it since it was read. That one has an outcome that is ``retryable``, and is read
    again as the shop has left it. Passes end with one that finds nothing more to write.

    Args:
        index: The index.
        versions: Names of the objects to take off, such as ``visual``; none reads no document.

    Raises:
        EngineUnavailable: The engine cannot be reached. What was yielded is done.
    """

    def without(document: SourceDocument) -> SourceDocument | None:
        """Return the document without the versions; None if it has none of them."""
        source = {
            key: value
            for key, value in document.source.items()
            if key.partition(".")[0] not in versions
        }
        return replace(document, source=source) if len(source) < len(document.source) else None

    since: Checkpoint | None = None
    again = bool(versions)
    while again:
        again = False
        index.refresh()
        since, pages = index.documents(since=since)
        with closing(pages):
            for documents in pages:
                outcomes = index.rewrite([bare for bare in map(without, documents) if bare])
                again |= any(outcome.error is None or outcome.retryable for outcome in outcomes)
                yield outcomes
