"""Reading for all data sets: files, boxes, and a warning about skipped items."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.models.training.samples import Split

_LOG = logging.getLogger(__name__)
_NAMED_IN_A_WARNING = 8
_SPLIT_IN_NAME: dict[str, Split] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}


class Skips:
    """Counts the items that a reader skips, and warns once at the end.

    Use it as a context manager around the reading.
    """

    def __init__(self, source: Path) -> None:
        self._source = source
        self._categories: Counter[str] = Counter()
        self._attributes: dict[str, None] = {}
        self._broken = 0
        self._broken_examples: list[str] = []

    def category(self, label: str) -> None:
        """Count an item whose label means no category, or several."""
        self._categories[label] += 1

    def attribute(self, label: str) -> None:
        """Count a label without a term in the taxonomy; the items that have it stay."""
        self._attributes[label] = None

    def broken(self, what: str) -> None:
        """Count an item that cannot be used, and why."""
        self._broken += 1
        if len(self._broken_examples) < _NAMED_IN_A_WARNING:
            self._broken_examples.append(what)

    def __enter__(self) -> Skips:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            return
        unused = [
            _account(self._broken, "items that cannot be used", self._broken_examples),
            _account(
                self._categories.total(),
                "items of a wide or unknown category",
                [f"{label} ×{count}" for label, count in self._categories.most_common()],
            ),
            _account(
                len(self._attributes), "attribute labels without a term", list(self._attributes)
            ),
        ]
        if any(unused):
            _LOG.warning("%s: left out %s", self._source.name, "; ".join(filter(None, unused)))


def parse_json(path: Path) -> Any:
    """Parse a JSON file.

    Raises:
        InvalidFeed: the file cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidFeed(f"expected a file at {path}; got: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise InvalidFeed(f"expected JSON in {path}, line {error.lineno}; got: {error}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidFeed(f"expected UTF-8 in {path}, line {line}; got: {error.reason}") from None


def read_json(path: Path, *required: str) -> dict[str, Any]:
    """Read the object of a JSON file, which must have these fields, each a list.

    Raises:
        InvalidFeed: the file cannot be read, is not JSON, or lacks a field.
    """
    data = parse_json(path)
    if not isinstance(data, dict):
        raise InvalidFeed(f"expected a JSON object in {path}, line 1; got {type(data).__name__}")
    for name in required:
        if not isinstance(data.get(name), list):
            got = type(data[name]).__name__ if name in data else ", ".join(data)[:80] or "nothing"
            raise InvalidFeed(f"expected a list {name!r} in {path}, line 1; got {got}")
    return data


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Read the lines of a UTF-8 file, with their numbers from 1 and without line ends.

    Raises:
        InvalidFeed: the file cannot be read, or is not UTF-8.
    """
    line = 0
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line, text in enumerate(file, 1):
                yield line, text.rstrip("\n")
    except OSError as error:
        raise InvalidFeed(f"expected a file at {path}; got: {error.strerror}") from None
    except UnicodeDecodeError as error:
        after = f"after line {line}" if line else "in line 1"
        raise InvalidFeed(f"expected UTF-8 in {path}, {after}; got: {error.reason}") from None


def split_in_name(path: Path) -> Split | None:
    """Find the split in a file's name (``instances_attributes_val2020.json``); None without one."""
    words = re.findall(r"[a-z]+", path.stem.lower())
    return next((_SPLIT_IN_NAME[word] for word in words if word in _SPLIT_IN_NAME), None)


def pixel_box(corners: tuple[float, float, float, float], size: tuple[int, int]) -> Box:
    """Convert a box in pixels to fractions, clipped to the image.

    Args:
        corners: left, top, right, bottom; origin top left.
        size: the image's width and height.

    Raises:
        InvalidBox: no part of it is inside the image.
    """
    width, height = size
    left, right = (min(max(x / width, 0.0), 1.0) for x in corners[::2])
    top, bottom = (min(max(y / height, 0.0), 1.0) for y in corners[1::2])
    return Box(left, top, right - left, bottom - top)


def _account(count: int, what: str, examples: Sequence[str]) -> str:
    if not count:
        return ""
    more = ", …" if count > len(examples) or len(examples) > _NAMED_IN_A_WARNING else ""
    return f"{count} {what} ({', '.join(examples[:_NAMED_IN_A_WARNING])}{more})"
