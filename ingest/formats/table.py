"""Read tables, CSV and TSV, as rows.

A row of one line and as many cells as the header is read by Python's CSV reader and nothing else.
Other rows are looked at: missing cells at the end are empty; cells beyond the header are left out
if the others stand in the right columns; and what the CSV reader cannot read is repaired.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Generator, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter

from houndstooth.ingest.formats.row import Block, Part, Row, lost_row, merge_texts
from houndstooth.ingest.formats.row_shape import RowShape
from houndstooth.ingest.formats.table_repair import MAX_LINES, WINDOW, Repair
from houndstooth.mappings.errors import InvalidFeed

DELIMITERS = {",": "CSV, commas", ";": "CSV, semicolons", "\t": "TSV", "|": "CSV, bars"}
"""Delimiters, and the words for a table that has them."""

_SAMPLE = 200
_VISION = (
    *("image-uri", "image-id", "product-set-id", "product-id", "product-category"),
    *("product-display-name", "labels", "bounding-poly"),
)
"""Columns of the import table of Vision Product Search, which has no header."""
_SEPARATOR_LINE = re.compile(r'"?sep=([^\w"\r\n])"?\s*', re.I)
_QUOTED = re.compile(r'"[^"]*("|\Z)')
_COMMENTED_NAME = re.compile(r'"?#\w+"?')


class Table:
    """A table whose header is read.

    Args:
        groups: Lists of the table's lines, with their ends.

    Attributes:
        columns: The names of the header, each once, without empty ones.
        delimiter: A key of ``DELIMITERS``, or what the first line says.
        header_lines: Number of lines up to the end of the header.

    Raises:
        InvalidFeed: There is no header.
    """

    def __init__(self, groups: Iterator[list[str]]) -> None:
        first = next(groups, [])
        skipped, stated = _skip_to_header(first)
        if skipped == len(first):
            raise InvalidFeed("expected a header in the first line; got none")
        self.delimiter = stated or _delimiter(first[skipped])
        reader = csv.reader(first[skipped:], delimiter=self.delimiter, strict=True)
        try:
            self._header = next(reader)
        except csv.Error as error:
            raise InvalidFeed(f"cannot read the header: {error}") from None
        self.header_lines = skipped + reader.line_num
        names = [name.strip().lstrip("\ufeff") for name in self._header]
        names[0] = names[0].removeprefix("#")
        if names[0].startswith("gs://"):
            names = [*_VISION, *map(str, range(len(_VISION), len(names)))][: len(names)]
            self._header, self.header_lines = names, skipped
        self._layout = Layout(names)
        self.columns = self._layout.columns
        self._width = len(names)
        self._lengths = {self._width}
        # A row that begins so may be empty, or the header once more.
        self._odd = {"", self._header[0]}
        self._whole = self._layout.is_simple
        self._shape = RowShape(self._width, [])
        self._repair = Repair(
            self.delimiter,
            self._width,
            fits=lambda cells: len(cells) in self._lengths,
            is_row=lambda cells: len(cells) == self._width and self._shape.has_links(cells),
        )
        self._line = self.header_lines
        self._groups = chain([first[self.header_lines :]], groups)

    def parts(self) -> Iterator[Part]:
        """Read the rows; they can be read once."""
        waiting: list[str] = []
        for group in self._groups:
            lines = waiting + group
            if self._shape.is_empty:
                self._shape = RowShape(self._width, _single_rows(lines[:_SAMPLE], self.delimiter))
            rows = self._read_whole(lines) if self._whole else None
            if rows is not None:
                if rows:
                    yield Block(self._line + 1, self.columns, rows)
                self._line += len(lines)
                waiting = []
            else:
                waiting = yield from self._read_each(lines, final=False)
        yield from self._read_each(waiting, final=True)

    def _read_whole(self, lines: list[str]) -> list[list[str]] | None:
        """Read lines that are a row each, fast; None if any is not."""
        if any('"' in line for line in lines):
            try:
                rows = list(csv.reader(lines, delimiter=self.delimiter, strict=True))
            except csv.Error:
                return None
        else:
            rows = [line.rstrip("\r\n").split(self.delimiter) for line in lines]
        if (
            len(rows) == len(lines)
            and set(map(len, rows)) == {self._width}
            and self._odd.isdisjoint(map(itemgetter(0), rows))
        ):
            return rows
        return None

    def _read_each(self, lines: list[str], final: bool) -> Generator[Row, None, list[str]]:
        """Read rows one by one; return the lines of a row that is not whole yet."""
        at, base = 0, self._line
        self._whole = self._layout.is_simple
        while at < len(lines):
            start = at
            reader = csv.reader(islice(lines, start, None), delimiter=self.delimiter, strict=True)
            try:
                for values in reader:
                    end = start + reader.line_num
                    if end - at > 1:
                        self._whole = False
                        if not self._is_whole(values, lines[at:end]):
                            break
                    elif len(values) > self._width and '\\"' in lines[at]:
                        # PHP writes a quote so; before a comma, it seemed to end the cell.
                        values = self._repair.read_line(lines[at]) or values
                    yield from self._settle(values, base + at + 1)
                    at = end
                else:
                    break
            except csv.Error:
                pass
            if not final and start + reader.line_num == len(lines) and self._is_short(lines, at):
                break
            cells, taken = self._repair.read_line(lines[at]), 1
            if cells is None:
                if not final and self._is_short(lines, at):
                    break
                cells, taken = self._repair.read_lines(_window(lines, at))
            if cells is not None:
                yield from self._settle(cells, base + at + 1)
            else:
                yield _lost(base + at + 1, taken)
            at += taken
        self._line = base + at
        return lines[at:]

    @staticmethod
    def _is_short(lines: list[str], at: int) -> bool:
        """Tell whether a row that begins there may go on after the lines."""
        return sum(map(len, islice(lines, at, None))) < WINDOW

    def _is_whole(self, values: Sequence[str], lines: Sequence[str]) -> bool:
        """Tell whether a row of several lines is one row, and no open quote joined several."""
        fits = len(values) in self._lengths or (
            len(values) > self._width and self._is_in_place(values)
        )
        return fits and not self._repair.joins_rows(lines)

    def _settle(self, values: list[str], number: int) -> Iterator[Row]:
        """Yield a row of any number of cells; none if it is empty or the header once more."""
        width = self._width
        excess = len(values) - width
        if not any(values) or values == self._header:
            return
        if excess > 0 and any(values[width:]) and not self._is_in_place(values):
            yield lost_row(
                number,
                f"expected {width} cells, as in the header; got {len(values)}: is a "
                f"{self.delimiter!r} in a cell, without quotes around it?",
            )
            return
        if excess:
            if width / 2 < len(values) < width:
                self._lengths.add(len(values))
            values = values[:width] + [""] * -excess
        yield Row(number, self._layout.cell_values(values))

    def _is_in_place(self, values: Sequence[str]) -> bool:
        return self._shape.fits(values) and not self._shape.ends_in_number()


class Layout:
    """Places of each column in a row; a name may occur several times.

    Attributes:
        columns: The names, each once, without empty ones.
        is_simple: Whether each cell has a name of its own.
    """

    def __init__(self, names: Sequence[str]) -> None:
        places: dict[str, list[int]] = {}
        for index, name in enumerate(names):
            if name:
                places.setdefault(name, []).append(index)
        self.columns = tuple(places)
        self.is_simple = len(places) == len(names)
        self._places = places

    def cell_values(self, values: Sequence[str]) -> dict[str, str | list[str]]:
        """Name the cells of a row that has as many as the header."""
        if self.is_simple:
            return dict(zip(self.columns, values, strict=True))
        return {
            name: values[places[0]]
            if len(places) == 1
            else merge_texts(values[place] for place in places)
            for name, places in self._places.items()
        }


def _skip_to_header(lines: Sequence[str]) -> tuple[int, str]:
    """Return the number of lines before the header, and the delimiter that one of them states."""
    stated = ""
    for number, line in enumerate(lines):
        if match := _SEPARATOR_LINE.fullmatch(line):
            stated = match[1]
        elif line.strip() and not _is_comment(line):
            return number, stated
    return len(lines), stated


def _is_comment(line: str) -> bool:
    """Tell whether a line is a comment; ``#id,title`` is a header whose first name has a ``#``."""
    if not line.lstrip(' "').startswith("#"):
        return False
    first, *others = line.strip().split(_delimiter(line))
    return not others or not _COMMENTED_NAME.fullmatch(first) or any("#" in o for o in others)


def _delimiter(header: str) -> str:
    bare = _QUOTED.sub("", header)
    return max(DELIMITERS, key=bare.count)


def _single_rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    for line in lines:
        try:
            rows += csv.reader([line], delimiter=delimiter, strict=True)
        except csv.Error:
            continue
    return rows


def _window(lines: Sequence[str], at: int) -> list[str]:
    length = 0
    for end in range(at, min(at + MAX_LINES, len(lines)) - 1):
        length += len(lines[end])
        if length >= WINDOW:
            return list(lines[at : end + 1])
    return list(lines[at : at + MAX_LINES])


def _lost(number: int, lines: int) -> Row:
    span = f", over lines {number} to {number + lines - 1}" if lines > 1 else ""
    return lost_row(number, f"cannot read the row{span}: is a quote left open?")
