"""Read cell values of any kind as text."""

from __future__ import annotations

from typing import Any

_KEYS = (
    *("fullName", "full_name", "amount", "name", "title", "text", "value", "label", "tracked"),
    *("minVariantPrice", "productTaxonomyNode", "url"),
)
_CURRENCIES = ("currencyCode", "currency_code", "currency")


def as_text(value: Any) -> str:
    """Convert a cell value to text: of a list its first text, of an object its name or amount."""
    if value.__class__ is str:
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, dict):
        text = next((text for key in _KEYS if (text := as_text(value.get(key)))), "")
        currency = next((value[key] for key in _CURRENCIES if key in value), "")
        return f"{text} {currency}".strip() if text else ""
    if isinstance(value, list):
        return next((text for one in value if (text := as_text(one))), "")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
