"""Embeddings of a benchmark's pictures in a folder, so that an interrupted run goes on.

``features.f32`` has the rows, float32; ``pictures.jsonl`` says first how many dimensions they have,
then which picture each is. A row counts once its line is complete.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.retrieval.benchmark import Picture


class FeatureStore:
    """Embeddings by picture, of one model.

    Use it within ``opened``. A picture is known by its name, its box, and its file's size and time
    of change.
    """

    def __init__(self, folder: Path) -> None:
        self._features, self._pictures = folder / "features.f32", folder / "pictures.jsonl"
        self._places: dict[str, int] = {}
        self._dimension = 0

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[FeatureStore]:
        """Open a store, and make its folder where there is none.

        Raises:
            InvalidConfig: the folder cannot be used, has something else, or is in use.
        """
        store = cls(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "lock").open("a")
        except OSError as error:
            raise InvalidConfig(
                f"expected a folder for features at {folder}; got {error.strerror}"
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InvalidConfig(
                    f"expected one evaluation at a time in {folder}; got another that runs"
                ) from None
            store._load()
            yield store

    def __contains__(self, picture: Picture) -> bool:
        return _key(picture) in self._places

    def append(self, pictures: Sequence[Picture], rows: NDArray[np.float32]) -> None:
        """Write the embeddings of n pictures, float32 [n, d]; one that is there keeps its own.

        Raises:
            InvalidConfig: they have other dimensions than those that are there, or the disk is
                full.
        """
        if self._dimension and rows.shape[1] != self._dimension:
            raise InvalidConfig(
                f"expected {self._dimension} dimensions as in {self._features}; got {rows.shape[1]}"
            )
        fresh = {key: n for n, key in enumerate(map(_key, pictures)) if key not in self._places}
        lines = [] if self._dimension else [_line({"dimension": rows.shape[1]})]
        try:
            with self._features.open("ab") as file:
                file.write(np.ascontiguousarray(rows[[*fresh.values()]], dtype="<f4").tobytes())
            with self._pictures.open("ab") as file:
                file.writelines([*lines, *map(_line, fresh)])
        except OSError as error:
            raise InvalidConfig(
                f"expected features to be written to {self._features}; got {error.strerror}"
            ) from None
        self._dimension = rows.shape[1]
        for key in fresh:
            self._places[key] = len(self._places)

    def rows(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """Read the embeddings of n pictures that are in the store, float32 [n, d]."""
        shape = (len(self._places), self._dimension)
        stored = np.memmap(self._features, dtype="<f4", mode="r", shape=shape)
        places = [self._places[_key(picture)] for picture in pictures]
        return np.asarray(stored[places], dtype=np.float32)

    def _load(self) -> None:
        """Read which pictures there are, and cut off what an interrupted run left half written."""
        if not self._pictures.exists():
            self._features.unlink(missing_ok=True)  # nothing says which pictures its rows are of
            return
        self._features.touch()
        data = self._pictures.read_bytes()
        lines = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
        try:
            self._dimension = int(json.loads(lines[0])["dimension"]) if lines else 0
            keys = [str(json.loads(line)) for line in lines[1:]]
        except (ValueError, TypeError, KeyError):
            raise InvalidConfig(
                f"expected features of an earlier evaluation in {self._pictures.parent}; got "
                f"another {self._pictures.name}"
            ) from None
        row = 4 * self._dimension
        whole = min(len(keys), self._features.stat().st_size // row if row else 0)
        self._places = {key: place for place, key in enumerate(keys[:whole])}
        with self._features.open("r+b") as features, self._pictures.open("r+b") as pictures:
            features.truncate(whole * row)
            pictures.truncate(sum(map(len, lines[: whole + 1])))


def _key(picture: Picture) -> str:
    file = picture.path.stat()
    return json.dumps([picture.name, picture.corners, file.st_size, file.st_mtime_ns])


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
