"""Convert the cell values of a product to a Product, by positions that are found once a feed."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from houndstooth.ingest.category_paths import read_category
from houndstooth.ingest.cell_texts import as_text
from houndstooth.ingest.cells.ids import check_id
from houndstooth.ingest.columns import Reading, fact_name
from houndstooth.ingest.offer_reader import OfferReader
from houndstooth.ingest.platforms.platform import ATTRIBUTES, attribute_group, no_options, normal
from houndstooth.ingest.positions import Values, getter, text_reader
from houndstooth.ingest.references import read_images
from houndstooth.mappings.features import Box
from houndstooth.mappings.product import Fact, Note, Product

_KEPT = frozenset({"category", "status", "tracked", "kind", *ATTRIBUTES})
"""Roles whose columns are facts too, under their own names."""
_TAG = re.compile(r"<[A-Za-z/][^<>]*>")
_MAX_INTEGER = 2**63
_REMEMBERED = 1 << 14


class ProductReader:
    """Converts cell values to products, as a ``Reading`` says."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._compile()

    def product(
        self,
        cells: Mapping[str, Any],
        *,
        product_id: str | None = None,
        images: Sequence[str] | None = None,
        options: Mapping[str, str] | None = None,
        group: str | None = None,
        notes: Sequence[Note] = (),
    ) -> Product:
        """Convert cell values to a product.

        Args:
            cells: Cell values by column name.
            product_id, images, options, group: Known values; None reads them from the cells.
            notes: What is known to be added or left out.

        Raises:
            InvalidProduct: The id or image is missing.
            InvalidBox: The box is malformed.
        """
        values, noted = self._values(cells), [*notes]
        if product_id is None:
            product_id = check_id(self._id(values))
        if images is None:
            images = read_images(self._images(values), self._base, noted) or read_images(
                self._stored(values), self._base, noted
            )
        if options is None:
            options = self.options(cells) if self._has_options else {}
        title = self._title(values)
        if "&" in title or "<" in title:
            title = " ".join(_TAG.sub(" ", html.unescape(title)).split())
        attributes = self._attributes(values)
        if options:
            stated = {name: text for o, text in options.items() if (name := attribute_group(o))}
            attributes = {**attributes, **stated}
        offer = self._offers.read(values)
        noted += offer.notes
        facts: dict[str, Fact] | None = None
        if self._reading.facts:
            facts = self._facts(values, noted)
            facts["title"] = title or None
            for name, read in self._plain:
                facts[name] = read(values) or None
            facts |= offer.facts
            facts["image"] = images[0] if images else None
            if len(images) > 1:
                facts["images"] = images
            elif self._several_images:
                facts["images"] = None
            if group is not None:
                facts["group"] = group or None
            for name, text in options.items():
                facts[fact_name(name.lower())] = text
        return Product(
            product_id,
            title,
            images,
            self._category(values),
            self._box(values) if self._boxes else None,
            facts,
            attributes,
            self._reading.language,
            noted,
        )

    def images(self, values: Sequence[Any], notes: list[Note]) -> tuple[str, ...]:
        """Read image references; see ``read_images``."""
        return read_images(values, self._base, notes)

    def options(self, cells: Mapping[str, Any]) -> dict[str, str]:
        """Read the options of a variant."""
        return self._reading.platform.options({n: cells.get(c) for n, c in self._option_columns})

    def _compile(self) -> None:
        """Find the positions of the columns."""
        reading, columns, roles = self._reading, self._reading.columns, self._reading.roles
        places = {column: place for place, column in enumerate(columns)}
        self._columns, self._known, self._get = columns, frozenset(columns), getter(columns)
        self._base, self._offers = reading.image_base, OfferReader(reading)
        self._id, self._title = text_reader(reading, "id"), text_reader(reading, "title")
        self._plain = [(r, text_reader(reading, r)) for r in ("brand", "url", "group") if roles[r]]
        self._images = getter([places[c] for c in (*roles["image"], *roles["images"])])
        self._stored = getter([places[column] for column in roles["stored"]])
        self._several_images = bool(roles["images"]) or len(roles["image"]) > 1
        self._attribute_groups = [(g, places[c]) for g in ATTRIBUTES for c in reversed(roles[g])]
        self._attribute_values = getter([place for _, place in self._attribute_groups])
        self._option_columns = [(normal(column), column) for column in roles["options"]]
        self._has_options = reading.platform.options is not no_options and self._option_columns
        self._categories = getter([places[column] for column in roles["category"]])
        self._boxes = [places[column] for column in roles["box"]]
        used = {c for role, names in roles.items() if role not in _KEPT for c in names}
        others = [column for column in columns if column and column not in used]
        self._fact_names = [fact_name(column) for column in others]
        self._fact_values = getter([places[column] for column in others])
        self._known_categories = lru_cache(_REMEMBERED)(self._read_categories)
        self._known_attributes = lru_cache(_REMEMBERED)(self._read_attributes)

    def _values(self, cells: Mapping[str, Any]) -> Values:
        if len(cells) == len(self._columns):
            try:
                return self._get(cells)
            except KeyError:
                pass
        if not self._known.issuperset(cells):
            self._reading.add_columns([name for name in cells if name not in self._known])
            self._compile()
        return [*map(cells.get, self._columns)]

    def _facts(self, values: Values, notes: list[Note]) -> dict[str, Fact]:
        # An empty value becomes None, which clears the stored value.
        pairs = zip(self._fact_names, self._fact_values(values), strict=True)
        return {
            name: (value or None) if value.__class__ is str else _fact(name, value, notes)
            for name, value in pairs
        }

    def _category(self, values: Values) -> str:
        cells = self._categories(values)
        try:
            return self._known_categories(cells)
        except TypeError:  # a list or an object cannot be looked up
            return self._read_categories(cells)

    def _read_categories(self, cells: Sequence[Any]) -> str:
        platform = self._reading.platform
        lines: dict[str, None] = {}
        for cell in cells:
            for value in cell if isinstance(cell, list) else (cell,):
                found = read_category(
                    as_text(value),
                    platform.category_lists,
                    platform.category_levels,
                    platform.category_numbers,
                )
                if found:
                    lines[found] = None
        return "\n".join(lines)

    def _attributes(self, values: Values) -> Mapping[str, str]:
        cells = self._attribute_values(values)
        try:
            return self._known_attributes(cells)
        except TypeError:
            return self._read_attributes(cells)

    def _read_attributes(self, cells: Sequence[Any]) -> Mapping[str, str]:
        pairs = zip(self._attribute_groups, map(as_text, cells), strict=True)
        return {group: text for (group, _), text in pairs if text}

    def _box(self, values: Values) -> Box | None:
        for place in self._boxes:
            value = values[place]
            text = ",".join(map(str, value)) if isinstance(value, list) else as_text(value)
            if text:
                return Box.parse(text)
        return None


def _fact(name: str, value: Any, notes: list[Note]) -> Fact:
    """Convert a value that is no text to a fact; one that cannot be stored is noted."""
    if isinstance(value, list):
        if all(isinstance(one, str | int | float) for one in value):
            return [str(one) for one in value] or None
    elif (
        value is None
        or isinstance(value, bool | float)
        or (isinstance(value, int) and abs(value) < _MAX_INTEGER)
    ):
        return value
    notes.append(Note("field left out", f"expected one value in {name}; got {str(value)[:60]}"))
    return None
