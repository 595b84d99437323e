"""Write documents to the SQLite tables."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from sqlite3 import Connection, DataError, IntegrityError
from time import time

from houndstooth.mappings.document import PICTURES, VisualDocument
from houndstooth.mappings.product import Fact, Note
from houndstooth.mappings.writes import IndexDocument, StoredState, WriteOutcome
from houndstooth.plugin.engines.documents import Visual, decode_visual, feature_key, refusal
from houndstooth.plugin.engines.facts import fit_facts
from houndstooth.plugin.engines.fields import Fields, each
from houndstooth.plugin.engines.newest import (
    DELETED_SECONDS,
    is_deleted_later,
    leave_newer,
    overtaken,
    written_times,
)
from houndstooth.plugin.engines.sqlite_query import MAX_TERMS, WORD_FIELDS, bit_columns

Entries = set[tuple[str, str | float]]

UPSERT = """
INSERT INTO product (id, facts, visual) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET facts = excluded.facts, visual = excluded.visual RETURNING key
"""
FIND = "SELECT key, facts, visual FROM product WHERE id = ?"
STATES = """
SELECT product.id, visual, length(binary_code), length(colour_histogram), facts_as_of, as_of
FROM json_each(?) AS ids
JOIN product ON product.id = ids.value JOIN candidate ON candidate.product = product.key
LEFT JOIN times ON times.product = product.key
"""
OUTDATED = """
SELECT id FROM times JOIN product ON key = product
WHERE facts_as_of < ? AND coalesce(as_of, 0) < ? AND id NOT IN (SELECT value FROM json_each(?))
ORDER BY id
"""
DELETED = "SELECT as_of FROM deleted WHERE id = ?"
NOTE_DELETED = """
INSERT INTO deleted VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET as_of = max(as_of, excluded.as_of), at = excluded.at
"""
PUT_TIMES = """
INSERT INTO times (product, facts_as_of, as_of) VALUES (?, ?, ?)
ON CONFLICT (product) DO UPDATE SET
    facts_as_of = coalesce(excluded.facts_as_of, facts_as_of),
    as_of = coalesce(excluded.as_of, as_of)
