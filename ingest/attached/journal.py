"""Remember what was made of each document, so that its images need not be read to know it.

The journal saves time and no more: without it images are read again, and those that have not
changed are not recognised again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from houndstooth.mappings.errors import InvalidConfig

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS document (id TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS language (code TEXT NOT NULL);
"""


class Journal:
    """The digests of documents whose ``visual`` is up to date, in a SQLite file.

    A digest stands for all that was read of a document, and for how it was recognised.

    Args:
        folder: Folder of the journals.
        name: Name of this one: of one index and one ``visual``.

    Raises:
        InvalidConfig: The file cannot be used.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.db"
        with self._errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(self._path, timeout=30)
            self._file.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise InvalidConfig(f"cannot use the journal {self._path}: {error}") from None

    def digests(self, product_ids: Sequence[str]) -> dict[str, str]:
        """Read the digests of some documents, by id."""
        marks = ",".join("?" * len(product_ids))
        query = f"SELECT id, digest FROM document WHERE id IN ({marks})"  # noqa: S608
        with self._errors():
            return dict(self._file.execute(query, product_ids))

    def note(self, digests: Mapping[str, str]) -> None:
        """Note the digests of documents by id."""
        with self._errors(), self._file:
            self._file.executemany("REPLACE INTO document VALUES (?, ?)", digests.items())

    def language_of(self, given: str, detect: Callable[[], str]) -> str:
        """Return the language of the texts, and note it for the next time.

        It is detected once: another sample of the documents might tell another one, and all of
        them would be recognised again.

        Args:
            given: As the user gives it; empty = not at all.
            detect: Detects it.
        """
        with self._errors():
            noted = self._file.execute("SELECT code FROM language").fetchone()
        if noted and given in ("", noted[0]):
            return str(noted[0])
        code = given or detect()
        with self._errors(), self._file:
            self._file.execute("DELETE FROM language")
            self._file.execute("INSERT INTO language VALUES (?)", (code,))
        return code
