"""Read the prices that a shopper asks for: "under 30", "30 to 50 euros"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from houndstooth.mappings.query_words import length_of, lies_in, query_words

_NUMBER = re.compile(r"(?!00)\d+(?:[.,]\d+)*")
_CENTS = re.compile(r"[.,]\d{1,2}$")
_WHOLE = re.compile(r"\d{1,3}(?:\.\d{3})+,\d\d|\d{1,3}(?:,\d{3})+\.\d\d")
"""An amount that is nothing but money: 1,000.50, with thousands and cents."""
_THOUSANDS = re.compile(r"\d{3}(?:[.,]\d{1,2})?")
_JOINING = ("\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "'", "’")
"""Signs between thousands that stand between no two numbers; a plain space does."""
_DASH = re.compile(r"\s*[-–—]\s*")
_MEASURE = re.compile(r"\s*[%‰°]|[\"″′]")
"""Signs after a number that is no price: 50%, 30 °C, 20"."""
_LIMIT = 1e9
"""Numbers from here on are no prices."""


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

    A range needs a currency, or a word of prices before it: "30-50" may be sizes. Numbers with a
    measure ("under 30 cm", "at least 50%", "size 36 to 38") are none. What is negated is none
    ("not between 30 and 50"), but "not over 50" is "up to 50". The currency is not compared: a
    shop has one.

    Args:
        words: Lower-case words without accents; a number is one word, as ``1.299,00``.
        gaps: What stands before each word in the text, and after the last one.
    """
    negated: set[int] = set()
    for start in range(len(words)):
        if start in negated:
            continue
        if found := _range_at(words, gaps, start) or _bound_at(words, gaps, start):
            return found
        if not (length := length_of(query_words().negations, words, start)):
            continue
        after = start + length
        if out := _range_at(words, gaps, after) or _amount_at(words, gaps, after):
            negated.update(range(start, out.stop))
        elif found := _bound_at(words, gaps, after):
            return PriceRange(found.high, found.low, start, found.stop)
    places = (place for place in range(len(words)) if place not in negated)
    return next((found for place in places if (found := _amount_at(words, gaps, place))), None)


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
    if not length or _is_size(words, start) or lies_in(known.names, words, start):
        return None
    if (number := _number_at(words, gaps, start + length, bound=True)) is None:
        return None
    if length_of(known.range, words, start) == length and not number.has_currency:
        before = _number_at(words, gaps, start - 1) if start else None
        if _is_size(words, start - 1) or (before and before.value <= number.value):
            return None  # "38 bis 40" are sizes
    low, high = (None, number.value) if below >= above else (number.value, None)
    return PriceRange(low, high, start, number.stop)


def _range_at(words: Sequence[str], gaps: Sequence[str], start: int) -> PriceRange | None:
    known = query_words()
    before = length_of(known.between, words, start) or length_of(known.above, words, start)
    if before and _is_size(words, start):
        return None
    if (first := _number_at(words, gaps, start + before)) is None:
        return None
    joiner = length_of(known.range, words, first.stop)
    dash = first.stop < len(words) and bool(_DASH.fullmatch(gaps[first.stop]))
    if not joiner and not dash:
        return None
    if (second := _number_at(words, gaps, first.stop + joiner)) is None:
        return None
    low, high = sorted((first.value, second.value))
    if not (before or first.has_currency or second.has_currency):
        return None
    if joiner and not before and first.value > second.value:
        return None  # "501 bis 50 €" is a name and a price
    return PriceRange(low, high, start, second.stop)


def _amount_at(words: Sequence[str], gaps: Sequence[str], start: int) -> PriceRange | None:
    number = _number_at(words, gaps, start)
    if number and (number.has_currency or _WHOLE.fullmatch(words[start])):
        return PriceRange(None, number.value, start, number.stop)
    return None


def _is_size(words: Sequence[str], start: int) -> bool:
    """Tell whether a word before says that a size or an age follows."""
    return start > 0 and (words[start - 1],) in query_words().sizes


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
    currency = length_of(known.money, words, start)
    first = start + currency
    if first >= len(words) or not _NUMBER.fullmatch(words[first]) or _is_size(words, start):
        return None
    stop = _end_of_thousands(words, gaps, first, bool(currency), bound)
    money = length_of(known.money, words, stop)
    attached = stop < len(words) and not gaps[stop] and not money  # "90s"
    if attached or length_of(known.measures, words, stop) or _MEASURE.match(gaps[stop]):
        return None
    value = _value("".join(words[first:stop]))
    if value >= _LIMIT:
        return None
    after = 0 if _DASH.fullmatch(gaps[stop]) else money
    return _Number(value, stop + after, bool(currency or after))


def _end_of_thousands(
    words: Sequence[str], gaps: Sequence[str], first: int, currency: bool, bound: bool
) -> int:
    """Return the place after the groups of thousands of a number of money.

    Over a plain space they are one number only where they cannot be two: "1 000 €", "1 200 €",
    "under 12 500 €"; but "air max 90 100 €" and "$30 501 jeans" are a name and a price.
    """
    alone, stop = first + 1, first + 1
    if not re.fullmatch(r"\d{1,3}", words[first]):
        return alone
    while (
        stop < len(words) and gaps[stop] in (" ", *_JOINING) and _THOUSANDS.fullmatch(words[stop])
    ):
        stop += 1
    after = bool(length_of(query_words().money, words, stop))
    groups = range(alone, stop)
    sure = all(gaps[place] in _JOINING or words[place].startswith("000") for place in groups)
    one_digit = len(words[first]) == 1 and not currency
    if (currency or after or bound) and (sure or one_digit or (bound and after)):
        return stop
    return alone


def _value(text: str) -> float:
    cents = _CENTS.search(text)
    whole = text[: cents.start()] if cents else text
    digits = re.sub(r"\D", "", whole)
    return float(f"{digits}.{cents[0][1:]}" if cents else digits)
