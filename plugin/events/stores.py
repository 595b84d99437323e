"""Keep records in a file of JSON lines, or in the indices of a cluster; read them again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.plugin.credentials import ANONYMOUS, Credentials
from houndstooth.plugin.events.ubi import EVENTS, QUERIES

Json = dict[str, Any]
Record = tuple[str, Json]
"""A record, and the index that it is of."""


class Broken(str):
    """A complaint about a line or document that is no record, with its place."""


class Store(Protocol):
    """Keeps records."""

    def check(self) -> None:
        """Raise InvalidConfig if it is known beforehand that nothing can be kept."""

    def write(self, records: Sequence[Record]) -> Sequence[Record]:
        """Append records; return those that were refused. Raises any error if none was kept."""

    def read(self) -> Iterator[Record | Broken]:
        """Yield all records: queries and events of a client in the order of their times.

        Raises:
            InvalidConfig: The file cannot be read.
            EngineUnavailable: The cluster cannot be reached.
        """


def open_store(target: str, credentials: Credentials = ANONYMOUS) -> Store:
    """Open the store at a path, or on a cluster, ``opensearch://host:port``.

    Raises:
        InvalidConfig: There is no such cluster.
    """
    if "://" not in target:
        return FileStore(Path(target))
    from houndstooth.plugin.events.cluster_store import ClusterStore

    return ClusterStore(target, credentials)


class FileStore:
    """A file of JSON lines, readable by its owner alone; other processes may append too.

    It is opened for each batch, so it may be moved away at any time, as ``logrotate`` does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> None:
        """Raise InvalidConfig if the file cannot be made or written."""
        try:
            self._append(b"")
        except OSError as error:
            raise InvalidConfig(
                f"HOUNDSTOOTH_EVENTS: expected a file that can be written: {error}"
            ) from None

    def write(self, records: Sequence[Record]) -> Sequence[Record]:
        """Append records, all of them in one write; see Store."""
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for _, record in records]
        self._append("".join(lines).encode(errors="replace"))
        return ()

    def read(self) -> Iterator[Record | Broken]:
        """Yield all records; see Store."""
        try:
            with self._path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if line.strip():
                        yield _parse(line, f"line {number}")
        except OSError as error:
            raise InvalidConfig(f"expected a file of events: {error}") from None

    def _append(self, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            while data:
                data = data[os.write(file, data) :]
        finally:
            os.close(file)


def as_record(data: Any, where: str) -> Record | Broken:
    """Tell whether a record is a query or an event by its fields; else say what is wrong."""
    if not isinstance(data, dict):
        return Broken(f"{where}: expected an object; got {str(data)[:40]!r}")
    if isinstance(data.get("action_name"), str):
        return EVENTS, data
    if isinstance(data.get("query_id"), str) and "query_response_hit_ids" in data:
        return QUERIES, data
    names = ", ".join(map(str, data))[:80] or "none"
    return Broken(f"{where}: expected the fields of a query or an event of UBI; got {names}")


def _parse(line: bytes, where: str) -> Record | Broken:
    data: Any = None
    with suppress(ValueError, RecursionError):
        data = json.loads(line)
    if data is None:
        return Broken(f"{where}: expected JSON; got {line[:40]!r}")
    return as_record(data, where)
