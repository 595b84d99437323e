"""Numbers as people and shops write them; ``float`` reads more, such as ``1_0`` and ``nan``."""

from __future__ import annotations

import re
from math import isfinite

MAX_DIGITS = 20
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read_integer(text: str, least: int, most: int) -> int:
    """A whole number of ASCII digits within bounds, both included.

    Raises:
        ValueError: anything else.
    """
    digits = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    if not (digits and least <= int(text) <= most):
        raise ValueError(f"expected a whole number from {least} to {most}")
    return int(text)


def read_number(text: str) -> float:
    """A finite number of ASCII digits, blanks around it left out.

    Raises:
        ValueError: anything else.
    """
    number = float(text) if _NUMBER.fullmatch(text.strip()) else float("nan")
    if not isfinite(number):
        raise ValueError(f"expected a number; got {text[:40]!r}")
    return number
