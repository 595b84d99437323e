"""Read products whose variants are listed in a cell, as JSON from shops has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from houndstooth.ingest.cells.texts import as_text
from houndstooth.ingest.feeds import Row
from houndstooth.ingest.platforms.layouts import Group, Layout, OneEach, RoleTexts
from houndstooth.ingest.platforms.platform import attribute_group, normal

SELECTED = "selectedOptions"
"""Column of a variant's options: a list of objects with ``name`` and ``value``."""

_TITLES = frozenset({"title", "name", "displayname"})
_OPTION_LISTS = ("selectedoptions", "options", "attributes")
_OPTIONS = frozenset({*_OPTION_LISTS, *(f"option{number}" for number in range(1, 10))})
_SIZES = frozenset(
    map(normal, ("size", "größe", "taille", "talla", "taglia", "maat", "tamanho", "rozmiar"))
)
_NO_OPTION = "Default Title"


@dataclass(frozen=True)
class Nested:
    """A layout in which a cell of the role ``variants`` lists the variants of a product.

    The cell holds a list of objects, or an object around one, such as GraphQL's ``edges``.

    Attributes:
        rest: How rows belong together otherwise.
    """

    rest: Layout = field(default_factory=OneEach)

    @property
    def key(self) -> str:
        """Return the role whose text the rows of a product share; empty if there is none."""
        return self.rest.key

    def groups(self, rows: Iterable[Row], reading: RoleTexts) -> Iterator[Group]:
        """Collect rows, and make a row of each variant that a cell lists."""
        for group in self.rest.groups(rows, reading):
            parent, variants = _unfold(group.parent, reading)
            yield group._replace(parent=parent, variants=group.variants or variants)

    def unfolded(self, rows: Iterable[Row], reading: RoleTexts) -> Iterator[Row]:
        """Yield each row, and after it those of the variants that it lists."""
        for row in rows:
            parent, variants = _unfold(row, reading)
            yield parent
            yield from variants


def selected_options(cells: Mapping[str, Any]) -> dict[str, str]:
    """Read options from a list of objects with ``name`` and ``value``.

    Args:
        cells: Cell values by column name in normal form.
    """
    return dict(_pairs(cells.get(normal(SELECTED))))


def _unfold(row: Row, reading: RoleTexts) -> tuple[Row, list[Row]]:
    """Return the row of a product without its list of variants, and their rows."""
    cells, objects, used = row.cell_values, list[Mapping[str, Any]](), set[str]()
    for column in reading.roles["variants"]:
        value = cells.get(column)
        found = _objects(value)
        objects = objects or found
        if found or isinstance(value, dict):
            used.add(column)
    if not used:
        return row, []
    names: list[str] = []
    for column, value in cells.items():
        if objects and normal(column) == "options" and isinstance(value, list):
            names = [as_text(one) for one in value]
            used.add(column)
    parent = {column: value for column, value in cells.items() if column not in used}
    rows = [Row(row.number, _variant(parent, one, names, reading)) for one in objects]
    return Row(row.number, parent), rows


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in a list, or in an object around one."""
    if isinstance(value, dict):
        lists = [part for part in value.values() if isinstance(part, list)]
        value = lists[0] if lists else [*value.values()]
    if not isinstance(value, list):
        return []
    objects = [one.get("node", one) for one in value if isinstance(one, dict)]
    return [one for one in objects if isinstance(one, dict)]


def _variant(
    parent: Mapping[str, Any], stated: Mapping[str, Any], names: Sequence[str], reading: RoleTexts
) -> dict[str, Any]:
    """Return the cell values of a variant."""
    titled = reading.text(parent, "title")
    cells = {
        column: value
        for column, value in stated.items()
        if (plain := normal(column)) not in _OPTIONS and not (titled and plain in _TITLES)
    }
    known = {normal(column): value for column, value in stated.items()}
    options = _options(known, names)
    if reading.text(cells, "id") in ("", reading.text(parent, "id")):
        column = next(iter(reading.roles["id"]), "id")
        cells[column] = as_text(known.get("sku"))
        if not cells[column] and not options:
            title = next(filter(None, (as_text(known.get(name)) for name in _TITLES)), "")
            options = {"variant": title} if title else {}
    if options:
        cells[SELECTED] = [{"name": name, "value": value} for name, value in options.items()]
    if image := _image_of(parent, as_text(known.get("imageid"))):
        cells["image"] = image
    return cells


def _image_of(parent: Mapping[str, Any], image_id: str) -> Any:
    """Return the image with an id among those of a product; None if there is none."""
    for value in parent.values():
        for one in value if image_id and isinstance(value, list) else ():
            if isinstance(one, dict) and "src" in one and as_text(one.get("id")) == image_id:
                return one
    return None


def _options(known: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """Read the options of a variant.

    Args:
        known: The variant's values by column name in normal form.
        names: Names of the product's options, in order.
    """
    for name in _OPTION_LISTS:
        value = known.get(name)
        if isinstance(value, list) and not any(isinstance(one, dict) for one in value):
            value = {_name(names, place): one for place, one in enumerate(value)}
        if found := dict(_pairs(value)):
            return found
    numbered = {_name(names, place): known.get(f"option{place + 1}") for place in range(9)}
    found = dict(_pairs(numbered))
    return found or dict(
        _pairs({name: v for name, v in known.items() if name in _SIZES or attribute_group(name)})
    )


def _name(names: Sequence[str], place: int) -> str:
    return names[place] if place < len(names) else f"option{place + 1}"


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    """Yield names and values of options that are listed as objects, or are an object."""
    if isinstance(value, dict):
        value = [{"name": name, "value": one} for name, one in value.items()]
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            name, text = as_text(one.get("name")), as_text(one.get("value", one.get("option")))
            if name and text and text != _NO_OPTION:
                yield name, text
