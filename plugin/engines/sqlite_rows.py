"""Read features and changes from the SQLite tables."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from sqlite3 import Connection
from typing import Any

import numpy as np

from houndstooth.mappings.errors import IndexReplaced
from houndstooth.mappings.read_products import ProductFacts
from houndstooth.mappings.rows import (
    AVAILABILITY,
    Changes,
    Checkpoint,
    FeatureRows,
    Lengths,
    TermSet,
    term_set,
)
from houndstooth.plugin.engines.documents import byte_matrix, log_left_out, with_views
from houndstooth.plugin.engines.fields import leading_to, variant_group
from houndstooth.plugin.engines.sqlite_query import BITS, COLUMNS, bit_columns

SHARD = "0"
"""Key of the only position in a checkpoint."""

BATCH = 10_000
"""Most rows in a batch of changes."""

MAX_PATHS = 100
"""Most facts that are read each for itself, of more the whole object: a function of SQLite's takes
127 values."""

NO_TERMS: frozenset[str] = frozenset()

_IDENTITY = "SELECT id, counter FROM identity"
_FEATURES = f"""
SELECT candidate.id, model, changed, binary_code, colour_histogram, facts ->> ?, view_codes,
       view_colours, facts ->> '{AVAILABILITY}', great_category, category, {", ".join(COLUMNS)}
