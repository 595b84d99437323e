"""Read values of a document by dotted paths such as ``media.0.url``."""

from __future__ import annotations

from typing import Any

EACH = "*"
"""Stands for every item of a list; so does leaving it out: ``media.*.url`` is ``media.url``."""


def value_at(source: Any, path: str) -> Any:
    """Return the value at a path; None if there is none.

    Engines do not tell one value from a list of one, so ``media.0.url`` and ``media.url`` are in
    ``{"media": {"url": …}}`` too. Names may have dots: ``{"offers.price": …}``.

    Args:
        source: The document, or a part of it.
        path: Names, places in lists counted from 0, and ``*``; empty is the source itself.

    Returns:
        The value; that of several items is a list.
    """
    if not path:
        return source
    head, _, rest = path.partition(".")
    if isinstance(source, list):
        if head.isdecimal():
            return value_at(source[int(head)], rest) if int(head) < len(source) else None
        inner = rest if head == EACH else path
        return _joined([value_at(one, inner) for one in source])
    found = _in_object(source, path) if isinstance(source, dict) else None
    if found is None and head in ("0", EACH):
        return value_at(source, rest)
    return found


def field_of(path: str) -> str:
    """Return the part of a path before its first place in a list, which a mapping knows."""
    names: list[str] = []
    for name in path.split("."):
        if name == EACH or name.isdecimal():
            break
        names.append(name)
    return ".".join(names)


def _in_object(source: dict[str, Any], path: str) -> Any:
    names = path.split(".")
    for end in range(1, len(names) + 1):
        name = ".".join(names[:end])
        if name in source:
            found = value_at(source[name], ".".join(names[end:]))
            if found is not None:
                return found
    return None


def _joined(values: list[Any]) -> list[Any] | None:
    """Join the values of items, which may be lists themselves; None if there is none."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, list):
            found += value
        elif value is not None:
            found.append(value)
    return found or None
