"""Convert the rows of one product to the products that are sold: its variants, or itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from houndstooth.ingest.cells.texts import as_text
from houndstooth.ingest.columns import Reading, matching
from houndstooth.ingest.feeds import Row
from houndstooth.ingest.formats.row import Block
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.platforms.layouts import Group, InTurn, OneEach
from houndstooth.ingest.platforms.nested import Nested
from houndstooth.ingest.platforms.platform import no_options
from houndstooth.ingest.product_reader import Known, ProductReader
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.product import Note, Product

_COUNTED = ("title", "category", "brand", "price", "url")
_PRICES = (
    *("price", "net_price", "sale_price", "sale_dates", "sale_start", "sale_end", "compare_at"),
    *("discount_amount", "discount_percent", "on_sale"),
)
"""Roles that a variant takes from its product together or not at all."""


NO_PRODUCT = "variant without its product"
"""Kind of the note on a variant whose product has no row; those of one product are a group."""


class FeedProduct(NamedTuple):
    """A product and the line of the feed where it begins."""

    row: int
    product: Product


class _Draft(NamedTuple):
    row: int
    cells: Mapping[str, Any]
    known: Known | None = None
    other_id: str = ""


class VariantReader:
    """Converts the rows of products.

    A variant has its own price, stock, image and options; what it lacks it takes from its
    product. Its id is its own, such as its SKU. If it has none, or another variant has the same,
    the id is made of the group and the values of its options: ``red-tee/Red/M``.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading, self._products = reading, ProductReader(reading)
        layout = reading.platform.layout
        self._id_roles = ("id", "group") if layout.key == "group" else ("id",)
        self._in_turn = isinstance(layout, InTurn)
        self._find_columns()

    def read(self, groups: Sequence[Group]) -> Iterator[tuple[FeedProduct | Outcome, str]]:
        """Convert the rows of some products; what is not sold or unusable gives an outcome.

        Yields:
            A product or an outcome, and the id made of group and options that the product takes if
            its own is another's; ``""`` if it has none.
        """
        self._reading.cover(cells for group in groups for cells in _cells_of(group))
        if self._columns is not self._reading.columns:
            self._find_columns()
        drafts = [draft for group in groups for draft in self._drafts(group)]
        sold = [draft for draft in drafts if isinstance(draft, _Draft)]
        known = {i: draft.known for i, draft in enumerate(sold) if draft.known is not None}
        products = iter(self._products.products([draft.cells for draft in sold], known))
        for draft in drafts:
            if isinstance(draft, Outcome):
                yield draft, ""
                continue
            product = next(products)
            if isinstance(product, InvalidInput):
                product_id = draft.known.product_id if draft.known else self._own_id(draft.cells)
                yield Outcome.failed(product_id, product, draft.row), ""
            else:
                yield FeedProduct(draft.row, product), draft.other_id

    def is_plain(self, block: Block) -> bool:
        """Tell whether each row of a block is a product that is sold, for ``read_plain``."""
        layout, reading = self._reading.platform.layout, self._reading
        stated = reading.platform.options is not no_options and reading.roles["options"]
        if block.columns != reading.columns or stated:
            return False
        if isinstance(layout, Nested):  # a table's cells list no variants
            layout = layout.rest
        if isinstance(layout, InTurn):
            if layout.variant or not layout.untitled:
                return False
            (title,) = self._roles["title"]
            if not all(map(itemgetter(reading.columns.index(title)), block.values)):
                return False
        elif not isinstance(layout, OneEach):
            return False
        return not any(
            as_text(values[place]).lower() in reading.platform.left_out
            for place in map(reading.columns.index, self._roles["status"])
            for values in block.values
        )

    def read_plain(
        self, number: int, rows: Sequence[Sequence[str]]
    ) -> Sequence[FeedProduct | Outcome]:
        """Convert the values of some rows of a plain block; ``number`` is the first one's line."""
        return [
            Outcome.failed(self._own_id(self._cells(rows[row - number])), product, row)
            if isinstance(product, InvalidInput)
            else FeedProduct(row, product)
            for row, product in enumerate(self._products.read_values(rows), start=number)
        ]

    def _cells(self, values: Sequence[str]) -> Mapping[str, str]:
        return dict(zip(self._reading.columns, values, strict=True))

    def _drafts(self, group: Group) -> Iterable[_Draft | Outcome]:
        parent, variants, images, folded, missing = group
        if folded:
            self._reading.counts.folded += folded
        if variants:
            return self._variants(group)
        cells, number = parent.cell_values, parent.number
        if self._roles["status"] and (reason := self._left_out(cells)):
            self._reading.counts.left_out += 1
            return (Outcome(self._own_id(cells), "left_out", reason, row=number),)
        if not images and not missing and len(self._id_roles) == 1:
            return (_Draft(number, cells),)
        found = self._products.images(self._image_values(cells, *images))
        notes = [Note(NO_PRODUCT, f"expected a row of {missing!r}; got none")] if missing else []
        name = missing.removeprefix("id:")
        return (_Draft(number, cells, Known(self._own_id(cells), found, None, name, notes)),)

    def _variants(self, group: Group) -> Iterator[_Draft | Outcome]:
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
    ) -> _Draft | Outcome:
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
        images = self._images(group, row, shared)
        known = Known(product_id, images, options, name, notes)
        return _Draft(row.number, cells, known, made if product_id != made else "")

    def _merged(self, base: Mapping[str, Any], cells: Mapping[str, Any]) -> dict[str, Any]:
        """Add to a product's cell values those of a variant."""
        counting = self._reading.platform.counting_product
        of_product = self._of_product
        if counting and self._reading.text(base, "tracked").lower() in counting:
            of_product = of_product.union(self._roles["stock"])
        own = {
            column: value
            for column, value in cells.items()
            if value not in self._empty and column not in of_product
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

    def _images(self, group: Group, row: Row, shared: Sequence[Any]) -> tuple[str, ...]:
        """Read a variant's images: its own, then its product's."""
        cells = row.cell_values
        first = [value for c in self._roles["image"] if (value := cells.get(c))]
        further: list[Any] = []
        if not self._in_turn:  # there, further images are the product's, on whichever row
            further = [value for c in self._roles["images"] if (value := cells.get(c))]
        of_product = [v for c in self._roles["image"] if (v := group.parent.cell_values.get(c))]
        missing = not first and (not further or any(of_product))
        if missing and (len(group.variants) > 1 or row is not group.parent):
            self._reading.counts.inherited["image"] += 1
        if not first and not self._own.issuperset(self._roles["image"]):
            first = of_product
        return self._products.images([*first, *further, *shared])

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


def _cells_of(group: Group) -> Iterator[Mapping[str, Any]]:
    yield group.parent.cell_values
    for row in group.variants:
        yield row.cell_values
    yield from group.images
