"""Read a feed to its end without looking at images or writing anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from houndstooth.ingest.outcome import CategoryFrom, Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.product import Product
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy


def read_only(
    entries: Iterable[FeedProduct | Outcome], taxonomy: Taxonomy
) -> Iterator[list[Outcome]]:
    """Yield the outcome ``read`` for each product that would be ingested, and the others as is."""
    for entry in entries:
        if isinstance(entry, FeedProduct):
            product = entry.product
            yield [
                Outcome(
                    product.product_id,
                    "read",
                    row=entry.row,
                    notes=product.notes,
                    category_from=_category_from(product, taxonomy),
                )
            ]
        else:
            yield [entry]


def _category_from(product: Product, taxonomy: Taxonomy) -> CategoryFrom:
    """Tell whether the text decides the category, narrows it for the picture, or neither."""
    categories = read_seller_text(
        taxonomy,
        product.title,
        product.category_text,
        attributes=product.attributes,
        language=product.language,
    ).categories
    if len(categories) == 1:
        return "text"
    return "picture" if categories else "neither"
