"""Read numbers as people write them, without forms such as ``1_0`` and ``nan``."""

from __future__ import annotations

import re
from math import isfinite

MAX_DIGITS = 20
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read_integer(text: str, minimum: int, maximum: int) -> int:
    """Read an integer in ASCII digits from ``minimum`` to ``maximum``.

    Raises:
        ValueError: The text is not such a number.
    """
    digits = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    if not (digits and minimum <= int(text) <= maximum):
        raise ValueError(f"expected a whole number from {minimum} to {maximum}")
    return int(text)


def read_number(text: str) -> float:
    """Read a finite number in ASCII digits; spaces around it are ignored.

    Raises:
        ValueError: The text is not such a number.
    """
    number = float(text) if _NUMBER.fullmatch(text.strip()) else float("nan")
    if not isfinite(number):
        raise ValueError(f"expected a number; got {text[:40]!r}")
    return number
