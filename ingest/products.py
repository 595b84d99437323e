"""Convert the rows of a feed to products."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from houndstooth.ingest.columns import Columns
from houndstooth.ingest.feeds import Row
from houndstooth.ingest.outcome import DUPLICATE, Outcome
from houndstooth.mappings.errors import InvalidInput, InvalidProduct
from houndstooth.mappings.product import Product


@dataclass(frozen=True)
class FeedProduct:
    """A product and the line of the feed where it begins."""

    row: int
    product: Product


def read_products(rows: Iterable[Row], columns: Columns) -> Iterator[FeedProduct | Outcome]:
    """Convert rows to products, in order; a row that is not a product gives a failed outcome.

    Of several rows with the same id the first is used and the others fail. Rows with the same id
    as the row before and without a title are skipped: a Shopify export lists a product's further
    variants and images that way.
    """
    first_row: dict[str, int] = {}
    previous = None
    for row in rows:
        if row.error is not None:
            yield Outcome.failed("", row.error, row.number)
            continue
        try:
            product_id = columns.text(row.cell_values, "id")
            if product_id and product_id == previous and not columns.text(row.cell_values, "title"):
                continue
            previous = product_id
            yield _product(row, product_id, columns, first_row)
        except InvalidProduct as error:
            yield Outcome.failed("", error, row.number)


def _product(
    row: Row, product_id: str, columns: Columns, first_row: dict[str, int]
) -> FeedProduct | Outcome:
    try:
        product = columns.product(row.cell_values)
    except InvalidInput as error:
        return Outcome.failed(product_id, error, row.number)
    first = first_row.setdefault(product_id, row.number)
    if first != row.number:
        reason = f"expected each id once; {product_id!r} stands on line {first} already"
        return Outcome(product_id, "failed", reason, DUPLICATE, row.number)
    return FeedProduct(row.number, product)
