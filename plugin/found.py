"""What a ranking has found, before the engine shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from houndstooth.mappings.read_products import ShownProduct
from houndstooth.mappings.search import AppliedRule, FoundBy
from houndstooth.plugin.columns.query import RankedRow
from houndstooth.plugin.cursor import BEFORE_ALL, Cursor, RuledCursor, ShownCursor, SortedCursor

AnyCursor = Cursor | SortedCursor | RuledCursor | ShownCursor


class Found(NamedTuple):
    """A hit before it is shown: the number of its step, its row, and those of its group.

    Attributes:
        why: The merchandising rules that have moved it.
        found_by: What has found it.
    """

    step: int
    row: RankedRow
    others: tuple[RankedRow, ...] = ()
    why: tuple[AppliedRule, ...] = ()
    found_by: tuple[FoundBy, ...] = ("looks",)

    @property
    def product_id(self) -> str:
        """Return the id of the hit."""
        return self.row.product_id

    @property
    def product_ids(self) -> tuple[str, ...]:
        """Return the ids of the hit and of its group."""
        return self.product_id, *(one.product_id for one in self.others)


@dataclass(frozen=True)
class Ranked:
    """The products that rank best, in this order.

    Attributes:
        first_step: Number of the first step that has some.
        last_step: Number of the last step that was run.
    """

    found: list[Found]
    first_step: int
    last_step: int

    def place(self, found: Found) -> Cursor:
        """Return the cursor that goes on after one of them."""
        return Cursor(self.first_step, found.step, found.row.place)

    @property
    def end(self) -> Cursor:
        """Return the cursor that goes on after the last of them."""
        return self.place(self.found[-1]) if self.found else Cursor(0, 0, BEFORE_ALL)


@dataclass(frozen=True)
class Chosen:
    """The hits of a page, in order, before they are shown.

    Attributes:
        next: Cursor of the next page; None if there is none.
        ranked: What they were chosen from.
    """

    found: list[Found]
    next: AnyCursor | None
    ranked: Ranked


def is_current(row: RankedRow, shown: Mapping[str, ShownProduct]) -> bool:
    """Tell whether a product is there as it was ranked."""
    product = shown.get(row.product_id)
    return product is not None and product.version == row.version
