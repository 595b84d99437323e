"""Read the values of a row by the positions of its columns, which are found once a feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from houndstooth.ingest.cells.texts import as_text
from houndstooth.ingest.columns import Reading

T = TypeVar("T")
Values = Sequence[Any]
"""The values of a row, in the order of the columns."""


def getter(keys: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function that gets the values of keys as a tuple."""
    if len(keys) > 1:
        return itemgetter(*keys)
    if keys:
        (key,) = keys
        return lambda values: (values[key],)
    return lambda _values: ()


def text_reader(reading: Reading, role: str, coded: bool = False) -> Callable[[Values], str]:
    """Return the function that reads a role's first text that is not empty, else ``""``.

    Args:
        reading: How the columns are read.
        role: The role.
        coded: Whether the names of its columns may end in a currency, which is then added.
    """
    columns = reading.roles[role]
    places = [reading.columns.index(column) for column in columns]
    codes = [reading.currency(column) if coded else "" for column in columns]
    if len(places) == 1 and not any(codes):
        (only,) = places

        def one(values: Values) -> str:
            value = values[only]
            return value.strip() if value.__class__ is str else as_text(value)

        return one

    def first(values: Values) -> str:
        for place, code in zip(places, codes, strict=True):
            text = as_text(values[place])
            if text:
                return f"{text} {code}" if code and text[-1].isdigit() else text
        return ""

    return first


def texts_of(column: Sequence[Any]) -> list[str]:
    """Return the cells of a column as texts."""
    try:
        return [*map(str.strip, column)]
    except TypeError:
        return [*map(as_text, column)]


def is_text(column: Sequence[Any]) -> bool:
    """Tell whether all cells of a column are texts."""
    try:
        "".join(column)
    except TypeError:
        return False
    return True


def map_cells(
    read: Callable[[tuple[Any, ...]], T],
    columns: Sequence[Values],
    places: Sequence[int],
    count: int,
) -> list[T]:
    """Call a function that remembers its results with each row's cells in some columns."""
    if not places:
        return [read(())] * count
    cells = [*zip(*[columns[place] for place in places], strict=True)]
    try:
        return [*map(read, cells)]
    except TypeError:  # a list or an object cannot be looked up
        return [read(tuple(map(_hashable, row))) for row in cells]


def _hashable(cell: Any) -> Any:
    return tuple(map(as_text, cell)) if isinstance(cell, list) else as_text(cell)
