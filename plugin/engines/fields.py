"""Read from the index's mapping how each field can be filtered on and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from houndstooth.mappings.document import PICTURES, VISUAL, is_visual
from houndstooth.mappings.engine import Filter, RangeFilter
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.mappings.product import Fact, Scalar
from houndstooth.plugin.engines.index_mapping import (
    FLATTENED,
    TEXTS,
    flatten,
    is_indexed,
    is_object,
)
from houndstooth.plugin.engines.number_types import checked_number, finite_number, is_numeric

VISUAL_FACETS = ("visual.category", "visual.great_category", "visual.attributes", PICTURES)
MAX_VALUE_LENGTH = 1024
"""Longer texts are stored but not indexed, as with ``ignore_above``."""

MAX_TERM_BYTES = 32_766
"""Longest text that is indexed as a whole."""

_BOOLEANS = ("true", "false")


def by_field(filters: Sequence[Filter]) -> dict[str, list[Filter]]:
    """Group filters by field; a document must pass one filter of every field."""
    groups: dict[str, list[Filter]] = {}
    for one in filters:
        groups.setdefault(one.field, []).append(one)
    return groups


class Fields:
    """The fields of an index and their types.

    Args:
        properties: ``properties`` of the index's mapping.
        visual: Name of the object ``visual`` in this index.
    """

    def __init__(self, properties: Mapping[str, Any], visual: str = VISUAL) -> None:
        self._definitions = dict(flatten(properties))
        self._visual = visual

    def __contains__(self, name: str) -> bool:
        return bool(self._definition(name))

    def __len__(self) -> int:
        """Number of fields, sub-fields and objects counted."""
        return len(self._definitions)

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def visual(self, name: str) -> str:
        """Return the path of a field of ``visual``."""
        return f"{self._visual}.{name}"

    def exact(self, name: str) -> str:
        """Return the field for exact values: the keyword sub-field of text, else the field.

        A field that is not in the index is returned unchanged; it matches nothing.

        Raises:
            InvalidFilter: The field is not a shop field, or its exact values are not indexed.
        """
        if name in VISUAL_FACETS:
            return self.visual(name.removeprefix(f"{VISUAL}."))
        target = self._target(name)
        if is_visual(target.partition(".")[0]):
            raise InvalidFilter(
                f"expected a field of the shop or one of {VISUAL_FACETS}; got {name!r}"
            )
        definition = self._definition(target)
        if not definition:
            return target
        if definition.get("type") in TEXTS:
            for sub_field, sub_definition in definition.get("fields", {}).items():
                if sub_definition["type"] == "keyword":
                    return f"{target}.{sub_field}"
            raise InvalidFilter(
                f"expected a field of whole values; {name!r} is text without a keyword"
            )
        if is_object(definition) or not is_indexed(definition):
            raise InvalidFilter(f"expected a field that is indexed; {name!r} is not")
        return target

    def countable(self, name: str) -> str:
        """Return the field for exact values if an engine can count them.

        Raises:
            InvalidFilter: It cannot.
        """
        exact = self.exact(name)
        if self.type(exact) == "flat_object":
            raise InvalidFilter(
                f"expected a field whose values can be counted; {name!r} is in a flat_object"
            )
        return exact

    def nested(self, name: str) -> str | None:
        """Return the path of the nested object that the field lies in, or None."""
        outer = parents(self._target(name))
        return next((path for path in outer if self.type(path) == "nested"), None)

    def doc_values(self, name: str | None) -> str | None:
        """Return the field whose doc values hold the exact values, or None."""
        if name is None or name not in self or self.nested(name):
            return None
        try:
            exact = self.exact(name)
        except InvalidFilter:
            return None
        if self._definitions.get(exact, {}).get("type") in FLATTENED:
            return None  # the values of all its keys
        return exact if self._definition(exact).get("doc_values", True) else None

    def check(self, one: Filter) -> None:
        """Check that the filter fits its field.

        Raises:
            InvalidFilter: The field cannot be filtered on, or not by such a value.
        """
        if is_visual(one.field.partition(".")[0]) and one.field != PICTURES:
            raise InvalidFilter(f"expected a filter on a field of the shop; got {one.field!r}")
        _check_values(one)
        self.exact(one.field)
        field_type = self.type(self._target(one.field))
        if isinstance(one, RangeFilter):
            if field_type is not None and self.number(one.field) is None:
                raise InvalidFilter(
                    f"expected a field of numbers for a range; {one.field!r} is {field_type}"
                )
        elif is_numeric(field_type) and finite_number(one.value) is None:
            raise InvalidFilter(f"expected a number for {one.field!r}; got {one.value!r}")
        elif field_type == "boolean" and one.value not in _BOOLEANS:
            raise InvalidFilter(f"expected true or false for {one.field!r}; got {one.value!r}")

    def number(self, name: str) -> str | None:
        """Return the field or sub-field that holds the values as numbers, or None."""
        target = self._target(name)
        definition = self._definitions.get(target, {})
        if is_numeric(definition.get("type")):
            return target
        for sub_field, sub_definition in definition.get("fields", {}).items():
            if is_numeric(sub_definition["type"]):
                return f"{target}.{sub_field}"
        return None

    def type(self, name: str) -> str | None:
        """Return the field's type, or None if there is no such field."""
        return self._definition(name).get("type")

    def takes_texts(self, name: str) -> bool:
        """Tell whether every text up to MAX_VALUE_LENGTH fits the field, or a new one."""
        definition = self._definition(name)
        return not definition or definition.get("type") in ("keyword", "text")

    def unwritable(self, name: str) -> str | None:
        """Return why no scalar value can be written to the field, or None."""
        definition = self._definition(name)
        if definition.get("type") == "alias":
            return f"expected a field of its own; {name!r} is an alias of {definition['path']!r}"
        if is_object(definition):
            return f"expected a field of single values; {name!r} is an object of the index"
        if definition.get("type") in FLATTENED:
            return f"expected a field of single values; {name!r} is in a flattened object"
        return None

    def misfit(self, name: str, value: Fact) -> str | None:
        """Return why the field cannot take the value, or None.

        An engine may still refuse a value of a type that is not known here, such as a date.
        """
        definition = self._definitions.get(name, {})
        field_type = definition.get("type")
        if definition.get("ignore_malformed"):
            return None
        for one in each(value):
            if one is None:
                continue
            if is_numeric(field_type):
                try:
                    checked_number(name, one, field_type)
                except ValueError as error:
                    return str(error)
            if field_type == "boolean" and str(one).lower() not in _BOOLEANS:
                return f"expected true or false for {name!r}; got {str(one)[:40]!r}"
            if field_type == "keyword" and not _fits_term(one, definition):
                return f"expected at most {MAX_TERM_BYTES} bytes for {name!r}; got a longer text"
        return None

    def too_long(self, name: str, value: Fact) -> str | None:
        """Return why a text is stored but not indexed, or None if it is indexed."""
        if not isinstance(value, str) or len(value) <= MAX_VALUE_LENGTH:
            return None
        definition = self._definitions.get(name, {"ignore_above": MAX_VALUE_LENGTH})
        most = definition.get("ignore_above", len(value))
        if len(value) <= most:
            return None
        return f"expected at most {most} characters in {name!r} to filter on; got {len(value)}"

    def indexed(self, name: str, value: Scalar) -> str | float | None:
        """Return the indexed form of a fact, for filters and facets; None = not indexed.

        Raises:
            ValueError: The value does not fit the field's type.
        """
        definition = self._definitions.get(name, {})
        if value is None or not definition.get("index", True):
            return None
        field_type = definition.get("type")
        if is_numeric(field_type):
            return checked_number(name, value, field_type)
        if field_type is None and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return text if len(text) <= definition.get("ignore_above", MAX_VALUE_LENGTH) else None

    def _target(self, name: str) -> str:
        """Return the field that an alias names, or the field itself."""
        definition = self._definitions.get(name, {})
        return str(definition["path"]) if definition.get("type") == "alias" else name

    def _definition(self, name: str) -> Mapping[str, Any]:
        """Return the field's definition, that of the flattened object it is a key of, or {}."""
        found = self._definitions.get(name)
        if found is None and "." in name:
            outer = (self._definitions.get(path, {}) for path in parents(name))
            return next((one for one in outer if one.get("type") in FLATTENED), {})
        return found or {}


