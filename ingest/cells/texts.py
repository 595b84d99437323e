"""Read cell values of any kind as text or as a fact."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from houndstooth.mappings.product import Fact, Note

_TAG = re.compile(r"<[A-Za-z/][^<>]*>")
_MAX_INTEGER = 2**63
_KEYS = (
    *("fullName", "full_name", "amount", "name", "title", "text", "value", "label", "content"),
    *("tracked", "minVariantPrice", "productTaxonomyNode", "url"),
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
    if isinstance(value, list | tuple):
        return next((text for one in value if (text := as_text(one))), "")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def without_objects(value: Any) -> Any:
    """Return a cell value with the names or amounts of objects in their place."""
    if isinstance(value, dict):
        return as_text(value)
    if isinstance(value, list):
        return [text for one in value if (text := as_text(one))]
    return value


def has_objects(value: Any) -> bool:
    """Tell whether a cell value is an object, or a list in which there are some."""
    parts = value if isinstance(value, list) else [value]
    return any(isinstance(part, dict | list) for part in parts)


def plain_title(title: str) -> str:
    """Return a title without tags, its character references decoded."""
    return " ".join(_TAG.sub(" ", html.unescape(title)).split())


def read_fact(name: str, value: Any, row: int, notes: dict[int, list[Note]]) -> Fact:
    """Convert a cell value to a fact; one that cannot be stored is noted."""
    if value is None or isinstance(value, str | bool | float):
        return value
    if isinstance(value, int) and abs(value) < _MAX_INTEGER:
        return value
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return [str(one) for one in value] or None
    shown = json.dumps(value, ensure_ascii=False, default=str)[:60]
    note = Note("field left out", f"expected one value in {name}; got {shown}")
    notes.setdefault(row, []).append(note)
    return None
