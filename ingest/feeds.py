"""Read feeds as streams of rows: CSV, TSV, JSON Lines and XML.

The first line tells the format. Feeds are UTF-8, with or without a byte order mark; XML may
declare another encoding. A row that cannot be read has an ``error``, and reading continues.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, NoReturn, TextIO

from houndstooth.ingest.xml_feed import read_items
from houndstooth.mappings.errors import InvalidFeed, InvalidProduct

_DELIMITERS = ",;\t"
_SAMPLE = 100
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Row:
    """The cell values of one product by column name, or why they cannot be read.

    ``number`` is the line of the feed where the row begins; the first line is 1.
    """

    number: int
    cell_values: Mapping[str, Any] = field(default_factory=dict)
    error: InvalidProduct | None = None


@dataclass(frozen=True)
class Feed:
    """An open feed.

    Attributes:
        columns: Column names. For CSV and TSV those of the header, in order, with duplicates;
            for JSON Lines and XML all names in the first 100 products.
        rows: The rows; they can be read once.
        size: Number of lines that may hold products; None for XML and for a pipe.
    """

    columns: tuple[str, ...]
    rows: Iterator[Row]
    size: int | None = None


@contextmanager
def open_feed(path: Path) -> Iterator[Feed]:
    """Open a feed for one streaming pass.

    Raises:
        InvalidFeed: The feed is not a file, is empty, or is not UTF-8 text in one of the formats.
    """
    try:
        # Undecodable bytes become surrogates: then only their row is lost, not the feed.
        stream = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        raise InvalidFeed(f"cannot open the feed {path}: {error.strerror}") from None
    with stream:
        first = _first_line(stream, path)
        if first.lstrip().startswith("<"):
            yield _xml_feed(chain([first], iter(lambda: stream.read(_CHUNK), "")))
            return
        if first.lstrip().startswith("["):
            raise InvalidFeed(f"expected one JSON object a line in {path}; got a JSON array")
        json_lines = first.lstrip().startswith("{")
        feed = (_json_feed if json_lines else _table_feed)(chain([first], stream))
        size = count_lines(path) - (not json_lines) if path.is_file() else None
        yield replace(feed, size=size)


def count_lines(path: Path) -> int:
    """Count the lines of a file; the last one may lack its end.

    Lines end in line feeds or, if the file has none, in carriage returns.
    """
    feeds, returns, last = 0, 0, b""
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            feeds += block.count(b"\n")
            returns += block.count(b"\r")
            last = block[-1:]
    end = b"\n" if feeds else b"\r"
    return (feeds or returns) + (last not in (b"", end))


def _first_line(stream: TextIO, path: Path) -> str:
    try:
        first = stream.readline(_CHUNK)
        if not first.lstrip().startswith("<") and not first.endswith(("\n", "\r")):
            first += stream.readline()
    except OSError as error:
        raise InvalidFeed(f"cannot read the feed {path}: {error.strerror}") from None
    if not first.strip():
        raise InvalidFeed(f"expected a header or a JSON object in the first line of {path}; got ''")
    if not _is_text(first) or "\0" in first:
        raise InvalidFeed(
            f"expected UTF-8 text in {path}; got {first[:20].encode(errors='replace')!r}"
        )
    return first


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checked(row: Row) -> Row:
    texts = row.cell_values.items()
    broken = [name for name, value in texts if not (_is_text(name) and _is_text(value))]
    if not broken:
        return row
    names = ", ".join(broken).encode(errors="replace").decode()
    return Row(row.number, error=InvalidProduct(f"expected UTF-8 text in column {names}"))


# --- CSV and TSV ------------------------------------------------------------------------------


def _table_feed(lines: Iterator[str]) -> Feed:
    header_line = next(lines)
    frequency = Counter(character for character in header_line if character in _DELIMITERS)
    delimiter = max(_DELIMITERS, key=lambda character: frequency[character])
    reader = csv.reader(chain([header_line], lines), delimiter=delimiter, strict=True)
    try:
        header = tuple(name.strip() for name in next(reader))
    except csv.Error as error:
        raise InvalidFeed(f"cannot read the header: {error}") from None
    return Feed(header, _table_rows(reader, header, reader.line_num))


def _table_rows(reader: Iterator[list[str]], header: tuple[str, ...], lines: int) -> Iterator[Row]:
    while True:
        number = lines + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = f"cannot read the row: {error}{_span(number, reader.line_num)}"  # type: ignore[attr-defined]
            yield Row(number, error=InvalidProduct(message))
            continue
        finally:
            lines = reader.line_num  # type: ignore[attr-defined]
        if len(values) == len(header):
            yield _checked(Row(number, dict(zip(header, values, strict=True))))
        elif values:
            message = f"expected {len(header)} cells, as in the header; got {len(values)}"
            yield Row(number, error=InvalidProduct(message + _span(number, lines)))


def _span(first: int, last: int) -> str:
    return f", over lines {first} to {last}: is a quote left open?" if last > first else ""


# --- JSON Lines -------------------------------------------------------------------------------


def _json_feed(lines: Iterator[str]) -> Feed:
    return _named_feed(_json_rows(lines))


def _named_feed(rows: Iterator[Row]) -> Feed:
    """Open a feed whose rows name their columns themselves."""
    sample = list(islice(rows, _SAMPLE))
    columns = dict.fromkeys(name for row in sample for name in row.cell_values)
    return Feed(tuple(columns), chain(sample, rows))


def _json_rows(lines: Iterator[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            yield Row(number, error=InvalidProduct(f"expected a JSON object; {error}"))
            continue
        if isinstance(values, dict):
            yield _checked(Row(number, values))
        else:
            message = f"expected a JSON object; got {line.strip()[:40]!r}"
            yield Row(number, error=InvalidProduct(message))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


# --- XML --------------------------------------------------------------------------------------


def _xml_feed(chunks: Iterator[str]) -> Feed:
    items = read_items(chunk.encode(errors="surrogateescape") for chunk in chunks)
    return _named_feed(Row(line, values, error) for line, values, error in items)
