"""Read values for the number types of an index's fields."""

from __future__ import annotations

from math import isfinite

from houndstooth.mappings.numbers import read_number
from houndstooth.mappings.product import Scalar

_FLOATS = {"double", "float", "half_float", "scaled_float"}
_INTEGERS = {
    **{
        name: range(-(2 ** (bits - 1)), 2 ** (bits - 1))
        for name, bits in {"byte": 8, "short": 16, "integer": 32, "long": 64}.items()
    },
    "unsigned_long": range(2**64),
}


def is_numeric(field_type: str | None) -> bool:
    """Tell whether a field of this type holds numbers."""
    return field_type in _FLOATS or field_type in _INTEGERS


def finite_number(value: Scalar) -> float | None:
    """Return the number that a value is or a text holds, or None."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = read_number(value) if isinstance(value, str) else float(value)
    except ValueError:
        return None
    return number if isfinite(number) else None


def checked_number(name: str, value: Scalar, field_type: str | None) -> float:
    """Return the number that a value is for a field.

    Raises:
        ValueError: It is no number, or the field's type cannot hold it.
    """
    number = finite_number(value)
    if number is None:
        raise ValueError(f"expected a number for {name!r}; got {value!r}")
    limits = _INTEGERS.get(field_type or "")
    if limits is None:
        return number
    if not limits.start <= number < limits.stop:
        bits = (limits.stop - limits.start - 1).bit_length()
        raise ValueError(f"expected {name!r} to fit {bits} bits; got {value!r}")
    return int(number)
