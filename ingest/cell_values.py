"""Cells of a feed as values: prices with or without their currency, and whole numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite

from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.numbers import read_number

# Signs that stand for one currency alone; "$" and "¥" stand for several.
_SIGNS: Mapping[str, str] = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW"}
_PRICE = re.compile(
    r"(?P<before>(?:[^\d\s.,+-]+\.?)?)\s*(?P<amount>\d[\d.,' ]*)\s*(?P<after>[^\d\s]*)"
)
_THOUSANDS = re.compile(r"\d{1,3}(\.\d{3}){2,}")
_CODE = re.compile(r"[A-Za-z]{3}")


def parse_price(text: str) -> tuple[float, str | None]:
    """Amount and currency code of ``12.99 EUR``, ``€12,99``, ``1,299.00`` …

    Of a comma and a dot the later one marks the fraction; a lone dot always does, and a lone comma
    does unless three digits follow it; several dots mark thousands. The currency is None where the
    text names none for certain.

    Raises:
        InvalidProduct: not a price.
    """
    match = _PRICE.fullmatch(" ".join(text.split()))
    if match is None:
        raise InvalidProduct(f"expected a price such as '12.99 EUR'; got {text[:40]!r}")
    try:
        amount = float(_decimal(match["amount"]))
    except ValueError:
        amount = float("nan")
    if not isfinite(amount):
        raise InvalidProduct(f"expected a price such as '12.99 EUR'; got {text[:40]!r}")
    return amount, _currency(match["before"]) or _currency(match["after"])


def parse_integer(value: str | float, what: str) -> int:
    """A whole number, also one that a spreadsheet has written as ``3.0``.

    Raises:
        InvalidProduct: not a whole number.
    """
    try:
        number = read_number(value) if isinstance(value, str) else float(value)
    except ValueError:
        number = float("nan")
    if not (isfinite(number) and number.is_integer()):
        raise InvalidProduct(
            f"expected a whole number as {what}; got {str(value)[:40]!r} (--columns {what}= keeps "
            "such a column as text)"
        )
    return int(number)


def _decimal(amount: str) -> str:
    digits = amount.replace("'", "").replace(" ", "")
    if _THOUSANDS.fullmatch(digits):
        return digits.replace(".", "")
    if digits.rfind(",") > digits.rfind("."):
        if "." not in digits and (digits.count(",") > 1 or re.search(r",\d{3}$", digits)):
            return digits.replace(",", "")
        return digits.replace(".", "").replace(",", ".")
    return digits.replace(",", "")


def _currency(sign: str) -> str | None:
    return sign.upper() if _CODE.fullmatch(sign) else _SIGNS.get(sign)
