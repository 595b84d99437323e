"""Keep rows in a temporary file until their parents and children are known."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Self

from houndstooth.ingest.feeds import Row

_TABLES = """
CREATE TABLE row (place INTEGER PRIMARY KEY, line INTEGER, kind TEXT, parent TEXT, cells TEXT,
                  owner INTEGER, stated TEXT);
CREATE TABLE name (name TEXT, place INTEGER);
CREATE TABLE child (name TEXT, owner INTEGER, stated TEXT);
"""
# Owners of owners are dropped: a row that belongs to another has no variants, and no circle of
# rows is lost. An image may belong to a variant.
_OWNERS = """
CREATE INDEX name_index ON name (name);
UPDATE row SET owner = (SELECT min(place) FROM name WHERE name = row.parent) WHERE parent != '';
UPDATE row SET owner = found.owner, stated = found.stated FROM (
    SELECT min(child.owner) AS owner, child.stated, name.place AS place
    FROM child JOIN name USING (name) GROUP BY name.place
) AS found WHERE row.place = found.place;
UPDATE row SET owner = NULL WHERE kind != 'image' AND owner IN (
    SELECT place FROM row WHERE owner IS NOT NULL
);
UPDATE row SET owner = NULL WHERE owner = place;
CREATE INDEX owner_index ON row (owner, place);
"""


class WaitingRows:
    """Rows that wait in a temporary SQLite file, which is in memory while it is small.

    Attributes:
        folded: Number of rows that were left aside; for the caller.
    """

    def __init__(self) -> None:
        self.folded = 0
        self._place, self._has_images = 0, False
        # An empty name is SQLite's temporary file: pages go to the disk when the cache is full.
        self._rows = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._rows.executescript(f"PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF;{_TABLES}BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._rows.close()

    def add(
        self,
        row: Row,
        kind: str,
        names: Sequence[str],
        parent: str,
        children: Mapping[str, Mapping[str, str]],
    ) -> None:
        """Keep a row; see ``Link`` for the others."""
        self._place += 1
        self._has_images |= kind == "image"
        place, execute = self._place, self._rows.execute
        cells = json.dumps(dict(row.cell_values), ensure_ascii=False)
        execute(
            "INSERT INTO row VALUES (?, ?, ?, ?, ?, NULL, NULL)",
            (place, row.number, kind, parent, cells),
        )
        for name in names:
            execute("INSERT INTO name VALUES (?, ?)", (name, place))
        for name, stated in children.items():
            execute("INSERT INTO child VALUES (?, ?, ?)", (name, place, json.dumps(stated)))

    def families(self) -> Iterator[tuple[Row, list[tuple[str, Row]], str]]:
        """Yield each row that belongs to no other, with the kinds and rows of its children.

        Third comes what a variant calls its parent, if there is no such row, else ``""``. The
        images of a variant are among its cell values, as ``images``.
        """
        self._rows.executescript(_OWNERS)
        for place, missing, *row in self._rows.execute(
            "SELECT place, CASE WHEN kind = 'variant' AND NOT EXISTS "
            "(SELECT 1 FROM name WHERE name = row.parent) THEN parent ELSE '' END, "
            "line, cells, stated FROM row WHERE owner IS NULL ORDER BY place"
        ):
            yield _row(*row), [(kind, found) for kind, found in self._children(place)], missing

    def _children(self, owner: int) -> Iterator[tuple[str, Row]]:
        for place, kind, *row in self._rows.execute(
            "SELECT place, kind, line, cells, stated FROM row WHERE owner = ? ORDER BY place",
            (owner,),
        ):
            child = _row(*row)
            grandchildren = self._children(place) if self._has_images else ()
            images = [found.cell_values for _, found in grandchildren]
            yield (
                kind,
                Row(child.number, {**child.cell_values, "images": images}) if images else child,
            )


def _row(line: int, cells: str, stated: str | None) -> Row:
    values = json.loads(cells)
    return Row(line, values | json.loads(stated) if stated else values)
