"""Print the answer of a search for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from houndstooth.mappings.features import Box
    from houndstooth.mappings.product import Fact
    from houndstooth.mappings.search import SearchAnswer
    from houndstooth.mappings.taxonomy import Taxonomy

HEADER = ("", "id", "score", "shape", "colour", "picture", "title", "offer", "matched")
MAX_KINDS = 8
"""Categories that are named where words leave several."""

MAX_TITLE = 48
"""Characters of a title that are printed."""


def printed_answer(answer: SearchAnswer, taxonomy: Taxonomy) -> list[str]:
    """Format the answer as a table, line by line."""
    category = answer.categories[0]
    attributes = ", ".join(taxonomy.label_of(found.term) for found in answer.attributes)
    lines = [
        f"{taxonomy.label_of(category.term)} ({answer.category_source}, "
        f"{category.confidence:.0%}): {attributes}",
        *_words(answer, taxonomy),
        f"{_where(answer)}relaxed: {answer.relaxed} · {len(answer.hits)} hits "
        f"in {answer.took_ms['total']:.0f} ms",
        *_items(answer),
        *(f"note: {note}" for note in answer.notes),
    ]
    rows: list[tuple[str, ...]] = [HEADER]
    for rank, hit in enumerate(answer.hits, 1):
        title = str(hit.product.get("title") or "")
        title = title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"
        figures = (
            f"{value:.3f}" for value in (hit.score, hit.appearance_distance, hit.colour_distance)
        )
        rules = (f"{one.action}: {one.rule}" for one in hit.why)
        matched = ", ".join([*map(taxonomy.label_of, hit.matched), *rules])
        place, offer = str(hit.view.place), _offer(hit.product)
        rows.append((str(rank), hit.product_id, *figures, place, title, offer, matched))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if answer.hits else ():
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(cells).rstrip())
    if answer.next:
        lines.append(f"for more: --cursor {answer.next}")
    return lines


def _offer(product: Mapping[str, Fact]) -> str:
    """Say what a product costs, and whether it cannot be had at once."""
    from houndstooth.mappings.product import OUT_OF_STOCK, PREORDER

    price, currency = product.get("price"), product.get("currency") or ""
    cost = f"{price:,.2f} {currency}".strip() if isinstance(price, int | float) else ""
    availability = product.get("availability")
    later = availability if availability in (OUT_OF_STOCK, PREORDER) else ""
    return ", ".join(filter(None, (cost, later)))


def _items(answer: SearchAnswer) -> list[str]:
    """List the boxes of all items found, as options; none where there is at most one."""
    if len(answer.items) < 2:
        return []
    return [
        f"found {item.label.replace('-', ' ')} ({item.score:.0%}): --box {_text_of(item.box)}"
        for item in answer.items
    ]


def _where(answer: SearchAnswer) -> str:
    return f"box {_text_of(answer.box)} ({answer.box_source}) · " if answer.box else ""


def _words(answer: SearchAnswer, taxonomy: Taxonomy) -> list[str]:
    """Say what was understood of words."""
    if not (words := answer.understood):
        return []
    label, price = taxonomy.label_of, words.price
    parts = [
        " or ".join(map(label, words.categories)) if len(words.categories) <= MAX_KINDS else "",
        *(" or ".join(map(label, terms)) for terms in words.required.values()),
        *(f"not {label(term)}" for term in words.excluded),
        f"price {_end(price.low)}..{_end(price.high)}" if price else "",
        f'"{words.rest}"' if words.rest else "",
    ]
    return [f"understood: {', '.join(filter(None, parts))}"]


def _end(price: float | None) -> str:
    return "" if price is None else f"{price:g}"


def _text_of(box: Box) -> str:
    """Write a box as ``--box`` takes it, ``x,y,w,h``."""
    return ",".join(f"{value:g}" for value in box.as_list())
