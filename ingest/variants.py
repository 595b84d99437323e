"""Convert the rows of one product to the products that are sold: its variants, or itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from houndstooth.ingest.cell_texts import as_text
from houndstooth.ingest.cells.ids import check_id
from houndstooth.ingest.columns import Reading, matching
from houndstooth.ingest.feeds import Row
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.platforms.layouts import Group, InTurn
from houndstooth.ingest.product_reader import ProductReader
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.product import Note, Product

_COUNTED = ("title", "category", "brand", "price", "url")
_PRICES = (
    *("price", "sale_price", "sale_dates", "sale_start", "sale_end", "compare_at"),
    *("discount_amount", "discount_percent", "on_sale"),
)
"""Roles that a variant takes from its product together or not at all."""


class Sold(NamedTuple):
    """A product that is sold, and its id made of group and options if its own is taken."""

    row: int
    product: Product
    other_id: str = ""


class VariantReader:
    """Converts the rows of one product.

    A variant has its own price, stock, image and options; what it lacks it takes from its
    product. Its id is its own, such as its SKU. If it has none, or another variant has the same,
    the id is made of the group and the values of its options: ``red-tee/Red/M``.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading, self._products = reading, ProductReader(reading)
        layout = reading.platform.layout
        self._id_roles = ("id", "group") if getattr(layout, "key", "") == "group" else ("id",)
        self._in_turn = isinstance(layout, InTurn)
        self._find_columns()

    def one(self, row: Row, images: Sequence[Mapping[str, Any]] = ()) -> Sold | Outcome:
        """Convert the row of a product without variants.

        Args:
            images: Cell values of rows with further images.
        """
        cells, number = row.cell_values, row.number
        try:
            if self._roles["status"] and (reason := self._left_out(cells)):
                self._reading.counts.left_out += 1
                return Outcome(self._own_id(cells), "left_out", reason, row=number)
            if not images and len(self._id_roles) == 1:
                return Sold(number, self._products.product(cells))
            values = self._image_values(cells, *images)
            notes: list[Note] = []
            return Sold(
                number,
                self._products.product(
                    cells,
                    product_id=check_id(self._own_id(cells)),
                    images=self._products.images(values, notes),
                    notes=notes,
                ),
            )
        except InvalidInput as error:
            return Outcome.failed(self._own_id(cells), error, number)

    def read(self, group: Group) -> Iterator[Sold | Outcome]:
        """Convert the rows of one product; what is not sold or unusable gives an outcome."""
        self._reading.counts.folded += group.folded
        if self._columns is not self._reading.columns:
            self._find_columns()
        if not group.variants:
            yield self.one(group.parent, group.images)
            return
        parent = group.parent.cell_values
        name = self._reading.text(parent, "group") or self._reading.text(parent, "id")
        base = {c: "" if c in self._own else value for c, value in parent.items()}
        shared = self._image_values(base, *group.images)
        taken: set[str] = set()
        for row in group.variants:
            yield self._variant(group, row, base, name, shared, taken)

    def _variant(
        self,
        group: Group,
        row: Row,
        base: Mapping[str, Any],
        name: str,
        shared: Sequence[Any],
        taken: set[str],
    ) -> Sold | Outcome:
        parent, notes = group.parent, list[Note]()
        cells = row.cell_values if row is parent else self._merged(base, row.cell_values)
        stated = {column: row.cell_values.get(column) for column in self._of_product}
        options = self._products.options({**cells, **stated})
        made = "/".join((name, *options.values()))
        own = self._reading.text(row.cell_values, "id")
        product_id = own if own and own not in taken else made
        if own and product_id is made:
            notes.append(Note("id made of group and options", f"{own!r} is another variant's"))
        taken.add(product_id)
        reason = self._left_out(row.cell_values) or self._left_out(parent.cell_values)
        if reason:
            self._reading.counts.left_out += 1
            return Outcome(product_id, "left_out", reason, row=row.number)
        self._count_inherited(row.cell_values, cells)
        try:
            images = self._images(group, row, shared, notes)
            product = self._products.product(
                cells,
                product_id=check_id(product_id),
                images=images,
                options=options,
                group=name,
                notes=notes,
            )
        except InvalidInput as error:
            return Outcome.failed(product_id, error, row.number)
        return Sold(row.number, product, made if product_id != made else "")

    def _merged(self, base: Mapping[str, Any], cells: Mapping[str, Any]) -> dict[str, Any]:
        """Add to a product's cell values those of a variant."""
        own = {
            column: value
            for column, value in cells.items()
            if value not in self._empty and column not in self._of_product
        }
        merged = {**base, **own}
        if any(column in own for role in ("price", "sale_price") for column in self._roles[role]):
            merged |= {column: own.get(column, "") for column in self._price_columns}
        return merged

    def _count_inherited(self, cells: Mapping[str, Any], merged: Mapping[str, Any]) -> None:
        for role in _COUNTED:
            own = [c for c in self._roles[role] if c not in self._of_product]
            if not any(map(cells.get, own)) and any(map(merged.get, self._roles[role])):
                self._reading.counts.inherited[role] += 1

    def _images(
        self, group: Group, row: Row, shared: Sequence[Any], notes: list[Note]
    ) -> tuple[str, ...]:
        """Read a variant's images: its own, then its product's."""
        cells = row.cell_values
        first = [value for c in self._roles["image"] if (value := cells.get(c))]
        further: list[Any] = []
        if not self._in_turn:  # there, further images are the product's, on whichever row
            further = [value for c in self._roles["images"] if (value := cells.get(c))]
        of_product = [v for c in self._roles["image"] if (v := group.parent.cell_values.get(c))]
        missing = not first and (not further or any(of_product))
        if missing and (len(group.variants) > 1 or row is not group.parent):
            notes.append(Note("image inherited", "the variant names none of its own"))
            self._reading.counts.inherited["image"] += 1
        if not first and not self._own.issuperset(self._roles["image"]):
            first = of_product
        return self._products.images([*first, *further, *shared], notes)

    def _image_values(self, *rows: Mapping[str, Any]) -> list[Any]:
        columns = (*self._roles["image"], *self._roles["images"])
        further = self._roles["images"] if self._in_turn and self._own else columns
        values = [rows[0].get(column) for column in columns]
        values += [cells.get(column) for cells in rows[1:] for column in further]
        return values if any(values) else [rows[0].get(c) for c in self._roles["stored"]]

    def _left_out(self, cells: Mapping[str, Any]) -> str:
        """Return why a product is not sold, or ``""``."""
        for column in self._roles["status"]:
            text = as_text(cells.get(column))
            if text.lower() in self._reading.platform.left_out:
                return f"{column} is {text!r}"
        return ""

    def _own_id(self, cells: Mapping[str, Any]) -> str:
        texts = (self._reading.text(cells, role) for role in self._id_roles)
        return next(filter(None, texts), "")

    def _find_columns(self) -> None:
        reading = self._reading
        self._columns, self._roles = reading.columns, reading.roles
        self._own = frozenset(matching(reading.columns, reading.platform.own))
        self._of_product = frozenset(matching(reading.columns, reading.platform.of_product))
        self._empty = ("", None, *reading.platform.inherited)
        self._price_columns = [column for role in _PRICES for column in reading.roles[role]]
