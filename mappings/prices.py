"""Read the prices that a shopper asks for: "under 30", "30 to 50 euros"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from houndstooth.mappings.query_words import length_of, query_words

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CENTS = re.compile(r"[.,]\d{1,2}$")
_WHOLE = re.compile(r"\d{1,3}(?:\.\d{3})+,\d\d|\d{1,3}(?:,\d{3})+\.\d\d")
"""An amount that is nothing but money: 1,000.50, with thousands and cents."""
_THOUSANDS = re.compile(r"\d{3}(?:[.,]\d{1,2})?")
_BETWEEN_THOUSANDS = (" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "'", "’")
_DASH = re.compile(r"\s*[-–—]\s*")
ROUND, MIN_ROUND, MIN_SPREAD = 5, 10, 1.5
"""A range without a currency is one of prices if both ends are multiples of ROUND, MIN_ROUND or
more, and the higher is MIN_SPREAD times the lower: "30-50" is, sizes ("36-38", "104-110") are not.
"""


@dataclass(frozen=True)
class PriceRange:
    """A range of prices, both ends included; None leaves an end open.

    Attributes:
        start, stop: The words that state it, as places in the list of words.
    """

    low: float | None
    high: float | None
    start: int
    stop: int


def read_price(words: Sequence[str], gaps: Sequence[str]) -> PriceRange | None:
    """Find the first price among a shopper's words; an amount alone is the highest price.

    Numbers with a measure ("under 30 cm", "size 36 to 38") are none. The currency is not compared:
    a shop has one.

    Args:
        words: Lower-case words without accents; a number is one word, as ``1.299,00``.
        gaps: What stands before each word in the text, one for each.
    """
    for start in range(len(words)):
        if found := _range_at(words, gaps, start) or _bound_at(words, gaps, start):
            return found
    for start in range(len(words)):
        number = _number_at(words, gaps, start)
        if number and (number.has_currency or _WHOLE.fullmatch(words[start])):
            return PriceRange(None, number.value, start, number.stop)
    return None


@dataclass(frozen=True)
class _Number:
    """A number of money, and where the words after it begin."""

    value: float
    stop: int
    has_currency: bool


def _bound_at(words: Sequence[str], gaps: Sequence[str], start: int) -> PriceRange | None:
    known = query_words()
    below = length_of(known.below, words, start)
    above = length_of(known.above, words, start)
    length = max(below, above)
    if not length or (number := _number_at(words, gaps, start + length, bound=True)) is None:
        return None
    low, high = (None, number.value) if below >= above else (number.value, None)
    return PriceRange(low, high, start, number.stop)


def _range_at(words: Sequence[str], gaps: Sequence[str], start: int) -> PriceRange | None:
    known = query_words()
    before = length_of(known.between, words, start) or length_of(known.above, words, start)
    if (first := _number_at(words, gaps, start + before)) is None:
        return None
    joiner = length_of(known.range, words, first.stop)
    dash = first.stop < len(words) and bool(_DASH.fullmatch(gaps[first.stop]))
    if not joiner and not dash:
        return None
    if (second := _number_at(words, gaps, first.stop + joiner)) is None:
        return None
    low, high = first.value, second.value
    is_money = before or first.has_currency or second.has_currency
    if dash and not (is_money or _is_wide(low, high)):
        return None  # "501-505" is a name
    return PriceRange(min(low, high), max(low, high), start, second.stop)


def _is_wide(low: float, high: float) -> bool:
    is_round = low % ROUND == high % ROUND == 0
    return is_round and low >= MIN_ROUND and high >= MIN_SPREAD * low


def _number_at(
    words: Sequence[str], gaps: Sequence[str], start: int, *, bound: bool = False
) -> _Number | None:
    """Read a number of money at a place.

    Args:
        words, gaps: See ``read_price``.
        start: The place of the number, or of the currency before it.
        bound: Whether the words before it say that a price follows.
    """
    known = query_words()
    if start and length_of(known.measures, words, start - 1):
        return None
    currency = length_of(known.money, words, start)
    start += currency
    if start >= len(words) or not _NUMBER.fullmatch(words[start]):
        return None
    stop = start + 1
    end = stop
    while end < len(words) and gaps[end] in _BETWEEN_THOUSANDS and _THOUSANDS.fullmatch(words[end]):
        end += 1
    is_money = currency or length_of(known.money, words, end)
    round_ends = all(words[place].endswith("00") for place in range(stop, end))
    if len(words[start]) <= 3 and (is_money or (bound and round_ends)):
        stop = end  # "1 000 €", but not "under 30 501 jeans"
    if length_of(known.measures, words, stop):
        return None
    dash = stop < len(words) and _DASH.fullmatch(gaps[stop])
    after = 0 if dash else length_of(known.money, words, stop)
    return _Number(_value("".join(words[start:stop])), stop + after, bool(currency or after))


def _value(text: str) -> float:
    cents = _CENTS.search(text)
    whole = text[: cents.start()] if cents else text
    digits = re.sub(r"\D", "", whole)
    return float(f"{digits}.{cents[0][1:]}" if cents else digits)
