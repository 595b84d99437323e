"""Types of a retrieval benchmark: pictures, queries, and the galleries that are ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.retrieval.metrics import Metric

Corners = tuple[float, float, float, float]
"""Left, top, right and bottom of a box, in pixels of the picture's file."""

_NAMED = 6
"""Entries of a folder that an error names."""


@dataclass(frozen=True)
class Picture:
    """A picture of a benchmark.

    Attributes:
        name: its path as the benchmark writes it; goes into the feature cache and into messages.
        path: its file, which may be missing.
        corners: the box of the item that is meant; None has it located.
    """

    name: str
    path: Path
    corners: Corners | None = None


@dataclass(frozen=True)
class Query:
    """A query.

    Attributes:
        picture: place of its picture among the benchmark's.
        right: labels of the gallery pictures that are right.
        cluster: the object or item that it shows; scores of one cluster are not independent.
        less: places of pictures whose mean embedding is taken off the query's.
        more: places of pictures whose mean embedding is added.
    """

    picture: int
    right: frozenset[str]
    cluster: str
    less: tuple[int, ...] = ()
    more: tuple[int, ...] = ()


@dataclass(frozen=True)
class Task:
    """Queries and the gallery that is ranked for each of them.

    Attributes:
        name: such as the category.
        queries: the queries.
        gallery: places of the gallery's pictures among the benchmark's.
        labels: label of each gallery picture.
    """

    name: str
    queries: Sequence[Query]
    gallery: Sequence[int]
    labels: Sequence[str]


@dataclass(frozen=True)
class Benchmark:
    """A benchmark that was read from a folder.

    Attributes:
        name: as ``names.BENCHMARKS`` has it.
        pictures: all pictures, each once.
        tasks: what is measured.
        metrics: score of one query, by the metric's name.
        skips_query: whether the query's own picture is left out of the ranking.
        by_item: whether pictures of one label are one item, ranked at its nearest picture.
        pooled: whether the queries of all tasks are also scored together.
    """

    name: str
    pictures: Sequence[Picture]
    tasks: Sequence[Task]
    metrics: Mapping[str, Metric]
    skips_query: bool = False
    by_item: bool = False
    pooled: bool = False


@dataclass
class Album:
    """Collects the pictures of a benchmark while it is read, each once.

    Attributes:
        pictures: in the order in which they came.
    """

    pictures: list[Picture] = field(default_factory=list)
    _places: dict[tuple[str, Corners | None], int] = field(default_factory=dict)

    def add(self, name: str, path: Path, corners: Corners | None = None) -> int:
        """Add a picture, or find it; returns its place."""
        place = self._places.setdefault((name, corners), len(self.pictures))
        if place == len(self.pictures):
            self.pictures.append(Picture(name, path, corners))
        return place


def unknown_layout(expected: str, folder: Path) -> InvalidFeed:
    """Make the error of a folder that is not laid out as a benchmark."""
    return InvalidFeed(f"expected {expected} in {folder}; got {_entries(folder)}")


def find_path(folder: Path, candidates: Iterable[str], expected: str) -> Path:
    """Find the first of several paths that is there.

    Args:
        candidates: paths relative to the folder.
        expected: what they are, for the message.

    Raises:
        InvalidFeed: none is there; the message says what the folder has.
    """
    for each in candidates:
        if (folder / each).exists():
            return folder / each
    raise unknown_layout(expected, folder)


def _entries(folder: Path) -> str:
    if not folder.is_dir():
        return "a file" if folder.exists() else "no such folder"
    names = sorted(each.name + ("/" if each.is_dir() else "") for each in folder.iterdir())
    if not names:
        return "an empty folder"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