def parents(name: str) -> Iterator[str]:
    """List the paths of the objects that a field lies in, the innermost first."""
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))


def leading_to(names: Iterable[str]) -> list[str]:
    """List names of facts, and of the objects that such facts may lie in, each once."""
    return [*dict.fromkeys(path for name in names for path in (name, *parents(name)))]


def each(value: Fact) -> Sequence[Scalar]:
    """Return the values of a fact, which may be a list."""
    return value if isinstance(value, list | tuple) else [value]  # type: ignore[list-item]


def facet_value(value: object) -> str:
    """Format a facet value for people and filters: ``12``, not ``12.0``."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def variant_group(value: object) -> str | None:
    """Format the value that all variants of a product have; None if it is empty."""
    return None if value is None or value == "" else facet_value(value)


def is_unicode(text: str) -> bool:
    """Tell whether the text can be written as UTF-8, without lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_values(one: Filter) -> None:
    if isinstance(one, RangeFilter):
        bounds = [bound for bound in (one.low, one.high) if bound is not None]
        if not all(map(isfinite, bounds)):
            raise InvalidFilter(f"expected finite bounds for {one.field!r}; got {bounds}")
    elif not is_unicode(one.field + one.value):
        raise InvalidFilter(f"expected a filter in UTF-8; got {one.field!r}: {one.value!r}")


def _fits_term(value: Scalar, definition: Mapping[str, Any]) -> bool:
    if not isinstance(value, str) or len(value) <= MAX_TERM_BYTES // 4:
        return True
    is_indexed = definition.get("index", True) or definition.get("doc_values", True)
    return "ignore_above" in definition or not is_indexed or len(value.encode()) <= MAX_TERM_BYTES
