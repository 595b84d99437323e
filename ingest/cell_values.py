"""Parse cell values of a feed: prices with or without a currency, and integers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite

from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.numbers import read_number

# Signs of one currency only; "$" and "¥" stand for several.
_SIGNS: Mapping[str, str] = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW"}
_PRICE = re.compile(
    r"(?P<before>(?:[^\d\s.,+-]+\.?)?)\s*(?P<amount>\d[\d.,' ]*)\s*(?P<after>[^\d\s]*)"
)
_THOUSANDS = re.compile(r"\d{1,3}(\.\d{3}){2,}")
_CODE = re.compile(r"[A-Za-z]{3}")


def parse_price(text: str) -> tuple[float, str | None]:
    """Parse the amount and currency code of ``12.99 EUR``, ``€12,99``, ``1,299.00`` …

    If there are a comma and a dot, the later one is the decimal separator. A single dot always
    is, and a single comma is unless three digits follow it. Several dots separate thousands. The
    currency is None if the text does not name one clearly.

    Raises:
        InvalidProduct: The text is not a price.
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


def parse_integer(value: str | float, role: str) -> int:
    """Parse an integer, also in the form ``3.0`` that spreadsheets write.

    Args:
        value: The cell value.
        role: Role of the column, for the message.

    Raises:
        InvalidProduct: The value is not an integer.
    """
    try:
        number = read_number(value) if isinstance(value, str) else float(value)
    except ValueError:
        number = float("nan")
    if not (isfinite(number) and number.is_integer()):
        raise InvalidProduct(
            f"expected a whole number as {role}; got {str(value)[:40]!r} (--columns {role}= keeps "
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
