"""Make API keys, keep their hashes, and know them again.

A key holds 256 random bits. Nobody can try so many, so one SHA-256 hides it as well as a slow hash
hides a password that a person has chosen. A key is compared by its hash, in constant time.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from threading import Lock
from typing import Any, Literal, get_args

from houndstooth.mappings.errors import InvalidConfig, InvalidInput

Scope = Literal["search", "ingest", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""What a key may do: search; see jobs and write products; everything."""

MAX_LABEL = 100

_KEY = re.compile(r"hs_([0-9a-f]{8})_[A-Za-z0-9_-]{43}", re.ASCII)
_RECORD = re.compile(r"([0-9a-f]{8}):([a-z+]+):([0-9a-f]{64})", re.ASCII)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Key:
    """A record of an API key, without the key itself.

    Attributes:
        key_id: Its name, eight hexadecimal digits; a part of the key itself.
        scopes: What it may do.
        sha256: Hash of the key, in hexadecimal digits.
        label: What it is for, for people.
        created: When it was made, in ISO 8601.
    """

    key_id: str
    scopes: tuple[Scope, ...]
    sha256: str
    label: str = ""
    created: str = ""

    def __post_init__(self) -> None:
        if not set(self.scopes) <= set(SCOPES) or not self.scopes:
            raise ValueError(f"expected scopes of {', '.join(SCOPES)}; got {self.scopes}")
        if not _RECORD.fullmatch(self.record):
            raise ValueError(f"expected an id and a SHA-256 of a key; got {self.key_id[:20]!r}")

    def __str__(self) -> str:
        return f"{self.key_id} ({'+'.join(self.scopes)})"

    @property
    def record(self) -> str:
        """Return ``id:scope+scope:sha256``, which ``HOUNDSTOOTH_KEY_RECORDS`` takes."""
        return f"{self.key_id}:{'+'.join(self.scopes)}:{self.sha256}"

    def allows(self, scope: Scope) -> bool:
        """Tell whether the key may do what needs a scope; ``admin`` may do everything."""
        return scope in self.scopes or "admin" in self.scopes


def make_key(scopes: Iterable[Scope], label: str = "") -> tuple[str, Key]:
    """Make a key; return it, and what is to be kept of it.

    Args:
        scopes: What it may do.
        label: What it is for, at most ``MAX_LABEL`` characters.

    Raises:
        InvalidInput: The label is too long.
    """
    if len(label) > MAX_LABEL or not label.isprintable():
        raise InvalidInput(
            f"expected a label of at most {MAX_LABEL} characters; got {label!r:.200}"
        )
    key_id = secrets.token_hex(4)
    text = f"hs_{key_id}_{secrets.token_urlsafe(32)}"
    created = datetime.now(UTC).isoformat(timespec="seconds")
    ordered = tuple(scope for scope in SCOPES if scope in set(scopes))
    return text, Key(key_id, ordered, _digest(text), label, created)


def read_records(text: str) -> tuple[Key, ...]:
    """Read records of keys, separated by white space or commas.

    Raises:
        ValueError: One of them is not a record.
    """
    keys = []
    for word in re.split(r"[\s,]+", text.strip()):
        record = _RECORD.fullmatch(word)
        if not record:
            raise ValueError("expected records of keys, ID:SCOPE+SCOPE:SHA256")
        scopes: Any = tuple(record[2].split("+"))
        keys.append(Key(record[1], scopes, record[3]))
    return tuple(keys)


class KeyFile:
    """The file of a deployment's keys. Several processes may share it.

    Every method raises InvalidConfig if the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Key]:
        """Read the keys, the oldest first; none if there is no file."""
        with self._errors():
            return self._read()

    def add(self, key: Key) -> None:
        """Add a key; make the file if there is none."""
        self._change(lambda keys: [*keys, key])

    def remove(self, key_id: str) -> bool:
        """Remove a key; tell whether it was there."""
        if all(key.key_id != key_id for key in self.read()):
            return False
        self._change(lambda keys: [key for key in keys if key.key_id != key_id])
        return True

    def _read(self) -> list[Key]:
        try:
            data = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return []
        return [Key(**{**one, "scopes": tuple(one["scopes"])}) for one in data["keys"]]

    def _change(self, change: Callable[[list[Key]], list[Key]]) -> None:
        with self._errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path.with_suffix(".lock"), "ab", opener=_private) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                new = self.path.with_suffix(".new")
                new.unlink(missing_ok=True)
                with open(new, "x", encoding="utf-8", opener=_private) as file:
                    data = {"keys": [asdict(key) for key in change(self._read())]}
                    json.dump(data, file, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(self.path)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidConfig(
                f"expected to use {self.path} (HOUNDSTOOTH_KEYS) as a file of API keys: {error}"
            ) from None


class Keys:
    """The keys of a running service: those of a file, read again when it changes, and others.

    Threads may share it.

    Args:
        path: The file.
        others: Keys that are in no file.

    Raises:
        InvalidConfig: The file cannot be used. One that can no longer be used later on, or that is
            gone, leaves the keys as they were, and the log says so.
    """

    def __init__(self, path: Path, others: Iterable[Key] = ()) -> None:
        self._file = KeyFile(path)
        self._others = tuple(others)
        self._lock = Lock()
        self._state = self._look()
        self._keys = self._by_id()
        self._had_file = self._state is not None

    @property
    def exist(self) -> bool:
        """Tell whether keys were ever made: a file whose keys are all revoked counts."""
        self._renew()
        return bool(self._others) or self._had_file

    def find(self, text: str) -> Key | None:
        """Find the key that a caller has sent; None if it is not known."""
        self._renew()
        match = _KEY.fullmatch(text)
        key = self._keys.get(match[1]) if match else None
        return key if key and compare_digest(key.sha256, _digest(text)) else None

    def _look(self) -> tuple[int, ...] | None:
        """Return by what a changed file is noticed; None if there is none."""
        try:
            status = self._file.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _renew(self) -> None:
        state = self._look()
        if state == self._state:
            return
        with self._lock:
            if state == self._state:
                return
            self._state = state
            self._had_file = True
            if state is None:
                _LOG.error("%s is gone; its keys stay as they were", self._file.path)
                return
            try:
                self._keys = self._by_id()
            except InvalidConfig as error:
                _LOG.error("%s; the keys stay as they were", error)

    def _by_id(self) -> dict[str, Key]:
        return {key.key_id: key for key in (*self._others, *self._file.read())}


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
