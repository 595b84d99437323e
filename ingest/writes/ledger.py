"""Keep what must be known of earlier writes, in a SQLite file beside the jobs.

Three things, each bounded in number and age: answers, so that a write that is sent twice is done
once; the products of a platform that were deleted, so that an older webhook does not bring them
back; and which products of the index each of those consists of, as its deletion names it alone.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from houndstooth.mappings.errors import WorkersUnavailable
from houndstooth.plugin.engines.newest import DELETED_SECONDS

ANSWER_SECONDS = 24 * 3600
MAX_ANSWERS = 10_000
"""Answers that are kept of each caller."""

MAX_DELETED = 1_000_000

AT_WORK_SECONDS = 600
"""Time after which a write without an answer counts as broken off, and may be done again."""

_FILE = "writes.db"
_BUSY_SECONDS = 5
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    caller TEXT, name TEXT, digest TEXT, status INTEGER, body TEXT, at REAL,
    PRIMARY KEY (caller, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_at ON answers (at);
CREATE INDEX IF NOT EXISTS answers_of ON answers (caller, at);
CREATE TABLE IF NOT EXISTS deleted (
    product_id TEXT PRIMARY KEY, as_of INTEGER, at REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deleted_at ON deleted (at);
CREATE TABLE IF NOT EXISTS families (
    parent TEXT, product_id TEXT, PRIMARY KEY (parent, product_id)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Answer:
    """A stored answer; without a body the write is still under way.

    Attributes:
        digest: Hash of the request that it answers.
        status, body: Of the answer.
    """

    digest: str
    status: int | None
    body: str | None


class Ledger:
    """The file. Threads and processes may share it.

    Every method raises WorkersUnavailable if the file cannot be used.

    Args:
        folder: The folder of jobs.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def begin(self, caller: str, name: str, digest: str) -> Answer | None:
        """Reserve the name of a write; return None, or the answer of the write that has it.

        Args:
            caller: Id of the caller's key; names of different callers differ.
            name: The name that the caller gave it.
            digest: Hash of the request.
        """
        now = time.time()
        with self._write() as db:
            db.execute("DELETE FROM answers WHERE at < ?", (now - ANSWER_SECONDS,))
            _trim(db, "answers WHERE caller = ?", MAX_ANSWERS, caller)
            found = db.execute(
                "SELECT digest, status, body, at FROM answers WHERE caller = ? AND name = ?",
                (caller, name),
            ).fetchone()
            if found and (found[1] is not None or found[3] > now - AT_WORK_SECONDS):
                return Answer(*found[:3])
            db.execute(
                "REPLACE INTO answers VALUES (?, ?, ?, NULL, NULL, ?)", (caller, name, digest, now)
            )
            return None

    def finish(self, caller: str, name: str, status: int, body: str) -> None:
        """Keep the answer of a write."""
        with self._write() as db:
            db.execute(
                "UPDATE answers SET status = ?, body = ? WHERE caller = ? AND name = ?",
                (status, body, caller, name),
            )

    def forget(self, caller: str, name: str) -> None:
        """Free the name of a write that was not done."""
        with self._write() as db:
            db.execute("DELETE FROM answers WHERE caller = ? AND name = ?", (caller, name))

    def mark_deleted(self, product_id: str, as_of: int) -> None:
        """Keep that a platform's product was deleted; the newest time stays."""
        now = time.time()
        with self._write() as db:
            db.execute("DELETE FROM deleted WHERE at < ?", (now - DELETED_SECONDS,))
            _trim(db, "deleted WHERE true", MAX_DELETED)
            db.execute(
                "INSERT INTO deleted VALUES (?, ?, ?) ON CONFLICT (product_id) "
                "DO UPDATE SET as_of = max(as_of, excluded.as_of), at = excluded.at",
                (product_id, as_of, now),
            )

    def deleted(self, product_ids: Collection[str]) -> dict[str, int]:
        """Return when products of a platform were deleted; those that were not are left out."""
        with self._open() as db:
            found = (
                db.execute("SELECT * FROM deleted WHERE product_id = ?", (one,)).fetchone()
                for one in product_ids
            )
            return {row[0]: row[1] for row in found if row}

    def family(self, parent: str) -> list[str]:
        """Return the ids of the products that a platform's product consists of."""
        with self._open() as db:
            query = "SELECT product_id FROM families WHERE parent = ? ORDER BY product_id"
            return [row[0] for row in db.execute(query, (parent,))]

    def change_family(
        self, parent: str, added: Collection[str] = (), removed: Collection[str] = ()
    ) -> None:
        """Add and remove products that a platform's product consists of."""
        with self._write() as db:
            db.executemany(
                "INSERT OR IGNORE INTO families VALUES (?, ?)", [(parent, one) for one in added]
            )
            db.executemany(
                "DELETE FROM families WHERE parent = ? AND product_id = ?",
                [(parent, one) for one in removed],
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            with closing(db):
                if _lacks(db):
                    db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
                yield db
        except (OSError, sqlite3.Error) as error:
            raise WorkersUnavailable(
                f"expected to use {self._path} (HOUNDSTOOTH_JOBS): {error}",
                public="what is known of earlier writes cannot be read right now",
            ) from None

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            with db:
                yield db


def _lacks(db: sqlite3.Connection) -> bool:
    """Tell whether a table or an index is missing."""
    [count] = db.execute("SELECT count(*) FROM sqlite_schema WHERE sql IS NOT NULL").fetchone()
    return bool(count < _SCHEMA.count("CREATE "))


def _trim(db: sqlite3.Connection, rows: str, most: int, *values: str) -> None:
    """Remove the oldest of some rows, if there are too many with a new one."""
    [count] = db.execute(f"SELECT count(*) FROM {rows}", values).fetchone()  # noqa: S608
    if count >= most:
        oldest = f"SELECT at FROM {rows} ORDER BY at LIMIT 1 OFFSET ?"  # noqa: S608
        statement = f"DELETE FROM {rows} AND at <= ({oldest})"  # noqa: S608
        db.execute(statement, (*values, *values, count - most))
