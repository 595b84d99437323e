"""Ids of products as tables hold them."""

from __future__ import annotations

import re

from houndstooth.mappings.errors import InvalidProduct

_SHORTENED = re.compile(r"-?\d(?:[.,]\d+)?E\+\d{2,3}", re.IGNORECASE | re.ASCII)


def check_id(text: str) -> str:
    """Return the id if it is whole.

    Raises:
        InvalidProduct: Excel has shortened it; several products may now have the same id.
    """
    if _SHORTENED.fullmatch(text):
        raise InvalidProduct(
            f"expected a whole id; got {text!r}, which Excel has shortened, so that several "
            "products may have it: export the feed again and do not save it with Excel, or format "
            "the id column as text before the ids are entered"
        )
    return text
