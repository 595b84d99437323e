"""Convert the rows of a feed to products."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice

from houndstooth.ingest.columns import Reading, read_as
from houndstooth.ingest.feeds import Feed, Row
from houndstooth.ingest.first_lines import FirstLines
from houndstooth.ingest.languages import detect_language
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import DUPLICATE, Outcome
from houndstooth.ingest.variants import FeedProduct, VariantReader
from houndstooth.mappings.product import Note

__all__ = ["FeedProduct", "read_feed", "read_products"]

SAMPLE = 300
"""Rows that are read ahead, to see how the feed writes its prices, and in which language."""

_WORDS = ("title", "category")
_AT_ONCE = 64
"""Products that are converted together."""


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
    if not reading.language:
        texts = (reading.text(row.cell_values, role) for row in sample for role in _WORDS)
        reading.language = detect_language([*filter(None, texts)])
    return reading, read_products(chain(sample, feed.rows), reading)


def read_products(rows: Iterable[Row], reading: Reading) -> Iterator[FeedProduct | Outcome]:
    """Convert rows to products, one for each variant that is sold.

    A row that cannot be used gives a failed outcome, and a product that is not sold, such as a
    draft, one that is left out. Of several products with the same id the first is used and the
    others fail.
    """
    variants, lines = VariantReader(reading), FirstLines()
    failed: deque[Outcome] = deque()
    groups = reading.platform.layout.groups(_usable(rows, failed), reading)
    while some := [*islice(groups, _AT_ONCE)]:
        for entry, other_id in variants.read(some):
            while failed and (failed[0].row or 0) < (entry.row or 0):
                yield failed.popleft()
            if isinstance(entry, Outcome):
                yield entry
                continue
            first = lines.add(entry.product.product_id, entry.row)
            yield entry if first is None else _again(entry, first, other_id, lines)
    yield from failed


def _usable(rows: Iterable[Row], failed: deque[Outcome]) -> Iterator[Row]:
    for row in rows:
        if row.error is None:
            yield row
        else:
            failed.append(Outcome.failed("", row.error, row.number))


def _again(
    entry: FeedProduct, first: int, other_id: str, lines: FirstLines
) -> FeedProduct | Outcome:
    """Give a product whose id is taken its other id, if that is free."""
    row, product = entry
    place = f"{product.product_id!r} stands on line {first} already"
    if other_id and lines.add(other_id, row) is None:
        notes = (*product.notes, Note("id made of group and options", place))
        return FeedProduct(row, replace(product, product_id=other_id, notes=notes))
    return Outcome(product.product_id, "failed", f"expected each id once; {place}", DUPLICATE, row)