"""


class _RefusedError(Exception):
    """The document cannot be written; the message says why."""


def stored_states(db: Connection, where: str, product_ids: Sequence[str]) -> dict[str, StoredState]:
    """Read the states of the documents that are there, by id.

    Args:
        db: A connection.
        where: Path of the file, for a warning.
        product_ids: The ids.
    """
    states = {}
    for key, text, *lengths, facts_as_of, as_of in db.execute(
        STATES, (json.dumps(list(product_ids)),)
    ):
        visual = stored_visual(VisualDocument, where, key, text)
        is_whole = visual is not None and visual.lengths == tuple(lengths)
        states[key] = StoredState(feature_key(visual) if is_whole else None, facts_as_of, as_of)
    return states


def stored_visual(kind: type[Visual], where: str, product_id: str, text: str) -> Visual | None:
    """Decode a stored ``visual``; None if something else wrote over it.

    Args:
        kind: What to decode.
        where: Path of the file, for a warning.
        product_id: Id of the document, for the same.
        text: The object in JSON.
    """
    try:
        stored = json.loads(text)
    except (TypeError, ValueError):
        stored = text
    return decode_visual(kind, where, product_id, stored)


def outdated_ids(db: Connection, before: int, kept: Collection[str]) -> list[str]:
    """List the documents that an ingest wrote of before a time, without those that are kept."""
    values = (before, before, json.dumps(list(kept)))
    return [key for (key,) in db.execute(OUTDATED, values)]


def note_deleted(db: Connection, product_ids: Collection[str], as_of: int) -> None:
    """Note that documents are deleted as of a time; the newest time stays."""
    now = int(time())
    db.execute("DELETE FROM deleted WHERE at < ?", (now - DELETED_SECONDS,))
    db.executemany(NOTE_DELETED, [(key, as_of, now) for key in product_ids])


class SQLiteWriter:
    """Writes documents within the caller's transaction.

    Args:
        where: Path of the file, for warnings.
        fields: The fields of the shop's facts and their types.
    """

    def __init__(self, where: str, fields: Fields) -> None:
        self._where, self._fields = where, fields

    def write(self, db: Connection, document: IndexDocument) -> WriteOutcome:
        """Write one document; if it is refused, undo all of its changes."""
        db.execute("SAVEPOINT document")
        try:
            outcome = self._put(db, document)
        except (_RefusedError, DataError, IntegrityError) as reason:
            outcome = WriteOutcome(document.product_id, str(reason))
            db.execute("ROLLBACK TO document")
        db.execute("RELEASE document")
        return outcome

    def delete(self, db: Connection, product_id: str) -> int:
        """Delete one document and return how many existed, 0 or 1."""
        row = db.execute(FIND, (product_id,)).fetchone()
        if row is None:
            return 0
        key, facts, visual = row
        _change_entries(db, key, self._entries(json.loads(facts)) | _pictures(visual), set())
        db.execute("DELETE FROM candidate WHERE product = ?", (key,))
        db.execute("DELETE FROM times WHERE product = ?", (key,))
        db.execute("DELETE FROM words WHERE rowid = ?", (key,))
        db.execute("DELETE FROM product WHERE key = ?", (key,))
        db.execute("INSERT OR REPLACE INTO removed VALUES (?, ?)", (_next_change(db), product_id))
        return 1

    def _put(self, db: Connection, document: IndexDocument) -> WriteOutcome:
        """Write a document; what is stored newer stays."""
        product_id = document.product_id
        if reason := refusal(document):
            raise _RefusedError(reason)
        row = db.execute(FIND, (product_id,)).fetchone()
        if row is None and document.as_of is not None:
            (deleted,) = db.execute(DELETED, (product_id,)).fetchone() or (None,)
            if is_deleted_later(document, deleted):
                return overtaken(product_id)
        if row is None and not (document.visual and document.insert):
            raise _RefusedError(f"expected a product that is there; {product_id!r} is not")
        newer: list[Note] = []
        if row is not None and document.as_of is not None:
            left = leave_newer(document, stored_states(db, self._where, [product_id])[product_id])
            if isinstance(left, WriteOutcome):
                return left
            document, newer = left
        key, stored, visual = row or (0, "{}", "{}")
        old = json.loads(stored)
        facts, notes = fit_facts(document.facts, self._fields)
        new = {**old, **facts}
        text = json.dumps(new)
        before = self._entries(old) | _pictures(visual)
        is_changed = document.visual is not None or text != stored
        if document.visual is not None:
            visual = json.dumps(document.visual.to_json())
            ((key,),) = db.execute(UPSERT, (product_id, text, visual)).fetchall()
            db.execute("DELETE FROM removed WHERE id = ?", (product_id,))
            _put_candidate(db, key, document.visual)
        elif is_changed:
            db.execute("UPDATE product SET facts = ? WHERE key = ?", (text, key))
            sql = "UPDATE candidate SET changed = ? WHERE product = ?"
            db.execute(sql, (_next_change(db), key))
        if is_changed:  # else nothing that followers need to read again
            _change_entries(db, key, before, self._entries(new) | _pictures(visual))
            if row is None or _texts(new) != _texts(old):
                _put_words(db, key, _texts(new))
        if times := written_times(document):
            db.execute(PUT_TIMES, (key, times.get("facts_as_of"), times.get("as_of")))
        return WriteOutcome(product_id, notes=(*notes, *newer), is_changed=is_changed)

    def _entries(self, facts: Mapping[str, Fact]) -> Entries:
        indexed = (
            (name, self._fields.indexed(name, one))
            for name, value in facts.items()
            for one in each(value)
        )
        return {(name, value) for name, value in indexed if value is not None}


def _texts(facts: Mapping[str, Fact]) -> list[str]:
    """Return the texts of WORD_FIELDS; several of one are joined."""
    return [
        " ".join(str(one) for one in each(facts.get(name)) if one is not None)
        for name in WORD_FIELDS
    ]


def _put_words(db: Connection, key: int, texts: Sequence[str]) -> None:
    """Index the words of a document anew."""
    marks = ", ".join("?" * (len(texts) + 1))
    sql = f"INSERT OR REPLACE INTO words (rowid, {', '.join(WORD_FIELDS)}) VALUES ({marks})"  # noqa: S608
    db.execute(sql, (key, *texts))


def _pictures(visual: str) -> Entries:
    """List the entries of the pictures of a stored ``visual``; none if it is damaged."""
    try:
        return {(PICTURES, picture) for picture in json.loads(visual)["pictures"]}
    except (KeyError, TypeError, ValueError):
        return set()


def _put_candidate(db: Connection, key: int, visual: VisualDocument) -> None:
    row = (
        key,
        visual.product_id,
        visual.model,
        visual.category,
        visual.great_category,
        visual.source_hash,
        _next_change(db),
        *bit_columns(_numbers(db, visual.attributes)),
        visual.binary_code.tobytes(),
        visual.colour_histogram.tobytes(),
        b"".join(code.tobytes() for code in visual.further_codes),
        b"".join(colour.tobytes() for colour in visual.further_colours),
    )
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT OR REPLACE INTO candidate VALUES ({marks})", row)  # noqa: S608


def _next_change(db: Connection) -> int:
    """Count one more write, and return the new count."""
    ((count,),) = db.execute("UPDATE identity SET counter = counter + 1 RETURNING counter")
    return int(count)


def _numbers(db: Connection, terms: Sequence[str]) -> list[int]:
    """Return the terms' numbers; a new term gets the next number."""
    numbers = []
    for term in terms:
        sql = "SELECT number FROM term WHERE term = ?"
        row = db.execute(sql, (term,)).fetchone()
        if row is None:
            add = "INSERT INTO term SELECT count(*), ? FROM term RETURNING number"
            ((number,),) = db.execute(add, (term,)).fetchall()
            if number >= MAX_TERMS:
                raise _RefusedError(
                    f"expected at most {MAX_TERMS} attribute terms; {term!r} is new"
                )
        else:
            (number,) = row
        numbers.append(number)
    return numbers


def _change_entries(db: Connection, key: int, old: Entries, new: Entries) -> None:
    removed = [(*entry, key) for entry in old - new]
    added = [(*entry, key) for entry in new - old]
    db.executemany("DELETE FROM fact WHERE field = ? AND value = ? AND product = ?", removed)
    db.executemany("INSERT INTO fact VALUES (?, ?, ?)", added)
