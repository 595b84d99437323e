"""Convert the rows of a feed to products."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple

from houndstooth.ingest.columns import Reading, read_as
from houndstooth.ingest.feeds import Feed, Row
from houndstooth.ingest.first_lines import FirstLines
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import DUPLICATE, Outcome
from houndstooth.ingest.platforms.layouts import OneEach
from houndstooth.ingest.variants import Sold, VariantReader
from houndstooth.mappings.product import Note, Product

SAMPLE = 300
"""Rows that are read ahead, to see how the feed writes its prices."""


class FeedProduct(NamedTuple):
    """A product and the line of the feed where it begins."""

    row: int
    product: Product


def read_feed(
    feed: Feed, options: ReadOptions | None = None, *, facts: bool = True
) -> tuple[Reading, Iterator[FeedProduct | Outcome]]:
    """Recognise the platform of a feed, and return how it is read, and its products.

    Args:
        feed: The open feed.
        options: What the user says about it.
        facts: Whether to read facts.

    Raises:
        InvalidFeed: The columns are unclear.
    """
    options = options or ReadOptions()
    sample = [*islice(feed.rows, SAMPLE)]
    reading = read_as(
        feed.columns,
        sample,
        options.columns,
        facts=facts,
        image_base=options.image_base,
        language=options.language,
    )
    return reading, read_products(chain(sample, feed.rows), reading)


def read_products(rows: Iterable[Row], reading: Reading) -> Iterator[FeedProduct | Outcome]:
    """Convert rows to products, one for each variant that is sold.

    A row that cannot be used gives a failed outcome, and a product that is not sold, such as a
    draft, one that is left out. Of several products with the same id the first is used and the
    others fail.
    """
    variants, lines = VariantReader(reading), FirstLines()
    failed: deque[Outcome] = deque()
    if isinstance(reading.platform.layout, OneEach):
        for row in rows:
            if row.error is not None:
                yield Outcome.failed("", row.error, row.number)
            else:
                yield _once(variants.one(row), lines)
        return
    for group in reading.platform.layout.groups(_usable(rows, failed), reading):
        while failed and (failed[0].row or 0) < group.parent.number:
            yield failed.popleft()
        for sold in variants.read(group):
            yield _once(sold, lines)
    yield from failed


def _usable(rows: Iterable[Row], failed: deque[Outcome]) -> Iterator[Row]:
    for row in rows:
        if row.error is None:
            yield row
        else:
            failed.append(Outcome.failed("", row.error, row.number))


def _once(sold: Sold | Outcome, lines: FirstLines) -> FeedProduct | Outcome:
    """Let each id pass once."""
    if isinstance(sold, Outcome):
        return sold
    row, product, other_id = sold
    first = lines.add(product.product_id, row)
    if first is None:
        return FeedProduct(row, product)
    if other_id and lines.add(other_id, row) is None:
        detail = f"{product.product_id!r} stands on line {first} already"
        notes = (*product.notes, Note("id made of group and options", detail))
        return FeedProduct(row, replace(product, product_id=other_id, notes=notes))
    reason = f"expected each id once; {product.product_id!r} stands on line {first} already"
    return Outcome(product.product_id, "failed", reason, DUPLICATE, row)
