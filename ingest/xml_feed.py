"""Read XML feeds of Google Merchant; each RSS ``item`` or Atom ``entry`` is a product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.parsers import expat

from houndstooth.mappings.errors import InvalidFeed, InvalidProduct

PRODUCTS = ("item", "entry")
MAX_CELL_LENGTH = 131_072
"""Maximum length of a cell value in characters, as in CSV."""

Item = tuple[int, dict[str, Any], InvalidProduct | None]


def read_items(chunks: Iterable[bytes]) -> Iterator[Item]:
    """Yield line, cell values by name, and error of each product, while the feed is read.

    Names have no namespace: ``g:price`` gives ``price``. Of several elements with the same name
    the first that is not empty is used. Elements with child elements, such as ``shipping``, are
    left out. Reading ends where the XML is malformed; the last item then has an error.

    Raises:
        InvalidFeed: No product can be read, or the XML declares a document type, which allows
            entity expansion and access to files.
    """
    reader = _Reader()
    try:
        for chunk in chunks:
            reader.parser.Parse(chunk, False)
            yield from reader.take_items()
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        yield from reader.take_items()
        reason = f"cannot read the XML from here on: {expat.ErrorString(error.code)}"
        if not reader.begun:
            raise InvalidFeed(f"line {error.lineno}: {reason}") from None
        yield error.lineno, {}, InvalidProduct(reason)
    if not reader.begun:
        raise InvalidFeed(f"expected an XML feed with {' or '.join(PRODUCTS)} elements; got none")


class _Reader:
    """Collects the products that expat has parsed; ``begun`` tells whether any has begun."""

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
        self._values: dict[str, str] | None = None
        self._error: InvalidProduct | None = None
        # Names of the open elements within the product.
        self._open: list[str] = []
        self._parts: list[str] = []
        self._nested = False

    def take_items(self) -> list[Item]:
        """Return the items collected since the last call."""
        items, self._items = self._items, []
        return items

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if self._values is None:
            if name in PRODUCTS:
                self._line, self._values, self._error = self.parser.CurrentLineNumber, {}, None
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
        if self._values is None:
            return
        if not self._open:
            self._items.append((self._line, {} if self._error else self._values, self._error))
            self._values = None
            return
        name = self._open.pop()
        if self._open:
            return
        value = "".join(self._parts).strip()
        if len(value) > MAX_CELL_LENGTH:
            self._error = InvalidProduct(
                f"expected at most {MAX_CELL_LENGTH} characters in {name!r}; got {len(value)}"
            )
        elif not self._nested:
            self._values[name] = self._values.get(name) or value
        self._nested = False

    def _refuse(self, *_declared: object) -> None:
        raise InvalidFeed("expected XML without a document type (<!DOCTYPE …>)")
