"""Convert the rows of a feed to products."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from houndstooth.ingest.columns import Reading, read_as
from houndstooth.ingest.first_lines import FirstLines
from houndstooth.ingest.formats.row import Block, Feed, Part, Row, each_row
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

    The language, if nobody gave it, is detected when the first product is read.

    Args:
        feed: The open feed.
        options: What the user says about it.
        facts: Whether to read facts.

    Raises:
        InvalidFeed: The columns are unclear.
    """
    options = options or ReadOptions()
    head: list[Part] = []
    sample: list[Row] = []
    for part in feed.parts:
        head.append(part)
        sample += each_row([part])
        if len(sample) >= SAMPLE:
            break
    del sample[SAMPLE:]
    reading = read_as(
        feed.columns,
        sample,
        options.columns,
        facts=facts,
        image_base=options.image_base,
        language=options.language,
    )
    return reading, _in_a_language(chain(head, feed.parts), sample, reading)


def _in_a_language(
    parts: Iterable[Part], sample: Sequence[Row], reading: Reading
) -> Iterator[FeedProduct | Outcome]:
    """Read the products; the language is detected with the first, as that takes a moment."""
    if not reading.language:
        texts = (reading.text(row.cell_values, role) for row in sample for role in _WORDS)
        reading.language = detect_language([*filter(None, texts)])
    yield from read_products(parts, reading)


def read_products(parts: Iterable[Part], reading: Reading) -> Iterator[FeedProduct | Outcome]:
    """Convert rows to products, one for each variant that is sold.

    A row that cannot be used gives a failed outcome, and a product that is not sold, such as a
    draft, one that is left out. Of several products with the same id the first is used and the
    others fail.
    """
    variants, lines = VariantReader(reading), FirstLines()
    run = _Run(iter(parts), variants)
    while True:
        yield from _read_run(run, reading, variants, lines)
        block = run.block
        if block is None:
            return
        last = len(block.values) - 1
        for at in range(0, last, _AT_ONCE):
            some = block.values[at : min(at + _AT_ONCE, last)]
            for entry in variants.read_plain(block.number + at, some):
                yield _once(entry, "", lines)
        # Not the last row: the next may have a further image of its product.
        rest = Block(block.number + last, block.columns, block.values[last:])
        run = _Run(run.parts, variants, rest.rows())


class _Run:
    """The rows up to the next block of plain rows.

    Attributes:
        parts: The feed's parts after the run.
        block: The block of plain rows that ends it, once the rows are read; None at the feed's end.
    """

    def __init__(
        self, parts: Iterator[Part], variants: VariantReader, first: Iterable[Row] = ()
    ) -> None:
        self.parts, self._variants, self._first = parts, variants, first
        self.block: Block | None = None

    def __iter__(self) -> Iterator[Row]:
        yield from self._first
        for part in self.parts:
            if isinstance(part, Row):
                yield part
            elif self._variants.is_plain(part):
                self.block = part
                return
            else:
                yield from part.rows()


def _read_run(
    run: _Run, reading: Reading, variants: VariantReader, lines: FirstLines
) -> Iterator[FeedProduct | Outcome]:
    failed: deque[Outcome] = deque()
    groups = reading.platform.layout.groups(_usable(run, failed), reading)
    while some := [*islice(groups, _AT_ONCE)]:
        for entry, other_id in variants.read(some):
            while failed and (failed[0].row or 0) < (entry.row or 0):
                yield failed.popleft()
            yield _once(entry, other_id, lines)
    yield from failed


def _usable(rows: Iterable[Row], failed: deque[Outcome]) -> Iterator[Row]:
    for row in rows:
        if row.error is None:
            yield row
        else:
            failed.append(Outcome.failed("", row.error, row.number))


def _once(entry: FeedProduct | Outcome, other_id: str, lines: FirstLines) -> FeedProduct | Outcome:
    """Let each id pass once; give a product whose id is taken its other id, if that is free."""
    if isinstance(entry, Outcome):
        return entry
    row, product = entry
    first = lines.add(product.product_id, row)
    if first is None:
        return entry
    place = f"{product.product_id!r} stands on line {first} already"
    if other_id and lines.add(other_id, row) is None:
        notes = (*product.notes, Note("id made of group and options", place))
        return FeedProduct(row, replace(product, product_id=other_id, notes=notes))
    return Outcome(product.product_id, "failed", f"expected each id once; {place}", DUPLICATE, row)
