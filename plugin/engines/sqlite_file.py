"""Manage the SQLite file: its tables, connections and transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from time import monotonic, sleep

from houndstooth.mappings.errors import CatalogueNotFound, EngineUnavailable
from houndstooth.plugin.engines.sqlite_query import COLUMNS, WORD_FIELDS

# `product` holds the documents and `candidate` the searchable features. Their bytes come last, so
# that a scan for terms does not read them. `times` says of when both are; it changes with every
# feed, which costs little in rows as short as these. `fact` is the inverted index of the shop's
# facts. `identity` has one row. Its counter goes up with every write; `changed` is the counter's
# value after the last write of a document, and `removed` keeps that of each deletion.
# `words` is the inverted index of the words of texts, by the key of the product.
# `deleted` says as of when, in milliseconds, and when that was noted, in seconds, for a while.
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS product (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, facts TEXT NOT NULL, visual TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS times (
    product INTEGER PRIMARY KEY, facts_as_of INTEGER, as_of INTEGER);
CREATE TABLE IF NOT EXISTS candidate (
    product INTEGER PRIMARY KEY, id TEXT NOT NULL, model TEXT NOT NULL, category TEXT NOT NULL,
    great_category TEXT NOT NULL, source_hash TEXT NOT NULL, changed INTEGER NOT NULL,
    {", ".join(f"{column} INTEGER NOT NULL" for column in COLUMNS)},
    binary_code BLOB NOT NULL, colour_histogram BLOB NOT NULL,
    view_codes BLOB NOT NULL, view_colours BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_category ON candidate (model, category);
CREATE INDEX IF NOT EXISTS by_great_category ON candidate (model, great_category);
CREATE UNIQUE INDEX IF NOT EXISTS by_change ON candidate (changed);
CREATE TABLE IF NOT EXISTS removed (changed INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS deleted (
    id TEXT PRIMARY KEY, as_of INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_deletion ON deleted (at);
CREATE TABLE IF NOT EXISTS identity (id TEXT NOT NULL, counter INTEGER NOT NULL);
INSERT INTO identity SELECT lower(hex(randomblob(16))), 0 WHERE NOT EXISTS (SELECT 1 FROM identity);
CREATE TABLE IF NOT EXISTS term (number INTEGER PRIMARY KEY, term TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS fact (
    field TEXT NOT NULL, value NOT NULL, product INTEGER NOT NULL,
    PRIMARY KEY (field, value, product)) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    {", ".join(WORD_FIELDS)}, tokenize = "unicode61 remove_diacritics 2");
"""  # noqa: S608
PRAGMAS = """
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -65536;
PRAGMA mmap_size = 1073741824;
"""
BUSY_SECONDS = 60.0
VERSION = 6
"""Version of ``SCHEMA``, stored as the file's ``user_version``; increase it with each change."""


class SQLiteFile:
    """Pools the connections to one file; each serves one thread at a time.

    With the write-ahead log a killed process loses only its open transaction, and readers do not
    wait for the writer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._opened: tuple[int, int, int] | None = None

    def create(self) -> None:
        """Create folder, file and tables. Calling it again is harmless."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngineUnavailable(f"cannot create {self.path.parent}: {error}") from error
        with self._errors():
            db = self._connect("rwc")
            try:
                _use_write_ahead_log(db)
                db.executescript(
                    f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;"
                )
            finally:
                db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction: wait for another writer, and roll back after an error."""
        with self.connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Borrow an idle connection or open a new one.

        Raises:
            EngineUnavailable: The file is missing, not a SQLite file of this kind, of another
                version, or locked for a minute, or the disk is full.
        """
        idle = self._idle_connections()
        with self._errors():
            try:
                db = idle.get_nowait()
            except Empty:
                db = self._connect("rw")
            try:
                yield db
            finally:
                idle.put(db)

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that reads one state of the file, whatever others write meanwhile."""
        with self.connection() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("ROLLBACK")

    def close(self) -> None:
        """Close all idle connections."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _idle_connections(self) -> LifoQueue[sqlite3.Connection]:
        """Return the idle connections; none after a fork, or if another file has the name now."""
        try:
            found = self.path.stat()
            file = (os.getpid(), found.st_dev, found.st_ino)
        except OSError:
            file = None
        if file != self._opened:
            self._idle, self._opened = LifoQueue(), file
        return self._idle

    def _connect(self, mode: str) -> sqlite3.Connection:
        db = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            db.executescript(PRAGMAS)
            self._check_version(db)
        except BaseException:
            db.close()
            raise
        return db

    def _check_version(self, db: sqlite3.Connection) -> None:
        """Refuse the tables of another version, which have other columns, and of other programs."""
        db.execute("BEGIN")  # both of one state: another process may be making the tables
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
        ((version,),) = db.execute("PRAGMA user_version").fetchall()
        db.execute("ROLLBACK")
        if not tables or (version == VERSION and "candidate" in tables):
            return
        if "candidate" not in tables:
            raise EngineUnavailable(
                f"expected a SQLite file of Houndstooth at {self.path}; got one of another "
                "program; name another file"
            )
        made = "an older" if version < VERSION else "a newer"
        raise EngineUnavailable(
            f"{self.path} was made by {made} version of Houndstooth and cannot be read; delete it "
            "(or name another file) and give the feed again: houndstooth ingest FEED"
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if not self.path.exists():
                raise CatalogueNotFound(
                    f"expected a SQLite file at {self.path}; there is none yet; make it with: "
                    f"houndstooth ingest FEED --engine sqlite:///{self.path}"
                ) from error
            raise EngineUnavailable(f"SQLite file {self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise EngineUnavailable(f"{self.path} is not a usable SQLite file: {error}") from error


def _use_write_ahead_log(db: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging, once and for all.

    SQLite itself does not wait for another process that does the same.
    """
    deadline = monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(0.01)
