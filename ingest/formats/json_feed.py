"""Read JSON feeds as rows: JSON Lines, one array, or an object that wraps one array.

An array is read object by object, so that memory stays flat and a broken object costs only itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from houndstooth.ingest.formats.row import Row, lost_row
from houndstooth.ingest.formats.text import GrowingText
from houndstooth.mappings.errors import InvalidFeed

MAX_OBJECT = 1 << 22
"""Maximum length of one object of an array, in characters."""

_SPACE = re.compile(r"[\s,]*")
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[{}\[\]]')
_CLOSERS = {"{": "}", "[": "]"}
_NEXT_OBJECT = re.compile(r"\s*\{")
_MEMBER = re.compile(r'\s*,?\s*("(?:[^"\\]|\\.)*")\s*:\s*')
_HALF = re.compile("[\ud800-\udfff]")
_OBJECTS = re.compile(r"\[\s*\{")
_CLOSED = re.compile(r"\s*\}")
_PRODUCT_KEYS = frozenset({"id", "title", "name", "sku", "handle"})


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def read_lines(groups: Iterator[list[str]]) -> Iterator[Row]:
    """Read JSON Lines: one object a line."""
    number = 0
    for lines in groups:
        for line in lines:
            number += 1
            text = line.strip().rstrip(",")
            if not text:
                continue
            try:
                value = _DECODER.decode(text)
            except (ValueError, RecursionError) as error:
                yield lost_row(number, f"expected a JSON object; {error}")
            else:
                yield _row(number, value, text)


def find_array(text: str) -> int | None:
    """Find the array of products in the beginning of a JSON feed.

    Args:
        text: The beginning of the feed, or all of it.

    Returns:
        The index after the array's bracket; None for JSON Lines. An object that has the keys of a
        product itself is a line, whatever lists it has.
    """
    start = _SPACE.match(text).end()  # type: ignore[union-attr]
    if text.startswith("[", start):
        return start + 1
    first, _, second = text[start:].partition("\n")
    if first.rstrip().endswith("}") and second.lstrip().startswith("{"):
        return None
    at = start + 1
    while match := _MEMBER.match(text, at):
        if json.loads(match[1], strict=False).lower() in _PRODUCT_KEYS:
            return None
        at = match.end()
        if _OBJECTS.match(text, at):
            return at + 1
        if text.startswith("{", at):
            at += 1
            continue
        try:
            _, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        while closed := _CLOSED.match(text, at):
            at = closed.end()
    return None


def read_array(blocks: Iterator[str], start: int) -> Iterator[Row]:
    """Read the objects of an array.

    Args:
        blocks: The text of the feed.
        start: Index after the array's bracket, from ``find_array``; within the first block.
    """
    reader = _ArrayReader(next(blocks, ""), blocks)
    reader.go_to(start)
    return reader.rows()


class _ArrayReader(GrowingText):
    """Reads the values of an array."""

    def rows(self) -> Iterator[Row]:
        count = 0
        while True:
            self.go_to(_SPACE.match(self.text, self.at).end())  # type: ignore[union-attr]
            if self.at == len(self.text):
                if self.grow():
                    continue
                yield lost_row(self.line, "expected the end of the JSON array; the feed is cut")
                return
            if self.text[self.at] == "]":
                if not count:
                    raise InvalidFeed("expected products in the JSON array; got none")
                return
            count += 1
            yield self._read()

    def _read(self) -> Row:
        """Read one value; a broken one ends where its brackets do."""
        number = self.line
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except (ValueError, RecursionError) as error:
                if len(self.text) - self.at < MAX_OBJECT and self.grow():
                    continue
                self.go_to(_end_of_broken(self.text, self.at))
                reason = getattr(error, "msg", str(error))
                return lost_row(number, f"expected a JSON object; {reason}")
            # A number may go on in the next block.
            if end == len(self.text) and self.grow():
                continue
            text = self.text[self.at : self.at + 40]
            self.go_to(end)
            return _row(number, value, text)


def _row(number: int, value: Any, text: str) -> Row:
    if isinstance(value, dict) and set(value) <= {"node", "cursor"} and "node" in value:
        value = value["node"]
    if not isinstance(value, dict):
        return lost_row(number, f"expected a JSON object; got {text[:40]!r}")
    if broken := [name for name, part in value.items() if not (_is_text(name) and _is_text(part))]:
        names = ", ".join(broken).encode(errors="replace").decode()
        return lost_row(number, f"expected text in column {names}; got half a character")
    return Row(number, value)


def _is_text(value: Any) -> bool:
    """Tell whether a value can be written: JSON may name half a character, a lone surrogate."""
    if isinstance(value, str):
        return value.isascii() or not _HALF.search(value)
    if isinstance(value, dict):
        return all(_is_text(key) and _is_text(part) for key, part in value.items())
    return all(map(_is_text, value)) if isinstance(value, list) else True


def _end_of_broken(text: str, start: int) -> int:
    """Return where a broken value ends: at its last bracket, or in the line of an open quote."""
    waiting: list[str] = []
    for token in _TOKEN.finditer(text, start):
        sign = token[0]
        if sign in _CLOSERS:
            waiting.append(_CLOSERS[sign])
        elif sign in ("}", "]"):
            if not waiting:
                # The bracket is the array's own, unless nothing would be left out.
                return max(token.start(), start + 1)
            if sign in waiting:
                while waiting.pop() != sign:
                    pass
        elif not sign.endswith('"') or sign == '"':
            if _NEXT_OBJECT.match(text, token.end()):
                return token.end()
            continue
        else:
            continue
        if not waiting:
            return token.end()
    return len(text)
