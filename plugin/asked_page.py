"""Fill the page that a request asks for: by looks, by a fact, or by merchandising rules."""

from __future__ import annotations

from collections.abc import Sequence

from houndstooth.mappings.search import SearchRequest
from houndstooth.plugin.cursor import RuledCursor, SortedCursor
from houndstooth.plugin.merchandising.ruled_page import RuledOrder, ruled_page
from houndstooth.plugin.page import Page, PageFiller
from houndstooth.plugin.sorting import sorted_page


def asked_page(
    filler: PageFiller,
    request: SearchRequest,
    steps: int,
    ideal: Sequence[str],
    order: RuledOrder,
) -> Page:
    """Fill the page that is asked for.

    Args:
        filler: Fills pages by looks.
        request: Has the order, the number of hits and the cursor.
        steps: Number of steps of the attribute query.
        ideal: Terms of an ideal hit, for ``Hit.matched``.
        order: The order by rules; with none the page is by looks, unless the page before was not.

    Raises:
        InvalidInput: The cursor is not of such a search.
    """
    text = request.cursor
    if request.sort:
        after = SortedCursor.parse(text, steps) if text else None
        return sorted_page(filler, request.sort, request.top, ideal, after)
    cursor = RuledCursor.parse(text, steps) if text else None
    if order.rules.rules or isinstance(cursor, RuledCursor):
        return ruled_page(filler, order, request.top, ideal, cursor)
    return filler.fill(request.top, ideal, cursor)
