"""Read feeds as streams of rows: CSV, TSV, JSON, XML and Excel workbooks, also packed.

The first bytes tell the format; the file's name does not matter. A row that cannot be read has an
``error``, and reading continues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path

from houndstooth.ingest.formats import json_feed, xml_feed
from houndstooth.ingest.formats.row import (
    Block,
    Feed,
    Part,
    Row,
    each_row,
    lost_row,
    name_columns,
)
from houndstooth.ingest.formats.source import EXPECTED, Source, open_source
from houndstooth.ingest.formats.table import DELIMITERS, Table
from houndstooth.ingest.formats.text import TextSource, blank_notices, known_encoding, split_lines
from houndstooth.mappings.errors import InvalidFeed

__all__ = ["Feed", "Row", "count_lines", "open_feed"]


@contextmanager
def open_feed(path: Path, encoding: str | None = None) -> Iterator[Feed]:
    """Open a feed for one streaming pass.

    Args:
        path: The feed.
        encoding: Encoding of its text; None detects it.

    Raises:
        InvalidFeed: The feed is not a file, is empty, or is of no known format; there is no such
            encoding.
    """
    if encoding is not None:
        known_encoding(encoding)
    with open_source(path) as source:
        if source.is_workbook:
            # Imported here: other feeds need no reader of workbooks.
            from houndstooth.ingest.formats.workbook import open_workbook

            yield open_workbook(source.stream, str(path), source.wrapping)
            return
        if not source.head.strip():
            raise InvalidFeed(f"expected {EXPECTED} in {path}; got an empty file")
        yield _open_text(source, path, encoding)


def count_lines(path: Path) -> int:
    """Count the lines of a file; the last one may lack its end.

    Lines end in line feeds or, if the file has none, in carriage returns.
    """
    feeds, returns, last = 0, 0, b""
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            feeds += block.count(b"\n")
            if not feeds:
                returns += block.count(b"\r")
            last = block[-1:]
    end = b"\n" if feeds else b"\r"
    return (feeds or returns) + (last not in (b"", end))


def _open_text(source: Source, path: Path, encoding: str | None) -> Feed:
    text = TextSource(source.stream, source.head, encoding)
    blocks = text.blocks()
    first = blank_notices(next(blocks))
    blocks = chain([first], blocks)
    begin = first.lstrip()[:1]
    counted = path.is_file() and not source.wrapping
    size: Callable[[int], int | None] = (
        (lambda skipped: count_lines(path) - skipped) if counted else lambda skipped: None
    )
    if begin == "<":
        return _named(xml_feed.read_products(blocks), "XML", text, source)
    if "\0" in first[:1024]:
        raise InvalidFeed(
            f"expected {EXPECTED} in {path}; got unknown bytes: {source.head[:20]!r} (a text in "
            "UTF-16 without a byte order mark is read with --encoding utf-16-le)"
        )
    if begin in ("[", "{"):
        start = json_feed.find_array(first)
        if start is not None:
            return _named(json_feed.read_array(blocks, start), "JSON", text, source)
        feed = _named(json_feed.read_lines(split_lines(blocks)), "JSON Lines", text, source)
        feed.size = size(0)
        return feed
    table = Table(split_lines(blocks))
    form = DELIMITERS.get(table.delimiter, f"CSV, {table.delimiter}")
    describe = partial(_describe, form, text, source)
    parts = _until_broken(table.parts(), text)
    return Feed(table.columns, parts, describe, size(table.header_lines))


def _named(rows: Iterator[Row], form: str, text: TextSource, source: Source) -> Feed:
    """Open a feed whose rows name their columns themselves."""
    columns, parts = name_columns(each_row(_until_broken(rows, text)))
    return Feed(columns, parts, partial(_describe, form, text, source))


def _describe(form: str, text: TextSource, source: Source) -> str:
    return ", ".join(filter(None, (form, text.decoder.describe(), source.wrapping)))


def _until_broken(parts: Iterator[Part] | Iterator[Row], text: TextSource) -> Iterator[Part]:
    """Read the rows; where the file or archive itself is broken, add an error."""
    part, last = None, 1
    for part in parts:
        yield part
    if text.failure is not None:
        if part is not None:
            last = part.number + (len(part.values) - 1 if isinstance(part, Block) else 0)
        yield lost_row(last, f"cannot read the feed from here on: {text.failure}")
