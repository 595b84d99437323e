"""Tell whether cells stand in the right columns, by rows of the same table that are whole."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FEW_SHAPES = 3
_MIN_ROWS = 2
_ONE = r"(?:(?:https?:)?//[^\s|]+|[^\s,;|]*\.(?:jpe?g|png|webp|gif|avif|heic|tiff?|bmp))"
_LINK = re.compile(rf"{_ONE}(?:[,;|\s]+{_ONE})*", re.I)
_RUNS = re.compile(r"[^\W\d_]+|\d+")


class RowShape:
    """Features that the whole rows of a table share.

    A column of links holds URLs or image files. A regular column has few shapes: the shape of
    ``10.00 EUR`` is ``9.9 a``.

    Args:
        width: Number of cells of a whole row.
        rows: Rows to learn from; those that are not whole are ignored.

    Attributes:
        is_empty: Whether no row was whole.
    """

    def __init__(self, width: int, rows: Sequence[Sequence[str]]) -> None:
        whole = [row for row in rows if len(row) == width]
        self._width = width
        self.is_empty = not whole
        columns = list(zip(*whole, strict=True))
        self._links = [
            index
            for index, cells in enumerate(columns)
            if any(cells) and all(_LINK.fullmatch(cell) for cell in cells if cell)
        ]
        shapes = {index: set(map(_shape, cells)) for index, cells in enumerate(columns)}
        self._shapes = {
            index: found
            for index, found in shapes.items()
            if len(whole) >= _MIN_ROWS and len(found) <= _FEW_SHAPES
        }

    def has_links(self, cells: Sequence[str]) -> bool:
        """Tell whether a row has a link in each column of links.

        It cannot be told, and is False, if there is no such column.
        """
        return (
            bool(self._links)
            and len(cells) >= self._width
            and all(_LINK.fullmatch(cells[index]) for index in self._links)
        )

    def fits(self, cells: Sequence[str]) -> bool:
        """Tell whether the first cells of a row stand in their columns, as ``has_links``."""
        return self.has_links(cells) and all(
            index in self._links or not cells[index] or _shape(cells[index]) in found
            for index, found in self._shapes.items()
        )

    def ends_in_number(self) -> bool:
        """Tell whether the last column holds numbers, which a comma may have cut in two."""
        last = self._width - 1
        return any("9" in shape for shape in self._shapes.get(last, {"9"}))


def _shape(cell: str) -> str:
    return _RUNS.sub(lambda run: "9" if run[0][0].isdigit() else "a", cell[:80])
