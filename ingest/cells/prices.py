"""Prices as shops and their platforms write them.

price-parser 0.5 reads ``1’299.00`` as 1 and ``-12.99`` as 12.99, so the reading is our own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, nan
from typing import Any, NamedTuple

from houndstooth.ingest.cells.currencies import THREE_DECIMALS, WHOLE, currency_code
from houndstooth.ingest.cells.numbers import (
    UNKNOWN,
    Separator,
    find_separator,
    is_number,
    read_decimal,
)
from houndstooth.mappings.errors import InvalidProduct

MAX_LENGTH = 80
"""Longest text that is read as a price, in characters."""

_PLAIN = re.compile(r"(\d{1,15})(?:[.,](\d\d|\d{4,12}))?(?:[ \u00a0\u202f]?([A-Z]{3}|[€£]))?")
_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\u2002\u2003\u3000", " "),
        **dict.fromkeys("\u2019\u2018\u02bc\u2032\u00b4`\u066c", "'"),
        **dict.fromkeys("\u2012\u2013\u2014\u2015\u2212", "-"),
        **{"\u066b": ".", "．": ".", "，": ",", "￥": "¥", "＄": "$", "￡": "£", "￦": "₩"},
        **dict.fromkeys("\u200e\u200f\u061c\u200b\ufeff*¹²", None),
    }
)
_FROM = re.compile(
    r"(?:from|starting (?:at|from)|as low as|ab|à partir de|dès|desde|a partir de|da|a partire da"
    r"|vanaf|od|von|de|van)\b:?",
    re.IGNORECASE,
)
_TAX = re.compile(
    r",? ?\(?(?:\b(?:incl?|inkl)\w*\.? ?(?:\d+ ?% ?)?(?:vat|gst|tax|taxes|mwst|ust|btw|iva|tva)"
    r"|\b(?:vat|btw|iva|tva) ?(?:inc|inb)\w*|\bttc)\b\.?\)?$",
    re.IGNORECASE,
)
_SIGN_BETWEEN = re.compile(r"(\d) ?(€|£)(\d\d)$")
"""How France writes prices: ``12€99``."""
_TO = re.compile(r"(?<=[^\s.,-]) ?(?:-| to | bis | à | a | tot | até | hasta | do ) ?(?=[^\s-])")
_AMOUNT = re.compile(
    r"([^\d]*?)((?:(?<![^\W\d_])[.,])?\d[\d.,' ]*?)([.,:]--?)?((?:[ .]?[^\d\s.,'][^\d]*)?)"
)


class Price(NamedTuple):
    """A price.

    Attributes:
        amount: The amount, 0 or more, in units of the currency.
        currency: ISO 4217 code; None if the text does not name one clearly.
        lowest: Whether it is the lowest of a range, as of ``from 12.99``.
    """

    amount: float
    currency: str | None = None
    lowest: bool = False


@dataclass(frozen=True, slots=True)
class PriceReader:
    """Reads the prices of one feed.

    Attributes:
        separator: The feed's decimal separator.
        language: ISO 639-1 code of the feed's language; it settles ``kr`` and ``¥``.
    """

    separator: Separator = UNKNOWN
    language: str = ""

    @classmethod
    def from_samples(cls, texts: Iterable[Any], language: str = "") -> PriceReader:
        """Create the reader of a feed from some of its prices.

        Args:
            texts: Cell values of the feed's price columns; whatever is no price is passed over.
            language: ISO 639-1 code; empty if unknown.
        """
        numbers = (number for text in texts if isinstance(text, str) for number in _numbers(text))
        return cls(find_separator(numbers, language), language)

    def read(self, value: Any) -> Price:
        """Read a price such as ``12.99 EUR``, ``€ 1.299,-``, ``from £12`` or a number of JSON.

        Raises:
            InvalidProduct: It is not a price, it is negative, or it has two readings, such as
                ``1.299`` where the feed does not say which sign separates decimals.
        """
        if isinstance(value, str):
            plain = _PLAIN.fullmatch(value)
            if plain is None:
                return _read(value, self.separator, self.language)
            whole, fraction, word = plain.groups()
            try:
                code = currency_code(word) if word else None
            except KeyError:  # "12,99 TTC"
                return _read(value, self.separator, self.language)
            return Price(float(f"{whole}.{fraction}" if fraction else whole), code)
        if is_number(value) and value < 0:
            raise _negative(value)
        try:
            amount = float(value) if is_number(value) else nan
        except OverflowError:
            amount = nan
        if not isfinite(amount):
            raise _not_a_price(value)
        return Price(amount)


@lru_cache(maxsize=65_536)
def _read(text: str, separator: Separator, language: str) -> Price:
    parts, lowest = _parts(text)
    prices = [_read_one(part, text, separator, language) for part in parts]
    currencies = {price.currency for price in prices} - {None}
    if len(currencies) > 1:
        raise _not_a_price(text)
    price = min(prices, key=lambda one: one.amount)
    return Price(price.amount, next(iter(currencies), None), lowest or len(prices) > 1)


def _read_one(part: str, text: str, separator: Separator, language: str) -> Price:
    match = _AMOUNT.fullmatch(part)
    if match is None:
        raise _not_a_price(text)
    before, number, dash, after = match.groups()
    if before.endswith(("-", "- ")) or before.startswith("-"):
        raise _negative(text)
    try:
        currency = _currency(before, after, language)
        if dash and dash[0] != ":":
            number += dash[0]
        decimals = 0 if currency in WHOLE else 3 if currency in THREE_DECIMALS else 2
        amount = read_decimal(number, separator, decimals)
    except (KeyError, ValueError):
        raise _not_a_price(text) from None
    return Price(amount, currency)


def _currency(before: str, after: str, language: str) -> str | None:
    """Return the currency that the words name, such as ``US $`` and ``$ CAD``.

    Raises:
        KeyError: A word is no currency, or they name two.
    """
    found: set[str | None] = set()
    for text in (before.strip(" :"), after.strip(" :")):
        if not text:
            continue
        try:
            found.add(currency_code(text.replace(" ", ""), language))
        except KeyError:
            found.update(currency_code(word, language) for word in text.split())
    found.discard(None)
    if len(found) > 1:
        raise KeyError(before + after)
    return found.pop() if found else None


def _parts(text: str) -> tuple[list[str], bool]:
    """Split a range into its two prices, and tell whether the text says "from"."""
    if len(text) > MAX_LENGTH:
        raise _not_a_price(text)
    plain = " ".join(
        (html.unescape(text) if "&" in text else text).translate(_CHARACTERS).split()
    ).rstrip(" .")
    plain = _SIGN_BETWEEN.sub(r"\1,\3 \2", _TAX.sub("", plain))
    start = _FROM.match(plain)
    rest = plain[start.end() :].strip() if start else plain
    parts = _TO.split(rest)
    ranged = len(parts) == 2 and all(re.search(r"\d", part) for part in parts)
    return parts if ranged else [rest], start is not None


def _numbers(text: str) -> list[str]:
    """Return the numbers of a price's text, with their separators."""
    try:
        parts, _ = _parts(text)
    except InvalidProduct:
        return []
    matches = map(_AMOUNT.fullmatch, parts)
    return [match[2] + (match[3] or "")[:1].strip(":") for match in matches if match]


def _negative(value: object) -> InvalidProduct:
    return InvalidProduct(f"expected a price of 0 or more; got {str(value)[:40]!r}")


def _not_a_price(value: object) -> InvalidProduct:
    return InvalidProduct(f"expected a price such as '12.99 EUR'; got {str(value)[:40]!r}")
