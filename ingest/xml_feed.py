"""Google Merchant's XML feeds as rows: each RSS ``item`` or Atom ``entry`` is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.parsers import expat

from houndstooth.mappings.errors import InvalidFeed, InvalidProduct

PRODUCTS = ("item", "entry")
LONGEST_CELL = 131_072
"""In characters, as of a CSV's."""

Item = tuple[int, dict[str, Any], InvalidProduct | None]


def read_items(chunks: Iterable[bytes]) -> Iterator[Item]:
    """Line, cells by name, and error of each product, while the feed is read.

    Names are without their namespace (``g:price`` is ``price``). Of elements of one name the first
    that is not empty counts; those with elements of their own (``shipping``) are left out. From
    where the XML is broken on nothing can be read, which is the last row's error.

    Raises:
        InvalidFeed: no product can be read; or a document type is declared, which is how XML is
            made to grow or to read files.
    """
    reader = _Reader()
    try:
        for chunk in chunks:
            reader.parser.Parse(chunk, False)
            yield from reader.taken()
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        yield from reader.taken()
        reason = f"cannot read the XML from here on: {expat.ErrorString(error.code)}"
        if not reader.begun:
            raise InvalidFeed(f"line {error.lineno}: {reason}") from None
        yield error.lineno, {}, InvalidProduct(reason)
    if not reader.begun:
        raise InvalidFeed(f"expected an XML feed with {' or '.join(PRODUCTS)} elements; got none")


class _Reader:
    """Collects the products that expat has gone through; ``begun``: whether there is any."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.begun = False
        self._items: list[Item] = []
        self._line = 0
        self._cells: dict[str, str] | None = None
        self._error: InvalidProduct | None = None
        # Names of the elements that are open within the product.
        self._open: list[str] = []
        self._parts: list[str] = []
        self._nested = False

    def taken(self) -> list[Item]:
        """What has been collected since the last call."""
        items, self._items = self._items, []
        return items

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if self._cells is None:
            if name in PRODUCTS:
                self._line, self._cells, self._error = self.parser.CurrentLineNumber, {}, None
                self.begun = True
            return
        self._nested = bool(self._open)
        if not self._open:
            # Atom gives a link as an attribute.
            self._parts = [attributes.get("href", "")] if name == "link" else []
        self._open.append(name)

    def _text(self, text: str) -> None:
        if len(self._open) == 1:
            self._parts.append(text)

    def _end(self, _tag: str) -> None:
        if self._cells is None:
            return
        if not self._open:
            self._items.append((self._line, {} if self._error else self._cells, self._error))
            self._cells = None
            return
        name = self._open.pop()
        if self._open:
            return
        value = "".join(self._parts).strip()
        if len(value) > LONGEST_CELL:
            self._error = InvalidProduct(
                f"expected at most {LONGEST_CELL} characters in {name!r}; got {len(value)}"
            )
        elif not self._nested:
            self._cells[name] = self._cells.get(name) or value
        self._nested = False

    def _refuse(self, *_declared: object) -> None:
        raise InvalidFeed("expected XML without a document type (<!DOCTYPE …>)")
