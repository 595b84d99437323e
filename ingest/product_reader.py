"""Convert the cell values of a product to a Product, by positions that are found once a feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from types import MappingProxyType
from typing import Any, NamedTuple

from houndstooth.ingest.cells.categories import read_category
from houndstooth.ingest.cells.ids import check_id
from houndstooth.ingest.cells.images import read_images, read_plain_images
from houndstooth.ingest.cells.texts import (
    as_text,
    has_objects,
    plain_title,
    read_fact,
    without_objects,
)
from houndstooth.ingest.columns import Reading, fact_name, matching
from houndstooth.ingest.offer_reader import OfferReader, ReadOffer
from houndstooth.ingest.platforms.platform import ATTRIBUTES, attribute_group, no_options, normal
from houndstooth.ingest.positions import (
    Values,
    getter,
    is_text,
    map_cells,
    text_reader,
    texts_of,
)
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import Box
from houndstooth.mappings.product import Fact, Note, Product, make_product

_KEPT = frozenset({"category", "status", "tracked", "kind", "variants", *ATTRIBUTES})
"""Roles whose columns are facts too, under their own names."""
_REMEMBERED = 1 << 14
_PLAIN_FACTS = ("brand", "url", "group")


class Known(NamedTuple):
    """Values of a variant that are known before its cell values are read.

    Attributes:
        product_id: Its id.
        images: Its images.
        options: Its options; None reads them from the cells.
        group: What it has in common with other variants; ``""`` reads it from the cells.
        notes: What was left out of it or added to it.
    """

    product_id: str
    images: Sequence[str]
    options: Mapping[str, str] | None
    group: str
    notes: Sequence[Note]


class ProductReader:
    """Converts cell values to products, as a ``Reading`` says.

    Rows are converted some at once, column by column, which takes half the time.
    """

    def __init__(self, reading: Reading, check_id: Callable[[str], str] = check_id) -> None:
        self._reading, self._check_id = reading, check_id
        self._compile()

    def products(
        self, cells: Sequence[Mapping[str, Any]], known: Mapping[int, Known]
    ) -> list[Product | InvalidInput]:
        """Convert the cell values of rows to products, in order.

        Args:
            cells: Cell values by column name, of each row.
            known: What is known of some of them, by place; the rest is read from the cells.

        Returns:
            A product for each row, or why it is none: its id or image is missing, or its box is
            malformed.
        """
        if self._columns is not self._reading.columns:
            self._compile()
        rows = self._values(cells)
        return self.read_values(rows, self._options(cells, known), known)

    def read_values(
        self,
        rows: Sequence[Values],
        options: Sequence[Mapping[str, str]] = (),
        known: Mapping[int, Known] = MappingProxyType({}),
    ) -> list[Product | InvalidInput]:
        """Convert the values of one or more rows, in the order of the reading's columns.

        Args are those of ``products``, and ``options`` those of each row, if there are any.
        """
        if not rows:
            return []
        columns = [*zip(*rows, strict=True)]
        notes: dict[int, list[Note]] = {i: [*one.notes] for i, one in known.items()}
        images = self._images(rows, columns, known)
        ids = self._texts("id", rows, columns)
        for i, one in known.items():
            ids[i] = one.product_id
        attributes = self._attributes(columns, options, len(rows))
        titles = self._texts("title", rows, columns)
        if "&" in (joined := "".join(titles)) or "<" in joined:
            titles = [*map(plain_title, titles)]
        offers = self._offers.read(rows, columns)
        for i, offer in enumerate(offers):
            if offer.notes:
                notes.setdefault(i, []).extend(offer.notes)
        facts: Sequence[dict[str, Fact] | None] = [None] * len(rows)
        if self._reading.facts:
            facts = self._facts(rows, columns, titles, images, offers, notes)
            for fact, stated in zip(facts, options, strict=False):
                fact |= {fact_name(name.lower()): text for name, text in stated.items()}
            for i, one in known.items():
                if one.group:
                    facts[i]["group"] = one.group
        categories = self._categories(columns, len(rows))
        language, products = self._reading.language, list[Product | InvalidInput]()
        for i, product_id in enumerate(ids):
            try:
                products.append(
                    make_product(
                        product_id=self._check_id(product_id) if "+" in product_id else product_id,
                        title=titles[i],
                        images=images[i],
                        category_text=categories[i],
                        box=self._box(rows[i]) if self._boxes else None,
                        facts=facts[i],
                        attributes=attributes[i],
                        language=language,
                        notes=notes.get(i, ()),
                    )
                )
            except InvalidInput as error:
                products.append(error)
        return products

    def images(self, values: Sequence[Any]) -> tuple[str, ...]:
        """Read image references; see ``read_images``."""
        return read_images(values, self._reading.image_base)

    def options(self, cells: Mapping[str, Any]) -> dict[str, str]:
        """Read the options of a variant."""
        return self._reading.platform.options({n: cells.get(c) for n, c in self._option_columns})

    def _compile(self) -> None:
        """Find the places of the columns."""
        reading, roles = self._reading, self._reading.roles
        places = {column: place for place, column in enumerate(reading.columns)}
        self._columns, self._get = reading.columns, getter(reading.columns)
        self._offers = OfferReader(reading)
        self._places = {role: [places[c] for c in columns] for role, columns in roles.items()}
        self._readers = {r: text_reader(reading, r) for r in ("id", "title", *_PLAIN_FACTS)}
        self._image_places = [*self._places["image"], *self._places["images"]]
        self._several_images = bool(roles["images"]) or len(roles["image"]) > 1
        self._option_columns = [(normal(column), column) for column in roles["options"]]
        self._has_options = reading.platform.options is not no_options and self._option_columns
        groups = [(g, place) for g in ATTRIBUTES for place in reversed(self._places[g])]
        self._attribute_groups = [group for group, _ in groups]
        self._attribute_places = [place for _, place in groups]
        self._boxes = self._places["box"]
        used = {c for role, names in roles.items() if role not in _KEPT for c in names}
        others = [column for column in reading.columns if column and column not in used]
        self._fact_columns = [(fact_name(column), places[column]) for column in others]
        self._understood = {place for role in _KEPT for place in self._places[role]}
        self._unused = {places[c] for c in matching(reading.columns, reading.platform.unused)}
        self._known_categories = lru_cache(_REMEMBERED)(self._read_categories)
        self._known_attributes = lru_cache(_REMEMBERED)(self._read_attributes)

    def _values(self, cells: Sequence[Mapping[str, Any]]) -> list[Values]:
        """Return the values of rows in the order of the columns."""
        if {*map(len, cells)} == {len(self._columns)}:
            try:
                return [*map(self._get, cells)]
            except KeyError:
                pass
        return [tuple(map(row.get, self._columns)) for row in cells]

    def _texts(self, role: str, rows: Sequence[Values], columns: Sequence[Values]) -> list[str]:
        places = self._places[role]
        if len(places) == 1:
            return texts_of(columns[places[0]])
        return [*map(self._readers[role], rows)]

    def _images(
        self,
        rows: Sequence[Values],
        columns: Sequence[Values],
        known: Mapping[int, Known],
    ) -> Sequence[Sequence[str]]:
        if not known and not self._places["stored"]:
            plain = read_plain_images([columns[place] for place in self._image_places])
            if plain is not None:
                return plain
        images: list[Sequence[str]] = []
        for i, values in enumerate(rows):
            if i in known:
                images.append(known[i].images)
                continue
            cells = [values[place] for place in self._image_places]
            stored = [values[place] for place in self._places["stored"]]
            images.append(self.images(cells) or self.images(stored))
        return images

    def _facts(
        self,
        rows: Sequence[Values],
        columns: Sequence[Values],
        titles: Sequence[str],
        images: Sequence[Sequence[str]],
        offers: Sequence[ReadOffer],
        notes: dict[int, list[Note]],
    ) -> list[dict[str, Fact]]:
        # An empty value becomes None, which clears the stored value.
        facts: dict[str, Sequence[Fact]] = {}
        for name, place in self._fact_columns:
            column = columns[place]
            if not is_text(column):
                if place in self._understood:
                    column = [*map(without_objects, column)]
                elif place in self._unused:
                    column = [None if has_objects(cell) else cell for cell in column]
                column = [read_fact(name, cell, i, notes) for i, cell in enumerate(column)]
            facts[name] = [cell or None for cell in column] if "" in column else column
        facts["title"] = [title or None for title in titles]
        for role in _PLAIN_FACTS:
            if self._places[role]:
                facts[role] = [text or None for text in self._texts(role, rows, columns)]
        offered = zip(*[offer.facts for offer in offers], strict=True)
        facts |= zip(self._offers.names, offered, strict=True)
        facts["image"] = [one[0] if one else None for one in images]
        several = {i: one for i, one in enumerate(images) if len(one) > 1}
        if self._several_images:
            facts["images"] = [None] * len(rows)
        if not self._places["currency"] and not any(facts.get("currency", ())):
            facts.pop("currency", None)
        cells = zip(*facts.values(), strict=True)
        made: list[dict[str, Fact]] = [*map(dict, map(zip, repeat([*facts]), cells))]
        for i, one in several.items():
            made[i]["images"] = one
        if not self._places["currency"] and None in facts.get("currency", ()):
            for fact in made:  # a price without a currency leaves the stored one
                if fact["currency"] is None:
                    del fact["currency"]
        return made

    def _options(
        self, cells: Sequence[Mapping[str, Any]], known: Mapping[int, Known]
    ) -> Sequence[Mapping[str, str]]:
        if not self._has_options:
            return ()
        stated = {i: one.options for i, one in known.items() if one.options is not None}
        return [stated[i] if i in stated else self.options(row) for i, row in enumerate(cells)]

    def _attributes(
        self, columns: Sequence[Values], options: Sequence[Mapping[str, str]], count: int
    ) -> Sequence[Mapping[str, str]]:
        attributes = map_cells(self._known_attributes, columns, self._attribute_places, count)
        if not options:
            return attributes
        return [
            {**own, **{group: text for o, text in stated.items() if (group := attribute_group(o))}}
            for own, stated in zip(attributes, options, strict=True)
        ]

    def _read_attributes(self, cells: Sequence[Any]) -> Mapping[str, str]:
        pairs = zip(self._attribute_groups, map(as_text, cells), strict=True)
        return {group: text for group, text in pairs if text}

    def _categories(self, columns: Sequence[Values], count: int) -> Sequence[str]:
        return map_cells(self._known_categories, columns, self._places["category"], count)

    def _read_categories(self, cells: Sequence[Any]) -> str:
        platform = self._reading.platform
        lines: dict[str, None] = {}
        for cell in cells:
            for value in cell if isinstance(cell, tuple) else (cell,):
                found = read_category(
                    as_text(value),
                    platform.category_lists,
                    platform.category_levels,
                    platform.category_numbers,
                )
                if found:
                    lines[found] = None
        return "\n".join(lines)

    def _box(self, values: Values) -> Box | None:
        for place in self._boxes:
            value = values[place]
            text = ",".join(map(str, value)) if isinstance(value, list) else as_text(value)
            if text:
                return Box.parse(text)
        return None
