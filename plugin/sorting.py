"""Sort hits by a fact, such as the price: those that look most alike, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from sys import float_info
from typing import Any

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.product import Fact
from houndstooth.mappings.search import MAX_HITS, Sort
from houndstooth.plugin.cursor import BEFORE_ALL, Cursor, SortedCursor, SortKey
from houndstooth.plugin.fact_paths import fact_values
from houndstooth.plugin.filters import FIELD
from houndstooth.plugin.found import Chosen, Found, Ranked
from houndstooth.plugin.page import Page, PageFiller
from houndstooth.plugin.steps_ranker import StepsRanker

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

    def choose() -> Chosen:
        ranked = up_to(cursor.end, filler) if cursor else most_alike(filler, top)
        keyed = _keyed(ranked.found, filler.facts(ranked.found, [sort.field]), sort)
        keys = _ordered({*keyed, cursor.after} if cursor else keyed, sort)
        if cursor:
            keys = keys[keys.index(cursor.after) + 1 :]
        end = None
        if len(keys) > top:
            end = SortedCursor(cursor.end if cursor else ranked.end, keys[top - 1])
        return Chosen([keyed[key] for key in keys[:top]], end, ranked)

    return filler.settle(choose, ideal)


def sort_found(
    found: Iterable[Found], facts: Mapping[str, Mapping[str, Fact]], sort: Sort
) -> list[Found]:
    """Sort products by a fact, by their facts by id; those without are gone."""
    keyed = _keyed(found, facts, sort)
    return [keyed[key] for key in _ordered(keyed, sort)]


def most_alike(ranker: StepsRanker, top: int) -> Ranked:
    """Rank the SORTED_HITS best products, of no further step than a page of ``top`` hits needs."""
    return ranker.ranked(max(top, SORTED_HITS), enough=top)


def up_to(end: Cursor, ranker: StepsRanker) -> Ranked:
    """Rank the products up to a place anew, at most twice as many as are sorted."""
    ranker = ranker.up_to(end.step)
    first = Cursor(end.first_step, end.first_step, BEFORE_ALL)
    ranked = ranker.ranked(SORTED_HITS, first)
    if len(ranked.found) >= SORTED_HITS and ranked.end < end:
        rest = ranker.ranked(SORTED_HITS, ranked.end)
        ranked = replace(ranked, found=ranked.found + rest.found, last_step=rest.last_step)
    kept = sum(ranked.place(one) <= end for one in ranked.found)
    return replace(ranked, found=ranked.found[:kept])


def _keyed(
    found: Iterable[Found], facts: Mapping[str, Mapping[str, Fact]], sort: Sort
) -> dict[SortKey, Found]:
    """Return products by their sorting keys."""
    return {
        (one.row.last, _value(facts[one.product_id], sort), one.product_id): one
        for one in found
        if one.product_id in facts
    }


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
