"""Decimal and thousands separators of numbers as shops write them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from math import isfinite
from typing import Any, NamedTuple

from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.numbers import read_number

MAX_STOCK = 2**31 - 1
_LANGUAGES = {
    "de": ",",
    "fr": ",",
    "es": ",",
    "it": ",",
    "nl": ",",
    "pt": ",",
    "pl": ",",
    "en": ".",
}
_GROUPS = re.compile(r"\d{1,3}(?:[ ']\d{3})+")
_GROUPED = re.compile(r"\d{1,3}(?:(?P<sign>[.,])\d{3}(?:(?P=sign)\d{3})*|(?:,\d\d)+,\d{3})")
_AGREED = 0.9
"""Share of a feed's prices that must have the same separator."""


class Separator(NamedTuple):
    """The decimal separator of a feed's numbers.

    Attributes:
        sign: ``.`` or ``,``; empty if unknown.
        long_fractions: Whether some fractions do not have two digits, as programs write them.
    """

    sign: str = ""
    long_fractions: bool = False


UNKNOWN = Separator()


class _Parts(NamedTuple):
    """A number split at its decimal separator; ``sign`` is empty if there is none."""

    whole: str
    sign: str
    fraction: str
    open: bool
    """Whether the sign may as well separate thousands."""


def find_separator(numbers: Iterable[str], language: str = "") -> Separator:
    """Find the decimal separator of a feed's numbers, else that of its language.

    ``1.299,90`` and ``19,90`` say comma, ``12.99`` says dot, ``1.299`` says nothing. If the
    numbers contradict each other, the separator is unknown.
    """
    found: Counter[str] = Counter()
    long_fractions = False
    for number in numbers:
        try:
            parts = _split(number)
        except ValueError:
            continue
        if parts.sign and not parts.open:
            found[parts.sign] += 1
            long_fractions |= len(parts.fraction) not in (0, 2)
        elif not parts.sign and ("." in number) != ("," in number):
            found["," if "." in number else "."] += 1
    if not found:
        return Separator(_LANGUAGES.get(language, ""))
    sign, count = found.most_common(1)[0]
    return Separator(sign, long_fractions) if count >= _AGREED * found.total() else UNKNOWN


def read_decimal(number: str, separator: Separator, decimals: int = 2) -> float:
    """Read digits with separators, such as ``1.299,90`` or ``1,29,999.00``.

    Args:
        number: The digits; groups may also be separated by ``'`` or a space.
        separator: The decimal separator of the feed.
        decimals: Number of decimals that the currency has.

    Raises:
        ValueError: It is not a number.
        InvalidProduct: It has two readings; the message names both.
    """
    parts = _split(number)
    if parts.open and _thousands(parts, number, separator, decimals):
        return float(parts.whole + parts.fraction)
    return float(f"{parts.whole or '0'}.{parts.fraction or '0'}")


def read_stock(value: str | float) -> int:
    """Read a whole number, also in the form ``7.0000``.

    Raises:
        InvalidProduct: The value is not a whole number of 32 bits.
    """
    try:
        number = read_number(value) if isinstance(value, str) else float(value)
    except (ValueError, OverflowError):
        number = float("nan")
    is_whole = isfinite(number) and number.is_integer() and not isinstance(value, bool)
    if not is_whole or abs(number) > MAX_STOCK:
        raise InvalidProduct(f"expected a whole number as stock; got {str(value)[:40]!r}")
    return int(number)


def is_number(value: Any) -> bool:
    """Tell whether a cell of JSON is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _thousands(parts: _Parts, number: str, separator: Separator, decimals: int) -> bool:
    """Decide whether ``1.299`` or ``1,299`` stands for 1299."""
    if decimals == 0:
        return True
    if decimals == 3 and (separator.sign or ".") == parts.sign:
        return False
    if separator.sign and separator.sign != parts.sign:
        return True
    if separator.sign == parts.sign and separator.long_fractions:
        return False
    # Programs write dots; three digits after a comma are thousands unless commas are decimal here.
    if parts.sign == "," and not separator.sign and decimals != 3:
        return True
    raise InvalidProduct(
        f"expected a price with one reading; got {number!r}, which may be {parts.whole}"
        f"{parts.fraction} or {parts.whole}.{parts.fraction}"
    )


def _split(number: str) -> _Parts:
    """Split a number at its decimal separator.

    Raises:
        ValueError: It is not a number.
    """
    last = max(number.rfind("."), number.rfind(","))
    sign = number[last] if last >= 0 else ""
    whole, fraction = (number[:last], number[last + 1 :]) if sign else (number, "")
    if fraction and not fraction.isdecimal():
        raise ValueError(number)
    if sign and sign in whole:  # several of them separate groups
        whole, fraction, sign = number, "", ""
    digits = _ungrouped(whole)
    alone = digits == whole and digits[:1] != "0"
    return _Parts(digits, sign, fraction, alone and len(fraction) == 3 and 1 <= len(digits) <= 3)


def _ungrouped(whole: str) -> str:
    if not whole or whole.isdecimal():
        return whole
    if not (_GROUPS.fullmatch(whole) or _GROUPED.fullmatch(whole)):
        raise ValueError(whole)
    return re.sub(r"[.,' ]", "", whole)
