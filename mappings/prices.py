"""Read the prices that a shopper asks for: "under 30", "30 to 50 euros"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from houndstooth.mappings.query_words import length_of, query_words

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CENTS = re.compile(r"[.,]\d{1,2}$")
_DASH = re.compile(r"\s*[-–—]\s*")


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
    """Find the first price among a shopper's words.

    Numbers with a measure ("under 30 cm", "size 36 to 38") are none. The currency is not compared:
    a shop has one.

    Args:
        words: Lower-case words without accents; a number is one word, as ``1.299,00``.
        gaps: What stands before each word in the text, one for each.
    """
    for start in range(len(words)):
        if found := _range_at(words, gaps, start) or _bound_at(words, start):
            return found
    return None


def _bound_at(words: Sequence[str], start: int) -> PriceRange | None:
    known = query_words()
    below = length_of(known.below, words, start)
    above = length_of(known.above, words, start)
    length = max(below, above)
    if not length or (number := _number_at(words, start + length)) is None:
        return None
    value, stop = number
    is_high = below >= above
    return PriceRange(None if is_high else value, value if is_high else None, start, stop)


def _range_at(words: Sequence[str], gaps: Sequence[str], start: int) -> PriceRange | None:
    known = query_words()
    before = length_of(known.between, words, start) or length_of(known.above, words, start)
    if (first := _number_at(words, start + before)) is None:
        return None
    low, place = first
    joiner = length_of(known.range, words, place)
    dash = place < len(words) and bool(_DASH.fullmatch(gaps[place]))
    if not joiner and not dash:
        return None
    if (second := _number_at(words, place + joiner)) is None:
        return None
    high, stop = second
    of_money = stop - start > before + 2 + joiner
    if dash and not (before or of_money):
        return None  # "501-505" is a name
    return PriceRange(min(low, high), max(low, high), start, stop)


def _number_at(words: Sequence[str], start: int) -> tuple[float, int] | None:
    """Read a number of money at a place; also where the words after it begin."""
    known = query_words()
    if start and length_of(known.measures, words, start - 1):
        return None
    start += length_of(known.money, words, start)
    if start >= len(words) or not _NUMBER.fullmatch(words[start]):
        return None
    stop = start + 1
    if length_of(known.measures, words, stop):
        return None
    return _value(words[start]), stop + length_of(known.money, words, stop)


def _value(text: str) -> float:
    cents = _CENTS.search(text)
    whole = text[: cents.start()] if cents else text
    digits = re.sub(r"\D", "", whole)
    return float(f"{digits}.{cents[0][1:]}" if cents else digits)
