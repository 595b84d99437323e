"""Read mappings: those that an index is given, and the fields of any."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MAPPINGS = Path(__file__).parents[2] / "mappings"
TEXTS = {"text", "match_only_text", "annotated_text", "search_as_you_type", "semantic_text"}
"""Types of fields that hold words, not whole values."""

FLATTENED = {"flattened", "flat_object"}
"""Types of fields that hold an object with any keys, whose values are keywords."""


def visual_fields() -> dict[str, Any]:
    """Read the mapping of the object ``visual``."""
    mapping: dict[str, Any] = json.loads((MAPPINGS / "visual_fields.json").read_text())
    return mapping


def product_index() -> dict[str, Any]:
    """Read the settings and mappings of a new index, for a shop that has none."""
    index: dict[str, Any] = json.loads((MAPPINGS / "product_index.json").read_text())
    index["mappings"]["properties"]["visual"] = visual_fields()
    return index


def flatten(
    properties: Mapping[str, Any], prefix: str = "", *, sub_fields: bool = True
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """List the fields of a mapping and their definitions, objects and sub-fields among them.

    Args:
        properties: ``properties`` of the mapping.
        prefix: What stands before each name.
        sub_fields: List also what a field is indexed as beside itself.
    """
    for name, definition in properties.items():
        yield prefix + name, definition
        inner = definition.get("properties") or (sub_fields and definition.get("fields")) or {}
        yield from flatten(inner, f"{prefix}{name}.", sub_fields=sub_fields)


def is_object(definition: Mapping[str, Any]) -> bool:
    """Tell whether a field is an object with fields of its own."""
    return "properties" in definition or definition.get("type") in ("object", "nested")


def is_indexed(definition: Mapping[str, Any]) -> bool:
    """Tell whether a field can be searched, sorted or counted by."""
    if definition["type"] == "binary":
        return bool(definition.get("doc_values", False))
    has_doc_values = definition["type"] not in TEXTS
    return bool(definition.get("index", True) or definition.get("doc_values", has_doc_values))
