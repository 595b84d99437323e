"""Read XML feeds as rows: RSS, Atom, and feeds of products by other names.

The text is cut into products, and each is parsed by itself. So a product that is no XML costs
only itself, and nothing around the products is parsed: no document type, no entities, no files.
Before that, what shops write by mistake is put right: raw ampersands, names of HTML's characters,
control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import name2codepoint
from typing import Any
from xml.parsers import expat

from houndstooth.ingest.formats.row import Row, lost_row, merge_texts
from houndstooth.ingest.formats.text import GrowingText
from houndstooth.ingest.formats.xml_names import find_product_name
from houndstooth.mappings.errors import InvalidFeed, InvalidProduct

MAX_CELL = 1 << 17
"""Maximum length of a cell value in characters, as in CSV."""

MAX_PRODUCT = 1 << 22
"""Maximum length of a product in characters."""

_MAX_DEPTH = 8
_HEAD = 1 << 18
_DECLARES = re.compile(r"<!DOCTYPE[^>\[]*\[")
_PAGE = re.compile(r"<html[\s>]", re.I)
_OPENS = re.compile(r"<[^\W\d]")
_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff"
_FAULT = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
    r"|&(?!(?:amp|lt|gt|quot|apos);)(?:#(\d+|x[\da-fA-F]+);|(\w+);)?"
    rf"|<(?![^\W\d]|[/!?:])|[{_CONTROL}]",
    re.S,
)
_CONTROLS = re.compile(f"[{_CONTROL}]")


def read_products(blocks: Iterator[str]) -> Iterator[Row]:
    """Read each product of an XML feed, numbered by the line where it begins.

    Names have no namespace: ``g:price`` gives ``price``. Of ``title`` and ``g:title`` the first
    that is not empty is used; the same name again gives a list. An element with elements inside
    gives a dict of theirs; attributes of the product are values, too.

    Raises:
        InvalidFeed: There are no products, or a document type declares entities.
    """
    head = ""
    while len(head) < _HEAD and (block := next(blocks, None)) is not None:
        head += block
    name = find_product_name(head)
    if name is None:
        kind = "an HTML page" if _PAGE.search(head) else "none"
        raise InvalidFeed(
            "expected an XML feed of products with an id and an image each, such as item or entry "
            f"elements; got {kind}"
        )
    cutter = _Cutter(head, blocks, name)
    prefix = head[: cutter.find_first()]
    if _DECLARES.search(prefix):
        raise InvalidFeed("expected XML without entity declarations (<!DOCTYPE … [ … ]>)")
    yield from cutter.rows()
    rest = cutter.rest
    if _OPENS.search(prefix) and rest and "</" not in rest:
        line = cutter.line + rest.count("\n")
        yield lost_row(line, "expected the end of the XML; the feed is cut off here")


class _Cutter(GrowingText):
    """Cuts the text at the beginnings and ends of products."""

    def __init__(self, text: str, blocks: Iterator[str], name: str) -> None:
        super().__init__(text, blocks)
        self._tag = re.compile(
            r"<(?:!\[CDATA\[(?:.*?\]\]>|(?P<open>.*)\Z)|!--(?:.*?-->|(?P<note>.*)\Z)"
            rf"|(?P<end>/?)(?:[\w.-]+:)?{re.escape(name)}(?=[\s/>])[^<>]*?(?P<empty>/?)>)",
            re.S,
        )

    def find_first(self) -> int:
        """Return where the first product begins."""
        for match in self._tag.finditer(self.text):
            if match["end"] == "":
                return match.start()
        return len(self.text)

    @property
    def rest(self) -> str:
        """Text after the last product; empty if that product has no end."""
        return self.text[self.at :]

    def rows(self) -> Iterator[Row]:
        """Read the products."""
        while True:
            starts, end = self._next_product()
            if starts and end is not None:
                self.go_to(starts[0])
                row = parse_product(self.text[self.at : end], self.line)
                # A product that is not closed holds the next one.
                is_joined = row.error is not None and len(starts) > 1
                self.go_to(starts[1] if is_joined else end)
                yield row
            elif self._is_lost(starts) or not self.grow():
                if not starts:
                    return
                self.go_to(starts[0])
                yield lost_row(self.line, "expected the end of the product; got the next or none")
                self.go_to(starts[1] if len(starts) > 1 else len(self.text))

    def _is_lost(self, starts: list[int]) -> bool:
        """Tell whether a product without an end is given up."""
        return len(starts) > _MAX_DEPTH or (
            bool(starts) and len(self.text) - starts[0] > MAX_PRODUCT
        )

    def _next_product(self) -> tuple[list[int], int | None]:
        """Find the beginnings of the next product and of those in it, and its end."""
        starts: list[int] = []
        depth = 0
        # Only a tag may go on in the next block.
        whole = max(self.text.rfind("<"), self.at)
        for match in self._tag.finditer(self.text, self.at):
            if match["end"] is None:
                if match["open"] is not None or match["note"] is not None:
                    whole = match.start()
            elif match["end"]:
                depth -= depth > 0
                if starts and not depth:
                    return starts, match.end()
            else:
                starts.append(match.start())
                if not match["empty"]:
                    depth += 1
                elif not depth:
                    return starts, match.end()
                if depth > _MAX_DEPTH:
                    return starts, None
        if not starts:
            self.go_to(whole)
        return starts, None


def parse_product(text: str, number: int) -> Row:
    """Parse the element of one product, which begins on a line of that number."""
    try:
        return Row(number, _Parser().parse(repair(text)))
    except expat.ExpatError as error:
        reason = f"cannot read the XML: {expat.ErrorString(error.code)}"
        return lost_row(number, f"{reason}, on line {number + error.lineno - 1}")
    except InvalidProduct as error:
        return Row(number, error=error)


def repair(text: str) -> str:
    """Put right what is no XML but clearly meant: ``&``, ``&nbsp;``, ``5 < 6``, control characters.

    CDATA sections and comments only lose control characters.
    """
    return _FAULT.sub(_mend, text)


def _mend(match: re.Match[str]) -> str:
    fault = match[0]
    if fault.startswith("<!"):
        return _CONTROLS.sub(" ", fault)
    if match[1]:
        digits = match[1]
        code = int(digits[1:], 16) if digits[0] == "x" else int(digits)
        return fault if code < 0x110000 and not _CONTROLS.match(chr(code)) else ""
    if match[2]:
        code = name2codepoint.get(match[2], 0)
        return chr(code) if code else f"&amp;{match[2]};"
    return {"&": "&amp;", "<": "&lt;"}.get(fault, " ")


class _Parser:
    """Collects the values of one element: texts by name, dicts of elements in it."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        # Of each open element: values by qualified name, parts of its text, link and currency.
        self._open: list[tuple[dict[str, list[Any]], list[str], str, str]] = []
        self._values: dict[str, Any] = {}

    def parse(self, text: str) -> dict[str, Any]:
        self._parser.Parse(text, True)
        return self._values

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        values: dict[str, list[Any]] = {}
        if not self._open:
            values = {name: [value] for name, value in attributes.items() if name[:5] != "xmlns"}
        # Atom and Media RSS give a link as an attribute.
        link = attributes.get("href") or attributes.get("url") or ""
        self._open.append((values, [], link, attributes.get("currency", "")))

    def _text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def _end(self, tag: str) -> None:
        values, parts, link, currency = self._open.pop()
        text = "".join(parts).strip()
        if text and currency:  # <price currency="EUR">12.99</price>
            text = f"{text} {currency}"
        value: Any = _by_local_name(values) if values else text or link
        if not self._open:
            self._values = value if values else {}
            return
        if isinstance(value, str) and len(value) > MAX_CELL:
            name = tag.rpartition(":")[2]
            raise InvalidProduct(
                f"expected at most {MAX_CELL} characters in {name!r}; got {len(value)}"
            )
        self._open[-1][0].setdefault(tag, []).append(value)


def _by_local_name(values: dict[str, list[Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for tag, same in values.items():
        name = tag.rpartition(":")[2]
        merged[name] = merged.get(name) or merge_texts(same)
    return merged
