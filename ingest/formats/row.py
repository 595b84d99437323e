"""Define what every format of a feed gives: rows, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, count, islice, repeat
from typing import Any

from houndstooth.mappings.errors import InvalidProduct

_SAMPLE = 100


@dataclass(slots=True)
class Row:
    """The cell values of one product by column name, or why they cannot be read.

    A value is a text. JSON also gives numbers, booleans, None, lists and dicts; XML gives dicts
    for nested elements. Several cells of one name give a list, if more than one is not empty.

    ``number`` is the line of the feed where the row begins; the first line is 1.
    """

    number: int
    cell_values: Mapping[str, Any] = field(default_factory=dict)
    error: InvalidProduct | None = None


@dataclass(slots=True)
class Block:
    """Rows of a table that follow each other, each of one line and with a cell for each column.

    Attributes:
        number: The line of the first row.
        columns: The column names.
        values: The texts of each row, in the order of the columns.
    """

    number: int
    columns: tuple[str, ...]
    values: list[list[str]]

    def rows(self) -> Iterator[Row]:
        """Make its rows."""
        cells = map(dict, map(zip, repeat(self.columns), self.values))
        return map(Row, count(self.number), cells)


Part = Row | Block
"""A part of a feed: a row, or several."""


def each_row(parts: Iterable[Part]) -> Iterator[Row]:
    """Yield the rows of a feed's parts."""
    for part in parts:
        if isinstance(part, Block):
            yield from part.rows()
        else:
            yield part


def lost_row(number: int, reason: str) -> Row:
    """Make the row of a product that cannot be read."""
    return Row(number, error=InvalidProduct(reason))


@dataclass
class Feed:
    """An open feed.

    Attributes:
        columns: Column names, each once. For tables those of the header, in order; for JSON and
            XML all names in the first 100 products.
        rows: The rows; they can be read once.
        describe: Function that gives ``description``.
        parts: The same rows, in parts that are faster to read; they are read once, either way.
        size: Number of lines that may hold products; None where counting them takes as long as
            reading the feed.
    """

    columns: tuple[str, ...]
    parts: Iterator[Part]
    describe: Callable[[], str]
    size: int | None = None
    rows: Iterator[Row] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = each_row(self.parts)

    @property
    def description(self) -> str:
        """The feed's form, such as ``CSV, semicolons, Windows-1252 (detected), gzip``.

        It tells what was found until now: a character of another encoding may come later.
        """
        return self.describe()


def name_columns(rows: Iterator[Row]) -> tuple[tuple[str, ...], Iterator[Part]]:
    """Collect the column names of the first 100 rows; return them and all the rows."""
    sample = list(islice(rows, _SAMPLE))
    columns = dict.fromkeys(name for row in sample for name in row.cell_values)
    return tuple(columns), chain(sample, rows)


def merge_texts(texts: Iterable[Any]) -> Any:
    """Merge the values of several cells of one name: a list if several are not empty."""
    filled = [text for text in texts if text not in ("", None)]
    return filled if len(filled) > 1 else filled[0] if filled else ""
