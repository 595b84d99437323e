"""Check documents before writing, and stack the bytes that were read."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.document import VisualDocument, VisualSummary
from houndstooth.mappings.errors import InvalidDocument
from houndstooth.mappings.features import Bytes
from houndstooth.mappings.product import MAX_ID_BYTES
from houndstooth.mappings.rows import Lengths
from houndstooth.mappings.writes import FeatureKey, IndexDocument
from houndstooth.plugin.engines.fields import is_unicode

_LOG = logging.getLogger(__name__)

TIMES = {"facts_as_of", "as_of"}
"""Fields of ``visual`` that a document without features may have."""

Visual = TypeVar("Visual", bound=VisualSummary)


def refusal(document: IndexDocument) -> str | None:
    """Return why no engine can take this document, or None.

    Such a document is left out of the bulk, which would fail as a whole otherwise.
    """
    size = len(document.product_id.encode(errors="replace"))
    if not 0 < size <= MAX_ID_BYTES:
        return f"expected a product id of 1 to {MAX_ID_BYTES} bytes; got {size} bytes"
    if document.visual is not None and document.visual.product_id != document.product_id:
        return f"expected visual of the same product; got {document.visual.product_id!r}"
    if not is_unicode(document.product_id):
        return "expected a product id that can be written as UTF-8; got lone surrogates"
    return None


def decode_visual(
    kind: type[Visual], where: str, product_id: str, stored: Mapping[str, Any] | None
) -> Visual | None:
    """Decode a stored ``visual``; None if there is none or if something else wrote over it.

    Args:
        kind: What to decode.
        where: Name of the index, for a warning.
        product_id: Id of the document, for the same.
        stored: The object.
    """
    if stored is None or (isinstance(stored, Mapping) and stored.keys() <= TIMES):
        return None
    try:
        return kind.from_json(stored)
    except InvalidDocument as error:
        _LOG.warning("%s: product %r: %s", where, product_id, error)
        return None


def feature_key(visual: VisualDocument | None) -> FeatureKey | None:
    """Return the key of decoded features; None if there are none."""
    if visual is None:
        return None
    return FeatureKey(visual.model, visual.source_hash, visual.lengths)


def log_left_out(where: str, product_ids: Sequence[str], lengths: Lengths) -> None:
    """Warn that products are not searched, as their ``visual`` is damaged."""
    text = (
        "%s: %s products left out, such as %r: expected one code of %s bytes and one histogram of "
        "%s; give the feed again"
    )
    _LOG.warning(text, where, len(product_ids), product_ids[0], *lengths)


def byte_matrix(rows: Sequence[bytes]) -> Bytes:
    """Stack rows of n bytes to uint8 [rows, n].

    Raises:
        InvalidDocument: The rows differ in length; those of one model are equally long.
    """
    check_lengths(rows)
    if not rows:
        return np.zeros((0, 0), dtype=np.uint8)
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), -1)


def check_lengths(rows: Sequence[bytes] | Sequence[str]) -> None:
    """Check that all rows are equally long. Raises InvalidDocument."""
    lengths = set(map(len, rows))
    if len(lengths) > 1:
        raise InvalidDocument(
            f"expected one length for all codes of a model; got {sorted(lengths)}"
        )


def with_views(
    codes: Bytes, colours: Bytes, further: Sequence[tuple[bytes, bytes]]
) -> tuple[Bytes, Bytes, NDArray[np.int64] | None]:
    """Put the further views of each document after its first one.

    Args:
        codes: Code of each document's first view, uint8 [n, b].
        colours: Histogram of each document's first view, uint8 [n, bins].
        further: Codes and histograms of each document's further views, n pairs. Bytes that are
            not whole rows, or not of as many views, are no views.

    Returns:
        The codes and histograms of all views, and the number of views of each document, int64 [n];
        None if each has one.
    """
    kept = [
        pair if _views(pair[0], codes) == _views(pair[1], colours) is not None else (b"", b"")
        for pair in further
    ]
    counts = np.array([_views(code, codes) for code, _ in kept], dtype=np.int64)
    if not counts.any():
        return codes, colours, None
    documents = np.arange(len(codes))
    order = np.argsort(np.concatenate([documents, np.repeat(documents, counts)]), kind="stable")
    stacked = []
    for number, first in enumerate((codes, colours)):
        rows = np.frombuffer(b"".join(pair[number] for pair in kept), dtype=np.uint8)
        stacked.append(np.concatenate([first, rows.reshape(-1, first.shape[1])])[order])
    return stacked[0], stacked[1], counts + 1


def _views(data: bytes, first: Bytes) -> int | None:
    """Return how many rows of a matrix the bytes are, or None."""
    count, rest = divmod(len(data), first.shape[1] or 1)
    return None if rest else count