FROM candidate {{index}} JOIN product ON product.key = candidate.product WHERE {{condition}}
"""  # noqa: S608
_BY_ID = _FEATURES.format(
    index="", condition="product.id IN (SELECT value FROM json_each(?)) AND +model = ?"
)
_BY_CHANGE = _FEATURES.format(
    index="INDEXED BY by_change", condition="changed > ? AND changed <= ? ORDER BY changed LIMIT ?"
)
_REMOVED = "SELECT id FROM removed WHERE changed > ? AND changed <= ?"


_FACTS = """
SELECT json_group_array(json_array(product.id, {values})) FROM json_each(?) AS ids
JOIN product ON product.id = ids.value LEFT JOIN candidate ON product = product.key
"""
_NUMBERS = "SELECT number, term FROM term WHERE term IN (SELECT value FROM json_each(?))"


def index_id(db: Connection) -> str:
    """Read the identity of the file."""
    return str(db.execute(_IDENTITY).fetchone()[0])


def read_features(
    db: Connection,
    product_ids: Sequence[str],
    model: str,
    lengths: Lengths,
    variant_field: str | None,
) -> FeatureRows:
    """Read the features that a model computed of some documents."""
    ids = json.dumps(list(product_ids))
    rows = db.execute(_BY_ID, (_path(variant_field), ids, model)).fetchall()
    return _feature_rows(db, _of_lengths(rows, lengths))


def read_facts(
    db: Connection, product_ids: Sequence[str], names: Collection[str], terms: Collection[str]
) -> dict[str, ProductFacts]:
    """Read some facts and terms of documents; see Engine.

    All of them are one JSON, which is read several times as fast as one of each document.
    """
    paths, wanted = leading_to(names), frozenset(terms)
    term_of = dict(db.execute(_NUMBERS, (json.dumps(list(wanted)),)).fetchall())
    masks = [(place, mask) for place, mask in enumerate(bit_columns(term_of)) if mask]
    words = [f"{COLUMNS[place]} & {mask}" for place, mask in masks]
    kinds = ["category", "great_category"] if len(term_of) < len(wanted) else []
    read_whole = len(paths) > MAX_PATHS
    keys = ["$"] if read_whole else [_path(path) for path in paths]
    values = [_array(["facts -> ?"] * len(keys)), _array(words), _array(kinds)]
    sql = _FACTS.format(values=", ".join(values))
    ((text,),) = db.execute(sql, (*keys, json.dumps(list(product_ids))))
    found = {}
    for product_id, facts, bits, own in json.loads(text):
        each = map(facts[0].get, paths) if read_whole else facts
        named = {path: one for path, one in zip(paths, each, strict=True) if one is not None}
        if any(bits):
            placed = zip((place for place, _ in masks), bits, strict=True)
            own += [term_of[number] for number in _numbers(placed)]
        found[product_id] = ProductFacts(named, wanted.intersection(own) if own else NO_TERMS)
    return found


class SQLiteChanges:
    """Reads the changes of one model, batch by batch.

    Args:
        model: Name of the model.
        lengths: Lengths of its bytes.
        variant_field: Fact that holds the variant group.
        since: Where to go on; None = read everything, up to the change that is the newest when
            the reading begins.
    """

    def __init__(
        self, model: str, lengths: Lengths, variant_field: str | None, since: Checkpoint | None
    ) -> None:
        self._model, self._lengths, self._fact = model, lengths, _path(variant_field)
        self._index = since.index if since else None
        self._position = since.positions.get(SHARD, 0) if since else 0
        self._tells_gone = since is not None
        self._end: int | None = None

    def next_batch(self, db: Connection) -> Changes | None:
        """Read the next batch within the caller's snapshot; None if there is nothing more.

        Raises:
            IndexReplaced: Another file has taken the name.
        """
        index, newest = db.execute(_IDENTITY).fetchone()
        if self._index not in (None, index):
            raise IndexReplaced("expected the SQLite file that was read before; it was replaced")
        if self._index is None:
            self._end = newest
        elif self._position >= newest or self._position == self._end:
            return None
        end = newest if self._end is None else self._end
        values = (self._fact, self._position, end, BATCH)
        rows = db.execute(_BY_CHANGE, values).fetchall()
        end = rows[-1][2] if len(rows) == BATCH else end
        gone: list[str] = []
        if self._tells_gone:
            gone = [key for (key,) in db.execute(_REMOVED, (self._position, end))]
            gone += [row[0] for row in rows if row[1] != self._model]
        self._index, self._position = index, end
        all_rows = [row for row in rows if row[1] == self._model]
        rows = _of_lengths(all_rows, self._lengths)
        if len(rows) < len(all_rows):
            kept = {row[0] for row in rows}
            gone += [row[0] for row in all_rows if row[0] not in kept]
        return Changes(_feature_rows(db, rows), gone, Checkpoint(index, {SHARD: end}))


def _of_lengths(rows: Sequence[tuple[Any, ...]], lengths: Lengths) -> list[tuple[Any, ...]]:
    """Leave out rows whose code or histogram has another length, with a warning.

    They are damaged and cannot be compared; so they cost no other row.
    """
    kept = [row for row in rows if (len(row[3]), len(row[4])) == lengths]
    if len(kept) < len(rows):
        damaged = [row[0] for row in rows if (len(row[3]), len(row[4])) != lengths]
        log_left_out("SQLite", damaged, lengths)
    return kept


def _feature_rows(db: Connection, rows: Sequence[tuple[Any, ...]]) -> FeatureRows:
    terms = [term for (term,) in db.execute("SELECT term FROM term ORDER BY number")]
    term_sets: dict[tuple[Any, ...], TermSet] = {}
    for row in rows:
        if row[8:] not in term_sets:
            availability, great_category, category, *bits = row[8:]
            term_sets[row[8:]] = term_set(
                great_category, category, _terms(bits, terms), availability
            )
    codes, colours, counts = with_views(
        byte_matrix([row[3] for row in rows]),
        byte_matrix([row[4] for row in rows]),
        [row[6:8] for row in rows],
    )
    return FeatureRows(
        product_ids=[row[0] for row in rows],
        versions=np.array([row[2] for row in rows], dtype=np.int64),
        term_sets=[term_sets[row[8:]] for row in rows],
        binary_codes=codes,
        colour_histograms=colours,
        variant_groups=[variant_group(row[5]) for row in rows],
        view_counts=counts,
    )


def _path(name: str | None) -> str | None:
    """Return the JSON path of a fact: SQLite compares names as they are stored, escaped."""
    return None if name is None else f"$.{json.dumps(name)}"


def _array(expressions: Sequence[str]) -> str:
    return f"json_array({', '.join(expressions)})"


def _terms(bits: Sequence[int], terms: Sequence[str]) -> tuple[str, ...]:
    """Return the sorted terms whose bits are set; see bit_columns."""
    return tuple(sorted(term for n, term in enumerate(terms) if bits[n // BITS] >> n % BITS & 1))


def _numbers(words: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yield the numbers of the bits that are set, of columns with their places."""
    for place, word in words:
        while word:
            lowest = word & -word
            yield BITS * place + lowest.bit_length() - 1
            word ^= lowest
