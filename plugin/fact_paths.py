"""Find facts by name; a dotted name leads into objects, as in the engine's own queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.plugin.engines.fields import parents, variant_group
from houndstooth.plugin.filters import FIELD


def parse_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Parse names of fields, separated by commas.

    Raises:
        InvalidInput: One is not a name of a field.
    """
    names = tuple(name.strip(" ") for text in texts for name in text.split(","))
    for name in names:
        if not FIELD.fullmatch(name):
            raise InvalidInput(
                f"expected fields to be names separated by commas; got {name[:80]!r}"
            )
    return names


def names_path(names: Collection[str], path: str) -> bool:
    """Tell whether a field, or an object that it lies in, is among some names."""
    return any(one in names for one in (path, *parents(path)))


def select_facts(facts: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return the facts with some names; ``offers.price`` keeps that part of ``offers``."""
    kept: dict[str, Any] = {}
    for name, value in facts.items():
        inner = [one.removeprefix(f"{name}.") for one in names if one.startswith(f"{name}.")]
        if names_path(names, name):
            kept[name] = value
        elif isinstance(value, Mapping) and (part := select_facts(value, inner)):
            kept[name] = part
        elif isinstance(value, list):
            parts = [select_facts(one, inner) for one in value if isinstance(one, Mapping)]
            if any(parts):
                kept[name] = parts
    return kept


def fact_values(facts: Mapping[str, Any], name: str) -> Iterable[Any]:
    """List the single values of a fact, of all objects that its name leads into."""
    if "." in name:
        return _values_inside(facts, name)
    value = facts.get(name, ())
    values = value if isinstance(value, list | tuple) else (value,)
    return [one for one in values if not isinstance(one, Mapping)]


def _values_inside(facts: Mapping[str, Any], name: str) -> Iterator[Any]:
    for key in facts:
        if key != name and not name.startswith(f"{key}."):
            continue
        value = facts[key]
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, Mapping):
                if key == name:
                    yield one
            elif key != name:
                yield from fact_values(one, name.removeprefix(f"{key}."))


def variant_group_of(product: StoredProduct, field: str) -> str | None:
    """Return the group of a product: the first of its values, as an engine sorts them."""
    groups = map(variant_group, fact_values(product.facts, field))
    return min((group for group in groups if group is not None), default=None)
