"""Read and write cursors, with which a search is continued after its last hit."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from math import isfinite
from typing import Any, TypeVar

from houndstooth.mappings.errors import InvalidInput
from houndstooth.plugin.columns.query import Place

MAX_LENGTH = 10_000
"""Longest cursor that is read; product ids have 512 bytes at most, each 6 as JSON."""

BEFORE_ALL = (False, -2.0, "")
"""Place before every product: scores are 1 at most."""

_HASH_BYTES = 4

Read = TypeVar("Read")


@dataclass(frozen=True, order=True)
class Cursor:
    """The end of a page; of two cursors with one first step the lower comes first.

    Attributes:
        first_step: Number of the step whose hits came first.
        step: Number of the step of the last hit.
        after: Place of the last hit.
    """

    first_step: int
    step: int
    after: Place

    def __str__(self) -> str:
        return _write(self._fields)

    @property
    def _fields(self) -> list[Any]:
        return [self.first_step, self.step, *self.after]

    @classmethod
    def parse(cls, text: str, steps: int) -> Cursor:
        """Read a cursor.

        Args:
            text: The cursor.
            steps: Number of steps that the search has.

        Raises:
            InvalidInput: It is not the cursor of such a search.
        """
        return _read(text, lambda fields: cls._of(fields, steps))

    @classmethod
    def _of(cls, fields: Any, steps: int) -> Cursor:
        first, step, last, number, product_id = fields
        whole = type(first) is int and type(step) is int and 0 <= first <= step < steps
        valid = isinstance(last, bool) and isinstance(product_id, str)
        if not (whole and valid and isfinite(number)):
            raise ValueError(f"{first}, {step}")
        return cls(first, step, (last, float(number), product_id))


SortKey = tuple[bool, str | float | None, str]
"""Place of a hit among those sorted by a fact: sold out, its value or None, its product id."""


@dataclass(frozen=True)
class SortedCursor:
    """The end of a page of hits that are sorted by a fact.

    Attributes:
        end: The last hit by looks among those that are sorted.
        after: Sorting key of the page's last hit.
    """

    end: Cursor
    after: SortKey

    def __str__(self) -> str:
        return _write([self.end._fields, *self.after])

    @classmethod
    def parse(cls, text: str, steps: int) -> SortedCursor:
        """Read a cursor; see Cursor."""

        def read(fields: Any) -> SortedCursor:
            end, last, value, product_id = fields
            is_number = type(value) in (int, float) and isfinite(value)
            valid = value is None or isinstance(value, str) or is_number
            if not (valid and isinstance(last, bool) and isinstance(product_id, str)):
                raise ValueError(str(value))
            return cls(Cursor._of(end, steps), (last, value, product_id))

        return _read(text, read)


RuledKey = tuple[int, int, bool, float, str]
"""Place of a hit among those ordered by rules: the pin's number, step, sold out, score with what
rules add, negative, and product id."""


@dataclass(frozen=True)
class RuledCursor:
    """The end of a page of hits that are ordered by merchandising rules.

    Attributes:
        end: The last hit by looks among those that are ordered.
        after: Sorting key of the page's last hit.
    """

    end: Cursor
    after: RuledKey

    def __str__(self) -> str:
        return _write([self.end._fields, *self.after])

    @classmethod
    def parse(cls, text: str, steps: int) -> Cursor | RuledCursor:
        """Read a cursor, or one of the pages that follow, which are by looks; see Cursor."""

        def read(fields: Any) -> Cursor | RuledCursor:
            if not isinstance(fields[0], list):
                return Cursor._of(fields, steps)
            end, pin, step, last, value, product_id = fields
            whole = type(pin) is int and type(step) is int and isinstance(last, bool)
            if not (whole and isfinite(value) and isinstance(product_id, str)):
                raise ValueError(str(value))
            return cls(Cursor._of(end, steps), (pin, step, last, float(value), product_id))

        return _read(text, read)


@dataclass(frozen=True)
class ShownCursor:
    """The hits that were shown so far of a search whose lists are joined.

    Attributes:
        shown: Four bytes of the BLAKE2b hash of each product id, in order.
    """

    shown: tuple[bytes, ...] = ()

    def __len__(self) -> int:
        return len(self.shown)

    def __contains__(self, product_id: str) -> bool:
        return bool(self.shown) and _short_hash(product_id) in self.shown

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(b"".join(self.shown)).decode().rstrip("=")

    def and_shown(self, product_ids: Iterable[str]) -> ShownCursor:
        """Return the cursor after some more hits."""
        return ShownCursor((*self.shown, *map(_short_hash, product_ids)))

    @classmethod
    def parse(cls, text: str) -> ShownCursor:
        """Read a cursor; see Cursor."""
        try:
            if len(text) > MAX_LENGTH:
                raise ValueError(f"{len(text)} characters")
            data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            if not data or len(data) % _HASH_BYTES:
                raise ValueError(f"{len(data)} bytes")
        except ValueError as error:
            raise _unusable(text) from error
        starts = range(0, len(data), _HASH_BYTES)
        return cls(tuple(data[start : start + _HASH_BYTES] for start in starts))


def _short_hash(product_id: str) -> bytes:
    return blake2b(product_id.encode(), digest_size=_HASH_BYTES).digest()


def _unusable(text: str) -> InvalidInput:
    return InvalidInput(
        f"expected the cursor of an earlier answer to the same search; got {text[:40]!r}"
    )


def _write(fields: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def _read(text: str, read: Callable[[Any], Read]) -> Read:
    try:
        if len(text) > MAX_LENGTH:
            raise ValueError(f"{len(text)} characters")
        return read(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        raise _unusable(text) from error
