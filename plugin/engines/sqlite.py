"""Store and search documents in one SQLite file, for up to about 100,000 products."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from sqlite3 import Connection

import numpy as np

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import (
    CandidateQuery,
    Candidates,
    IndexDocument,
    RangeFilter,
    StoredProduct,
    WriteOutcome,
)
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.plugin.engines.documents import byte_matrix
from houndstooth.plugin.engines.fields import Fields, facet_value, product_index, variant_group
from houndstooth.plugin.engines.sqlite_file import SQLiteFile
from houndstooth.plugin.engines.sqlite_query import BITS, COLUMNS, Sql, condition, score
from houndstooth.plugin.engines.sqlite_write import SQLiteWriter

CANDIDATES = """
WITH best AS MATERIALIZED (
    SELECT product, {score} AS score FROM candidate WHERE {condition}
    ORDER BY score DESC, id LIMIT ?)
SELECT candidate.id, score, binary_code, colour_histogram, {variant_group}
FROM best JOIN candidate USING (product) {join} ORDER BY score DESC, candidate.id
"""
VARIANT_GROUP = "facts ->> ?"
VARIANT_JOIN = "JOIN product ON product.key = candidate.product"

FACET = """
SELECT value, count(*) FROM fact
WHERE field = ? AND product IN (SELECT product FROM candidate WHERE {condition})
GROUP BY value ORDER BY count(*) DESC, value LIMIT ?
"""


class SQLiteEngine:
    """An engine in one file. Threads and processes may share it.

    Args:
        path: Path of the file; ``prepare`` creates it and its folder.
    """

    def __init__(self, path: Path) -> None:
        self._file = SQLiteFile(path)
        self._fields = Fields(product_index()["mappings"]["properties"])
        self._writer = SQLiteWriter(self._fields)

    def prepare(self) -> None:
        """Create file and tables. Calling it again is harmless."""
        self._file.create()

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Write documents in one transaction; a refused document does not affect the others."""
        with self._file.transaction() as db:
            return [self._writer.write(db, document) for document in documents]

    def delete(self, product_ids: Collection[str]) -> int:
        """Delete documents and their index entries; return how many existed."""
        with self._file.transaction() as db:
            return sum(self._writer.delete(db, product_id) for product_id in set(product_ids))

    def refresh(self) -> None:
        """Do nothing: documents are visible as soon as ``write`` returns."""

    def source_hashes(self, product_ids: Sequence[str], model: str) -> dict[str, str]:
        """Read ``source_hash`` by id, of the documents whose features ``model`` computed."""
        sql = """SELECT product.id, source_hash FROM product JOIN candidate ON product = key
                 WHERE product.id IN (SELECT value FROM json_each(?)) AND model = ?"""
        with self._file.connection() as db:
            return dict(db.execute(sql, (json.dumps(list(product_ids)), model)))

    def candidates(self, query: CandidateQuery, limit: int) -> Candidates:
        """Find the ``limit`` best candidates; reads only ids, bytes and variant groups."""
        with self._file.connection() as db:
            where = self._condition(db, query)
            points = score(query.preferred, _term_numbers(db))
            group, join = (VARIANT_GROUP, VARIANT_JOIN) if query.variant_field else ("NULL", "")
            sql = CANDIDATES.format(
                score=points.text, condition=where.text, variant_group=group, join=join
            )
            names = (query.variant_field,) if query.variant_field else ()
            rows = db.execute(sql, (*points.values, *where.values, limit, *names)).fetchall()
        ids, scores, codes, colours, groups = zip(*rows, strict=True) if rows else ((),) * 5
        return Candidates(
            product_ids=ids,
            scores=np.array(scores, dtype=np.int64),
            binary_codes=byte_matrix(codes),
            colour_histograms=byte_matrix(colours),
            variant_groups=[variant_group(group) for group in groups]
            if query.variant_field
            else (),
        )

    def fetch(self, product_ids: Sequence[str]) -> list[StoredProduct]:
        """Read documents in the given order. Unknown ids are left out."""
        sql = """SELECT product.id, facts, visual FROM json_each(?) AS ids
                 JOIN product ON product.id = ids.value ORDER BY ids.key"""
        with self._file.connection() as db:
            rows = db.execute(sql, (json.dumps(list(product_ids)),)).fetchall()
        return [
            StoredProduct(key, json.loads(facts), VisualDocument.from_json(json.loads(visual)))
            for key, facts, visual in rows
        ]

    def count(self, query: CandidateQuery | None = None) -> int:
        """Count the matching documents, or all of them if there is no query."""
        with self._file.connection() as db:
            if query is None:
                return int(db.execute("SELECT count(*) FROM product").fetchone()[0])
            where = self._condition(db, query)
            sql = f"SELECT count(*) FROM candidate WHERE {where.text}"  # noqa: S608
            return int(db.execute(sql, where.values).fetchone()[0])

    def facets(
        self, query: CandidateQuery, fields: Sequence[str], size: int = 20
    ) -> dict[str, list[tuple[str, int]]]:
        """Count the values of each field among the matches, highest count first."""
        with self._file.connection() as db:
            where = self._condition(db, query)
            return {field: self._facet(db, where, field, size) for field in fields}

    def ping(self) -> None:
        """Return if the tables can be read, else raise."""
        with self._file.connection() as db:
            db.execute("SELECT 1 FROM product LIMIT 1").fetchone()

    def close(self) -> None:
        """Close all connections."""
        self._file.close()

    def _condition(self, db: Connection, query: CandidateQuery) -> Sql:
        smallest = "SELECT typeof(value) FROM fact WHERE field = ? ORDER BY value LIMIT 1"
        for one in query.filters:
            self._fields.check(one)
            # Numbers sort before text: a field whose first value is text has no numbers.
            in_range = isinstance(one, RangeFilter)
            if in_range and db.execute(smallest, (one.field,)).fetchone() == ("text",):
                raise InvalidFilter(f"expected a field of numbers; {one.field!r} holds text")
        return condition(query, _term_numbers(db))

    def _facet(self, db: Connection, where: Sql, field: str, size: int) -> list[tuple[str, int]]:
        self._fields.exact(field)
        if field == "visual.attributes":
            return _count_attributes(db, where)[:size]
        if field.startswith("visual."):
            column = field.removeprefix("visual.")
            sql = f"""SELECT {column}, count(*) FROM candidate WHERE {where.text}
                      GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?"""  # noqa: S608
            return list(db.execute(sql, (*where.values, size)))
        rows = db.execute(FACET.format(condition=where.text), (field, *where.values, size))
        return [(facet_value(value), count) for value, count in rows]


def _term_numbers(db: Connection) -> dict[str, int]:
    return dict(db.execute("SELECT term, number FROM term"))


def _count_attributes(db: Connection, where: Sql) -> list[tuple[str, int]]:
    numbers = _term_numbers(db)
    columns = COLUMNS[: max(numbers.values(), default=0) // BITS + 1]
    sql = f"SELECT {', '.join(columns)} FROM candidate WHERE {where.text}"  # noqa: S608
    rows = np.array(db.execute(sql, where.values).fetchall(), dtype=np.int64)
    bits = rows.reshape(-1, len(columns)).T
    counts = [
        (term, int((bits[number // BITS] >> number % BITS & 1).sum()))
        for term, number in numbers.items()
    ]
    return sorted((c for c in counts if c[1]), key=lambda count: (-count[1], count[0]))
