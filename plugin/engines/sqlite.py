"""Store and search documents in one SQLite file, for up to about 100,000 products."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from sqlite3 import Connection

import numpy as np

from houndstooth.mappings.document import PICTURES, VisualDocument, VisualSummary
from houndstooth.mappings.engine import CandidateQuery, RangeFilter, ShopQuery
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.mappings.read_products import ProductFacts, ShownProduct, StoredProduct
from houndstooth.mappings.rows import Changes, Checkpoint, FeatureRows, Lengths
from houndstooth.mappings.words_query import WordsQuery
from houndstooth.mappings.writes import IndexDocument, Outdated, StoredState, WriteOutcome
from houndstooth.plugin.engines.fields import Fields, facet_value
from houndstooth.plugin.engines.index_mapping import product_index
from houndstooth.plugin.engines.sqlite_file import SQLiteFile
from houndstooth.plugin.engines.sqlite_query import (
    BITS,
    COLUMNS,
    Sql,
    condition,
    words_expression,
)
from houndstooth.plugin.engines.sqlite_rows import (
    SQLiteChanges,
    index_id,
    read_facts,
    read_features,
)
from houndstooth.plugin.engines.sqlite_write import (
    SQLiteWriter,
    note_deleted,
    outdated_ids,
    stored_states,
    stored_visual,
)

SUMMARIES = 4096
"""Decoded summaries that are kept, of the products that were shown last: some 5 kB each."""

MATCH = "SELECT id FROM candidate WHERE {condition}"
AMONG = """
 AND product IN (SELECT key FROM product WHERE id IN (SELECT value FROM json_each(?)))"""
SHOW = """
SELECT product.id, changed, facts, visual FROM json_each(?) AS ids
JOIN product ON product.id = ids.value JOIN candidate ON product = product.key ORDER BY ids.key
"""
BY_WORDS = """
SELECT id, -rank AS score FROM words JOIN candidate ON product = words.rowid
WHERE words MATCH ? AND {condition} ORDER BY rank, id LIMIT ?
"""
OF_KIND = "+words.rowid IN (SELECT product FROM candidate WHERE {condition})"
"""A condition that names a kind, for BY_WORDS: few products have it, so they are listed first."""

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

    embedded = True

    def __init__(self, path: Path) -> None:
        self.location = str(path.absolute())
        self._file = SQLiteFile(path)
        self._fields = Fields(product_index()["mappings"]["properties"])
        self._writer = SQLiteWriter(self.location, self._fields)

    def prepare(self) -> None:
        """Create file and tables. Calling it again is harmless."""
        self._file.create()

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Write documents in one transaction; a refused document does not affect the others."""
        with self._file.transaction() as db:
            return [self._writer.write(db, document) for document in documents]

    def delete(self, product_ids: Collection[str], as_of: int | None = None) -> int:
        """Delete documents and their index entries; return how many existed."""
        with self._file.transaction() as db:
            ids = set(product_ids)
            if as_of is not None:
                note_deleted(db, ids, as_of)
                states = stored_states(db, self.location, [*ids])
                ids -= {key for key, state in states.items() if state.is_newer(as_of)}
            return sum(self._writer.delete(db, product_id) for product_id in ids)

    def outdated(self, before: int, kept: Collection[str] = (), examples: int = 10) -> Outdated:
        """Count the products of which an ingest wrote older facts and features."""
        with self._file.snapshot() as db:
            ids = outdated_ids(db, before, kept)
            ((total,),) = db.execute("SELECT count(facts_as_of) FROM times")
        return Outdated(len(ids), total, tuple(ids[:examples]))

    def delete_outdated(self, before: int, kept: Collection[str], limit: int) -> int:
        """Delete some of those products and return how many."""
        with self._file.transaction() as db:
            ids = outdated_ids(db, before, kept)[:limit]
            note_deleted(db, ids, before - 1)
            return sum(self._writer.delete(db, key) for key in ids)

    def refresh(self) -> None:
        """Do nothing: documents are visible as soon as ``write`` returns."""

    def stored(self, product_ids: Sequence[str]) -> dict[str, StoredState]:
        """Read the states of the documents that are there."""
        with self._file.connection() as db:
            return stored_states(db, self.location, product_ids)

    def index_id(self) -> str:
        """Return the random id that the file was created with."""
        with self._file.connection() as db:
            return index_id(db)

    def changes(
        self,
        model: str,
        lengths: Lengths,
        variant_field: str | None,
        since: Checkpoint | None = None,
    ) -> Iterator[Changes]:
        """Read what was written after the checkpoint, and exactly what was deleted.

        Raises:
            IndexReplaced: Another file has taken the name since that checkpoint.
        """
        reader = SQLiteChanges(model, lengths, variant_field, since)
        while True:
            with self._file.snapshot() as db:
                batch = reader.next_batch(db)
            if batch is None:
                return
            yield batch

    def features(
        self, product_ids: Sequence[str], model: str, lengths: Lengths, variant_field: str | None
    ) -> FeatureRows:
        """Read the features that ``model`` computed of some documents, in any order."""
        with self._file.connection() as db:
            return read_features(db, product_ids, model, lengths, variant_field)

    def match(
        self, query: CandidateQuery, limit: int, among: Sequence[str] | None = None
    ) -> list[str]:
        """List ids of documents that match, in any order, at most ``limit``."""
        with self._file.connection() as db:
            where = self._condition(db, query)
            sql, values = MATCH.format(condition=where.text), where.values
            if among is not None:
                sql, values = sql + AMONG, (*values, json.dumps(list(among)))
            return [key for (key,) in db.execute(f"{sql} LIMIT ?", (*values, limit))]

    def by_words(
        self, query: CandidateQuery, words: WordsQuery, limit: int
    ) -> list[tuple[str, float]]:
        """Rank the documents that match by words in their title and brand, with FTS5's BM25."""
        with self._file.connection() as db:
            where = self._condition(db, query)
            is_of_kind = query.category is not None or query.categories
            matching = OF_KIND.format(condition=where.text) if is_of_kind else where.text
            sql = BY_WORDS.format(condition=matching)
            return list(db.execute(sql, (words_expression(words), *where.values, limit)))

    def show(self, product_ids: Sequence[str]) -> list[ShownProduct]:
        """Read of each document what is shown of a hit, in the given order."""
        with self._file.connection() as db:
            rows = db.execute(SHOW, (json.dumps(list(product_ids)),)).fetchall()
        found = ((*row, _summary(self.location, row[0], row[3])) for row in rows)
        return [
            ShownProduct(key, changed, json.loads(facts), visual)
            for key, changed, facts, _, visual in found
            if visual is not None
        ]

    def facts(
        self, product_ids: Sequence[str], names: Collection[str], terms: Collection[str] = ()
    ) -> dict[str, ProductFacts]:
        """Read some facts and terms of documents and nothing else."""
        with self._file.connection() as db:
            return read_facts(db, product_ids, names, terms)

    def fetch(self, product_ids: Sequence[str]) -> list[StoredProduct]:
        """Read documents in the given order. Unknown ids are left out."""
        sql = """SELECT product.id, facts, visual FROM json_each(?) AS ids
                 JOIN product ON product.id = ids.value ORDER BY ids.key"""
        with self._file.connection() as db:
            rows = db.execute(sql, (json.dumps(list(product_ids)),)).fetchall()
        return [
            StoredProduct(
                key, json.loads(facts), stored_visual(VisualDocument, self.location, key, visual)
            )
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
        if any(isinstance(one, ShopQuery) for one in query.queries):
            raise InvalidFilter(
                "expected filters alone: SQLite has no query language, OpenSearch and "
                "Elasticsearch have"
            )
        for one in (*query.filters, *query.post_filters):
            self._fields.check(one)
            # Numbers sort before text: a field whose first value is text has no numbers.
            in_range = isinstance(one, RangeFilter)
            if in_range and db.execute(smallest, (one.field,)).fetchone() == ("text",):
                raise InvalidFilter(f"expected a field of numbers; {one.field!r} holds text")
        groups = query.preferred.values() if query.minimum_groups else ()
        terms = [*query.required, *query.excluded, *chain.from_iterable(groups)]
        return condition(query, _term_numbers(db) if terms else {})

    def _facet(self, db: Connection, where: Sql, field: str, size: int) -> list[tuple[str, int]]:
        self._fields.exact(field)
        if field == "visual.attributes":
            return _count_attributes(db, where)[:size]
        if field.startswith("visual.") and field != PICTURES:
            column = field.removeprefix("visual.")
            sql = f"""SELECT {column}, count(*) FROM candidate WHERE {where.text}
                      GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?"""  # noqa: S608
            return list(db.execute(sql, (*where.values, size)))
        rows = db.execute(FACET.format(condition=where.text), (field, *where.values, size))
        return [(facet_value(value), count) for value, count in rows]


_summary = lru_cache(SUMMARIES)(partial(stored_visual, VisualSummary))


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
