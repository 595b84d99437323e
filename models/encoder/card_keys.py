"""Read the keys of a card strictly: each is expected, of one form, and there are no others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from houndstooth.mappings.errors import InvalidConfig


class CardKeys:
    """The keys of one object of a card.

    Args:
        data: the object.
        where: the card's name, and the object's within it, as messages say it.
        names: all keys that it has.
        optional: keys that it may have beside those.

    Attributes:
        where: see above.

    Raises:
        InvalidConfig: it is no object, a key is missing, or there is another one.
    """

    def __init__(
        self, data: object, where: str, names: Sequence[str], optional: Sequence[str] = ()
    ) -> None:
        self.where = where
        if not isinstance(data, Mapping):
            raise self._refuse("an object", data)
        self._data: Mapping[str, Any] = data
        for unknown in data.keys() - {*names, *optional}:
            raise self._refuse(f"the keys {', '.join((*names, *optional))}", unknown)
        for missing in (name for name in names if name not in data):
            raise self._refuse(f"the key {missing}", ", ".join(data) or "none")

    def inner(self, name: str, names: Sequence[str]) -> CardKeys:
        """Read an object within this one."""
        return CardKeys(self._data[name], f"{self.where}, {name}", names)

    def text(self, name: str) -> str:
        """Read a text that is not empty."""
        value = self._data[name]
        return str(self._checked(name, "a text", isinstance(value, str) and bool(value.strip())))

    def text_or_none(self, name: str) -> str | None:
        """Read a text that is not empty, or null."""
        return None if self._data[name] is None else self.text(name)

    def word(self, name: str, words: Sequence[str]) -> Any:
        """Read one of some words."""
        return self._checked(name, " or ".join(words), self._data[name] in words)

    def true_or_false(self, name: str) -> bool:
        """Read a truth value."""
        return bool(self._checked(name, "true or false", isinstance(self._data[name], bool)))

    def whole(self, name: str, least: int = 1) -> int:
        """Read a whole number of at least 1, or of at least 0."""
        expected = "a whole number above 0" if least else "a whole number from 0 on"
        return int(self._checked(name, expected, _is_whole(self._data[name], least)))

    def wholes(self, name: str, length: int) -> tuple[int, ...]:
        """Read so many whole numbers above 0."""
        expected = f"{length} whole numbers above 0"
        return tuple(self._checked(name, expected, _are(self._data[name], _is_whole, length)))

    def numbers(
        self, name: str, length: int | None = None, most: int | None = None
    ) -> tuple[float, ...]:
        """Read so many finite numbers; None = at least one, and at most as many as dimensions."""
        expected = f"{length} numbers" if length else "numbers"
        right = _are(self._data[name], _is_number, length)
        found = tuple(map(float, self._checked(name, expected, right)))
        if most is not None and len(found) > most:
            raise self._refuse(f"at most {most} {name}, as many as dimensions,", str(len(found)))
        return found

    def texts_by_name(self, name: str) -> dict[str, str]:
        """Read an object of texts."""
        value = self._data[name]
        right = isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values())
        return dict(self._checked(name, "an object of texts", right))

    def above_zero(self, name: str) -> float:
        """Read a finite number above 0."""
        value = self._data[name]
        return float(self._checked(name, "a number above 0", _is_number(value) and value > 0))

    def _checked(self, name: str, expected: str, right: bool) -> Any:
        if not right:
            raise self._refuse(f"{expected} for {name}", self._data[name])
        return self._data[name]

    def _refuse(self, expected: str, got: object) -> InvalidConfig:
        shown = got if isinstance(got, str) else repr(got)
        return InvalidConfig(f"expected {expected} in {self.where}; got {shown[:200]}")


def _is_whole(value: object, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are(values: object, right: Callable[[object], bool], length: int | None) -> bool:
    if not isinstance(values, list) or not values or not all(map(right, values)):
        return False
    return length is None or len(values) == length
