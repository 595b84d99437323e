"""The products of a feed, each with its row, and the rows that are none."""

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
    """Rows as products, in order; a row that is none becomes its failed outcome.

    Of several rows with one id the first is taken and each later one reported. Rows that repeat
    the id of the row before and have no title are no products of their own: a Shopify export
    lists a product's further variants and pictures so.
    """
    first_row: dict[str, int] = {}
    previous = None
    for row in rows:
        if row.error is not None:
            yield Outcome.failed("", row.error, row.number)
            continue
        try:
            product_id = columns.text(row.cells, "id")
            if product_id and product_id == previous and not columns.text(row.cells, "title"):
                continue
            previous = product_id
            yield _product(row, product_id, columns, first_row)
        except InvalidProduct as error:
            yield Outcome.failed("", error, row.number)


def _product(
    row: Row, product_id: str, columns: Columns, first_row: dict[str, int]
) -> FeedProduct | Outcome:
    try:
        product = columns.product(row.cells)
    except InvalidInput as error:
        return Outcome.failed(product_id, error, row.number)
    first = first_row.setdefault(product_id, row.number)
    if first != row.number:
        reason = f"expected each id once; {product_id!r} stands on line {first} already"
        return Outcome(product_id, "failed", reason, DUPLICATE, row.number)
    return FeedProduct(row.number, product)
