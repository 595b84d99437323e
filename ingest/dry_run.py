"""Read a feed to its end without looking at images or writing anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from houndstooth.ingest.outcome import CategoryFrom, Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

SHOWN = 5
"""Categories shown among which a picture would choose."""


def read_only(
    entries: Iterable[FeedProduct | Outcome], taxonomy: Taxonomy
) -> Iterator[list[Outcome]]:
    """Yield the outcome ``read`` for each product that would be ingested, and the others as is."""
    for entry in entries:
        if isinstance(entry, FeedProduct):
            yield [_outcome(entry, taxonomy)]
        else:
            yield [entry]


def _outcome(entry: FeedProduct, taxonomy: Taxonomy) -> Outcome:
    product = entry.product
    categories = read_seller_text(
        taxonomy,
        product.title,
        product.category_text,
        attributes=product.attributes,
        language=product.language,
    ).categories
    shown = ", ".join(sorted(categories)[:SHOWN]) + (", …" if len(categories) > SHOWN else "")
    decided: CategoryFrom = "neither"
    if categories:
        decided = "text" if len(categories) == 1 else "picture"
    return Outcome(
        product.product_id,
        "read",
        row=entry.row,
        notes=product.notes,
        category_from=decided,
        category=shown,
    )
