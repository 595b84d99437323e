"""What a ranking has found, before the engine shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from houndstooth.mappings.engine import ShownProduct
from houndstooth.plugin.columns.query import RankedRow


class Found(NamedTuple):
    """A hit before it is fetched: the number of its step, its row, and those of its group."""

    step: int
    row: RankedRow
    others: tuple[RankedRow, ...] = ()

    @property
    def product_ids(self) -> tuple[str, ...]:
        """Return the ids of the hit and of its group."""
        return self.row.product_id, *(one.product_id for one in self.others)


def is_current(row: RankedRow, shown: Mapping[str, ShownProduct]) -> bool:
    """Tell whether a product is there as it was ranked."""
    product = shown.get(row.product_id)
    return product is not None and product.version == row.version
