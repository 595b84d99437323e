"""Fit facts to an index: before a write by its mapping, after it by what was refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from houndstooth.mappings.product import Fact, Note
from houndstooth.plugin.engines.facts import LEFT_OUT, NOT_INDEXED, fit_facts, note_of_several
from houndstooth.plugin.engines.fields import Fields, each

MAX_REASON = 200
"""Longest reason of the engine that a note repeats, in characters."""

_LIMIT = "Limit of total fields"
_AT_MOST = "at most index.mapping.total_fields.limit fields"
_NAMES = re.compile(r"\[([^\]]+)\]|\"([^\"]+)\"")
_KINDS = {bool: "boolean", int: "long", float: "double", str: "string"}


class FactFitter:
    """Fits the facts of one bulk to the mapping as it is before the bulk.

    Args:
        mapping: The index's ``mappings``.
        fields: Its fields.
        read_limit: Reads how many fields the index may have.
    """

    def __init__(
        self, mapping: Mapping[str, Any], fields: Fields, read_limit: Callable[[], int]
    ) -> None:
        self._fields, self._read_limit = fields, read_limit
        self._dynamic = str(mapping.get("dynamic", True)).lower()
        self._templates = _templates(mapping)
        self._room: int | None = None
        self._granted: set[str] = set()

    def fit(self, facts: Mapping[str, Fact]) -> tuple[dict[str, Fact], list[Note]]:
        """Return the facts that the index can take, as it indexes them, and notes on the others.

        Of more fields than the index may have, the first that fit are taken.
        """
        fitting, notes = fit_facts(facts, self._fields)
        new = [name for name in fitting if name not in self._fields]
        if self._dynamic == "strict":
            notes += _leave_out(fitting, new, "fields that the index has")
        new = [name for name in new if fitting.get(name) is not None]
        if self._dynamic == "false" and new:
            notes.append(note_of_several(NOT_INDEXED, "expected fields that the index has", new))
        elif self._dynamic == "true" and new:
            beyond = [name for name in new if not self._grant(name, fitting[name])]
            notes += _leave_out(fitting, beyond, _AT_MOST)
        for name, value in fitting.items():
            if isinstance(value, float) and value.is_integer() and self._is_keyword(name):
                fitting[name] = int(value)  # 38.0 and 38 are one value in a filter
        return fitting, notes

    def without_refused(
        self, facts: Mapping[str, Fact], reason: str, known: bool
    ) -> tuple[dict[str, Fact], list[Note]]:
        """Return the facts without the one that the engine has refused, and a note on it.

        Args:
            facts: The facts that were sent.
            reason: Why the engine refused the document.
            known: Whether to leave out only what the reason names, not all facts.
        """
        rest = dict(facts)
        name = _named(reason, facts) if known else None
        if known and _LIMIT in reason:
            new = [name for name in facts if name not in self._fields]
            return rest, _leave_out(rest, new, _AT_MOST)
        if name is None:
            return {}, _leave_out(rest, [*facts], f"facts that fit: {reason[:MAX_REASON]}")
        value = rest.pop(name)
        if value is not None and name in self._fields and not self._fields.unwritable(name):
            rest[name] = None  # the stored value is no longer true
        return rest, [Note(LEFT_OUT, f"{name} {str(value)[:40]!r}: {reason[:MAX_REASON]}")]

    def _grant(self, name: str, value: Fact) -> bool:
        """Tell whether there is room for a new field, and take it."""
        if name in self._granted:
            return True
        if self._room is None:
            self._room = self._read_limit() - len(self._fields)
        size = self._size(value)
        if size > self._room:
            return False
        self._room -= size
        self._granted.add(name)
        return True

    def _size(self, value: Fact) -> int:
        """Number of fields that a new field and its sub-fields are."""
        kind = _KINDS.get(type(next(iter(each(value)), None)), "")
        template = self._templates.get(kind)
        if template is None:
            return 2 if kind == "string" else 1
        return 1 + len(template.get("fields", ()))

    def _is_keyword(self, name: str) -> bool:
        if name in self._fields:
            return self._fields.type(name) == "keyword"
        return self._templates.get("double", {}).get("type") == "keyword"


def _templates(mapping: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the mapping of new fields by JSON type, of templates that name no more than it."""
    found: dict[str, Mapping[str, Any]] = {}
    for template in mapping.get("dynamic_templates", ()):
        for definition in template.values():
            if definition.keys() == {"match_mapping_type", "mapping"}:
                found.setdefault(definition["match_mapping_type"], definition["mapping"])
    return found


def _leave_out(facts: dict[str, Fact], names: list[str], expected: str) -> list[Note]:
    """Remove facts, and return one note on those that had a value."""
    lost = [name for name in names if facts.pop(name) is not None]
    return [note_of_several(LEFT_OUT, f"expected {expected}", lost)] if lost else []


def _named(reason: str, facts: Mapping[str, Fact]) -> str | None:
    """Return the first fact that a reason names, or None; it may name a sub-field."""
    for names in _NAMES.findall(reason):
        parts = "".join(names).split(".")
        for end in range(len(parts), 0, -1):
            if (parent := ".".join(parts[:end])) in facts:
                return parent
    return None
