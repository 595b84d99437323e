"""Check documents before writing, and stack the bytes that were read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from houndstooth.mappings.engine import IndexDocument
from houndstooth.mappings.errors import InvalidDocument
from houndstooth.mappings.features import Bytes
from houndstooth.mappings.product import MAX_ID_BYTES
from houndstooth.plugin.engines.fields import is_unicode


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
