"""Sort hits by a fact, such as the price: those that look most alike, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from sys import float_info
from typing import Any

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.product import Fact
from houndstooth.mappings.search import MAX_HITS, Hit, Sort
from houndstooth.plugin.cursor import BEFORE_ALL, Cursor, SortedCursor, SortKey
from houndstooth.plugin.fact_paths import fact_values
from houndstooth.plugin.filters import FIELD
from houndstooth.plugin.page import Page, PageFiller

SORTED_HITS = MAX_HITS
"""Number of hits that are sorted: those that look most alike."""

BY_LOOKS = "relevance"
"""Name of the order without a field."""

MAX_SORTED_LENGTH = 100
"""Texts are compared by so many characters."""


def parse_sort(text: str) -> Sort | None:
    """Parse ``price:asc`` or ``price:desc``; ``relevance`` is None, the order by looks.

    Raises:
        InvalidInput: It is neither.
    """
    field, colon, direction = text.rpartition(":")
    if text == BY_LOOKS:
        return None
    if not colon or direction not in ("asc", "desc") or not FIELD.fullmatch(field):
        raise InvalidInput(
            f"expected sort to be field:asc, field:desc or {BY_LOOKS}; got {text[:80]!r}"
        )
    return Sort(field, direction == "desc")


def sorted_page(
    filler: PageFiller, sort: Sort, top: int, ideal: Sequence[str], cursor: SortedCursor | None
) -> Page:
    """Fill a page with the hits that look most alike, in the order of a fact.

    They are the first SORTED_HITS, of no further step than a page of ``top`` hits needs. The
    cursor names the last of them. So each page sorts the same products, whatever else has been
    added, unless that is more than SORTED_HITS.

    Args:
        filler: Fills pages by looks.
        sort: The fact, and in which direction.
        top: Number of hits.
        ideal: Terms of an ideal hit, for ``Hit.matched``.
        cursor: Where the page before ended.
    """
    page = up_to(cursor.end, filler, ideal) if cursor else most_alike(filler, top, ideal)
    hits = {
        (place.after[0], _value(hit.product, sort), hit.product_id): hit
        for place, hit in zip(page.places, page.hits, strict=True)
    }
    keys = _ordered({*hits, cursor.after} if cursor else hits, sort)
    if cursor:
        keys = keys[keys.index(cursor.after) + 1 :]
    end = None
    if len(keys) > top:
        end = SortedCursor(cursor.end if cursor else page.places[-1], keys[top - 1])
    return replace(page, hits=[hits[key] for key in keys[:top]], places=[], next=end)


def sort_hits(hits: Sequence[tuple[bool, Hit]], sort: Sort) -> list[Hit]:
    """Sort hits by a fact; each comes with whether it is sold out and comes last."""
    keyed = {(last, _value(hit.product, sort), hit.product_id): hit for last, hit in hits}
    return [keyed[key] for key in _ordered(keyed, sort)]


def most_alike(filler: PageFiller, top: int, ideal: Sequence[str]) -> Page:
    """Find the SORTED_HITS best hits, of no further step than a page of ``top`` hits needs."""
    return filler.fill(max(top, SORTED_HITS), ideal, enough=top)


def up_to(end: Cursor, filler: PageFiller, ideal: Sequence[str]) -> Page:
    """Read the hits up to a place anew, at most twice as many as are sorted."""
    filler = filler.up_to(end.step)
    page = filler.fill(SORTED_HITS, ideal, Cursor(end.first_step, end.first_step, BEFORE_ALL))
    if isinstance(page.next, Cursor) and page.next < end:
        rest = filler.fill(SORTED_HITS, ideal, page.next)
        page = replace(page, hits=page.hits + rest.hits, places=page.places + rest.places)
    kept = sum(place <= end for place in page.places)
    return replace(page, hits=page.hits[:kept], places=page.places[:kept])


def _value(facts: Mapping[str, Fact], sort: Sort) -> str | float | None:
    """Return the value by which a product is sorted: of several the one that comes first."""
    values = [_comparable(one) for one in fact_values(facts, sort.field) if one is not None]
    if not values:
        return None
    return (max if sort.descending else min)(values, key=_by_kind)


def _comparable(value: Any) -> str | float:
    if isinstance(value, int | float):
        return float(max(-float_info.max, min(float_info.max, value)))
    return str(value)[:MAX_SORTED_LENGTH]


def _by_kind(value: str | float) -> tuple[bool, str | float]:
    """Sort numbers before texts."""
    return isinstance(value, str), value


def _ordered(keys: Iterable[SortKey], sort: Sort) -> list[SortKey]:
    """Sort by value, equal ones by id; those without a value come last, and those sold out."""
    by_id = sorted(keys, key=lambda key: key[2])
    valued = [(value, key) for key in by_id if (value := key[1]) is not None]
    valued.sort(key=lambda pair: _by_kind(pair[0]), reverse=sort.descending)
    rest = [key for key in by_id if key[1] is None]
    return sorted([*(key for _, key in valued), *rest], key=lambda key: key[0])
