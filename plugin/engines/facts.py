"""Tell which facts fit an index; the others are left out and noted, never their product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isfinite

from houndstooth.mappings.document import is_visual
from houndstooth.mappings.product import Fact, Note
from houndstooth.plugin.engines.fields import MAX_VALUE_LENGTH, Fields, each, is_unicode

LEFT_OUT = "fact left out"
NOT_INDEXED = "fact not indexed"
"""Kinds of notes: a fact that is not stored, and one that is stored but cannot be filtered on."""

SHOWN_NAMES = 5
"""Number of fields that a note names."""


def fit_facts(facts: Mapping[str, Fact], fields: Fields) -> tuple[dict[str, Fact], list[Note]]:
    """Return the facts that the fields can take, and notes on the others.

    A value that does not fit becomes None, so that the stored one, which is no longer true, is
    cleared. A fact whose name cannot be written is missing.
    """
    fitting: dict[str, Fact] = {}
    notes: list[Note] = []
    for name, value in facts.items():
        if _is_short(value) and fields.takes_texts(name) and _unusable_name(name) is None:
            fitting[name] = value  # as nearly all facts, so the rest is rarely worth its time
            continue
        reason = _unusable_name(name) or fields.unwritable(name)
        if reason is None:
            reason = unusable_value(name, value) or fields.misfit(name, value)
            fitting[name] = value if reason is None else None
        if value is None:
            continue
        if reason is not None:
            notes.append(Note(LEFT_OUT, reason))
        elif why := fields.too_long(name, value):
            notes.append(Note(NOT_INDEXED, why))
    return fitting, notes


def note_of_several(kind: str, expected: str, names: Sequence[str]) -> Note:
    """Create one note on several facts; ``expected`` says what would have fitted."""
    shown = ", ".join(names[:SHOWN_NAMES]) + (", …" if len(names) > SHOWN_NAMES else "")
    return Note(kind, f"{expected}; got {len(names)} more: {shown}")


def unusable_value(name: str, value: Fact) -> str | None:
    """Return why no engine can take the value, or None."""
    for one in each(value):
        if one is not None and not isinstance(one, str | int | float | bool):
            return f"expected a string, number or truth value for {name!r}; got {str(one)[:40]!r}"
        if isinstance(one, float) and not isfinite(one):
            return f"expected a finite number for {name!r}; got {one!r}"
        if isinstance(one, int) and one.bit_length() > 63:
            return f"expected a number of 64 bits for {name!r}; got one of {one.bit_length()}"
        if isinstance(one, str) and not is_unicode(one):
            return f"expected text in UTF-8 for {name!r}; got lone surrogates"
    return None


def _is_short(value: Fact) -> bool:
    return type(value) is str and len(value) <= MAX_VALUE_LENGTH and value.isascii()


@lru_cache(maxsize=4096)
def _unusable_name(name: str) -> str | None:
    first, *_ = parts = name.split(".")
    if not all(parts) or name.startswith("_") or is_visual(first) or not is_unicode(name):
        return f"expected the name of a fact; {name!r} is reserved"
    return None
