"""Read the rows of a table that the CSV reader cannot: quotes that are open or not doubled.

Several readings are tried on the row's lines, each with its own rule of where a quote ends a cell.
A reading counts if it gives as many cells as the header, and if it does not join rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

WINDOW = 1 << 17
"""Maximum length of a row that is repaired, in characters."""

MAX_LINES = 200
"""Maximum number of lines of a row that is repaired."""

_QUOTE = re.compile(r'\\"|""')
Cells = list[str]


@dataclass(frozen=True)
class Grammar:
    """Rules of where quoted cells end.

    Attributes:
        delimiter: The character between cells.
    """

    delimiter: str

    @cached_property
    def _end(self) -> str:
        return rf"(?={re.escape(self.delimiter)}|[\r\n]|\Z)"

    @cached_property
    def doubled(self) -> re.Pattern[str]:
        """Pattern of a quoted cell whose quotes are doubled, as in every well-formed table."""
        return re.compile(rf'"((?:[^"]|"")*+)"{self._end}')

    @cached_property
    def escaped(self) -> re.Pattern[str]:
        """Pattern of a quoted cell in which a backslash stands before a quote, or it is doubled."""
        return re.compile(rf'"((?:[^"\\]|\\.|"")*+)"{self._end}', re.S)

    @cached_property
    def php(self) -> re.Pattern[str]:
        """Pattern of a cell as PHP writes it: a quote after a backslash may end the cell."""
        inner = rf'[^"\\]|""|\\"(?!{self._end})|\\(?!")|\\(?="{self._end})'
        return re.compile(rf'"((?:{inner})*+)"{self._end}')

    @cached_property
    def loose(self) -> re.Pattern[str]:
        """Pattern of a cell with quotes that are neither doubled nor escaped."""
        return re.compile(rf'"((?:[^"]|""|"(?!{self._end}))*+)"{self._end}')

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        return re.compile(rf"[^{re.escape(self.delimiter)}\r\n]*")

    def read(self, text: str, quoted: re.Pattern[str], at: int = 0) -> tuple[Cells, int] | None:
        """Read one row of a text.

        Args:
            text: The text.
            quoted: Pattern of a quoted cell.
            at: Index where the row begins.

        Returns:
            The cells and the index after the line end; None if a quote stays open.
        """
        cells: Cells = []
        while True:
            match = quoted.match(text, at) if text.startswith('"', at) else None
            if match is not None:
                cell = match[1].replace('""', '"')
                cells.append(cell if quoted is self.doubled else cell.replace('\\"', '"'))
            else:
                if text.startswith('"', at):
                    return None
                match = self._plain.match(text, at)
                cells.append(match[0] if match else "")
            at = match.end() if match else at
            if not text.startswith(self.delimiter, at):
                break
            at += len(self.delimiter)
        end = 2 if text.startswith("\r\n", at) else 1 if at < len(text) else 0
        return cells, at + end

    def ends_cell(self, line: str) -> bool:
        """Tell whether the first quote of a line ends a cell, which began on a line before."""
        bare = _QUOTE.sub("", line)
        at = bare.find('"')
        after = bare[at + 1 : at + 2]
        return (
            at > 0 and bare[at - 1] != self.delimiter and after in ("", "\n", "\r", self.delimiter)
        )

    def split(self, line: str) -> Cells:
        """Split a line at every delimiter: quotes are text."""
        return line.rstrip("\r\n").split(self.delimiter)


class Repair:
    """Reads the row at the beginning of some lines: of one line or, failing that, of several.

    Args:
        delimiter: The character between cells.
        width: Number of cells of the header.
        fits: Whether cells are as many as a row of this table has.
        is_row: Whether cells look like a row of this table; False if it cannot be told.
    """

    def __init__(
        self,
        delimiter: str,
        width: int,
        fits: Callable[[Cells], bool],
        is_row: Callable[[Cells], bool],
    ) -> None:
        self._grammar = Grammar(delimiter)
        self._width, self._fits, self._is_row = width, fits, is_row

    def read_lines(self, lines: Sequence[str]) -> tuple[Cells | None, int]:
        """Read a row of several lines; return its cells and its number of lines.

        The cells are None if the row is lost. Its lines are then those up to the next row.
        """
        found = self._read_lines(lines)
        if found is not None:
            return found
        lost = 1
        while lost < len(lines) and not self._begins_row(lines, lost):
            lost += 1
        return None, lost

    def joins_rows(self, lines: Sequence[str]) -> bool:
        """Tell whether the first line and another are rows by themselves."""
        first, *others = map(self._grammar.split, lines)
        return self._is_row(first) and any(map(self._is_row, others))

    def read_line(self, line: str) -> Cells | None:
        """Read a row of one line; None if no reading gives as many cells as a row has."""
        grammar = self._grammar
        for quoted in (grammar.php, grammar.escaped, grammar.loose):
            found = grammar.read(line, quoted)
            if found is not None and self._fits(found[0]):
                return found[0]
        plain = grammar.split(line)
        # A tab is never part of a cell without quotes, so that a quote there is text.
        safe = grammar.delimiter == "\t" or all(cell.count('"') % 2 == 0 for cell in plain)
        return plain if safe and len(plain) == self._width else None

    def _read_lines(self, lines: Sequence[str]) -> tuple[Cells, int] | None:
        grammar = self._grammar
        text = "".join(lines)[:WINDOW]
        for quoted in (grammar.doubled, grammar.escaped, grammar.php, grammar.loose):
            found = grammar.read(text, quoted)
            if found is None or not self._fits(found[0]):
                continue
            span = lines[: _count_lines(lines, found[1])]
            if self.joins_rows(span):
                continue
            if quoted is not grammar.doubled and self._holds_row(text, span):
                continue
            return found[0], len(span)
        return None

    def _holds_row(self, text: str, span: Sequence[str]) -> bool:
        """Tell whether a row begins on a line after the first."""
        grammar = self._grammar
        for at, line in zip(accumulate(map(len, span)), span[1:], strict=False):
            if grammar.ends_cell(line):
                continue
            rows = (grammar.read(text, quoted, at) for quoted in (grammar.doubled, grammar.escaped))
            if self.read_line(line) or any(row and self._fits(row[0]) for row in rows):
                return True
        return False

    def _begins_row(self, lines: Sequence[str], at: int) -> bool:
        # A row with as many cells as the header may be broken, too: an error of its own.
        if self.read_line(lines[at]) or len(self._grammar.split(lines[at])) == self._width:
            return True
        return self._read_lines(lines[at:]) is not None


def _count_lines(lines: Sequence[str], length: int) -> int:
    for number, line in enumerate(lines, start=1):
        length -= len(line)
        if length <= 0:
            return number
    return len(lines)
