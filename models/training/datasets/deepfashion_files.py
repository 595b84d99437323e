"""The text files of DeepFashion's Category and Attribute Prediction benchmark.

Its lists begin with the number of rows and a line of column names; the split files of the fine
variant (``train.txt``, ``train_attr.txt``, …) have neither, and belong together row by row.
Source: Liu et al., "DeepFashion: Powering Robust Clothes Recognition and Retrieval with Rich
Annotations", CVPR 2016, and the notes that come with the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.datasets.reading import Skips, text_lines
from houndstooth.models.training.samples import Split

Corners = tuple[float, float, float, float]
_SPLITS: dict[str, Split] = {"train": "train", "val": "validation", "test": "test"}
_ANNOTATIONS = ("", "Anno_coarse", "Anno", "Anno_fine")
_FINE_ATTRIBUTES = 26
_PARTITION = "list_eval_partition.txt"


@dataclass(frozen=True)
class Listed:
    """The labels of one image in the lists.

    Attributes:
        name: ``img/Sheer_Pleated-Front_Blouse/img_00000001.jpg``.
        category: place in the list of categories, from 0.
        truths: whether each attribute in the list is present; None where that is unknown.
        corners: left, top, right, bottom in pixels, where there is a list of boxes.
        split: the benchmark's split.
    """

    name: str
    category: int
    truths: Sequence[bool | None]
    corners: Corners | None
    split: Split


class _Cells(NamedTuple):
    """The cells of one image as the files have them; ``where`` is for messages."""

    where: str
    name: str
    label: str
    values: Sequence[str]
    corners: Sequence[str] | None
    side: str


@dataclass(frozen=True)
class DeepFashionFiles:
    """One variant of the benchmark, opened.

    Attributes:
        annotations: folder of the lists.
        images: folder in which the images' names (``img/…``) begin.
        partition: the list of splits; None for the fine variant, whose files are split already.
        categories: names, in the order of the category labels.
        attributes: names and types, in the order of the attribute columns.
    """

    annotations: Path
    images: Path
    partition: Path | None
    categories: Sequence[str]
    attributes: Sequence[tuple[str, str]]

    @classmethod
    def open(cls, root: Path) -> DeepFashionFiles:
        """Open the lists in a folder: the benchmark's own, or one of its ``Anno…`` folders.

        In the benchmark's own folder ``Anno_coarse`` goes before ``Anno`` and ``Anno_fine``.

        Raises:
            InvalidFeed: a list, the partition or the ``img`` folder is missing or malformed.
        """
        annotations = _first([root / name for name in _ANNOTATIONS], "list_category_cloth.txt")
        around = dict.fromkeys([root, annotations.parent])
        images = _first([base / name for base in around for name in ("Img", "")], "img")
        partition = None
        attributes = _names(annotations / "list_attr_cloth.txt", "attribute_name")
        fine = len(attributes) <= _FINE_ATTRIBUTES and (annotations / "train.txt").is_file()
        if not fine:
            folders = [annotations, *(base / "Eval" for base in around)]
            partition = _first(folders, _PARTITION) / _PARTITION
        categories = _names(annotations / "list_category_cloth.txt", "category_name")
        return cls(annotations, images, partition, [name for name, _ in categories], attributes)

    @property
    def fine(self) -> bool:
        """Say whether this is the fine variant: 26 attributes, where 0 is absent, not unknown."""
        return self.partition is None

    def images_in_lists(self, skips: Skips) -> Iterator[Listed]:
        """Read the labels of every image; malformed rows are counted and left out.

        Raises:
            InvalidFeed: a list is missing or has another header, or split files differ in length.
        """
        for cells in self._fine() if self.partition is None else self._coarse(self.partition):
            try:
                yield self._parsed(cells)
            except ValueError as error:
                skips.broken(f"{cells.where}: {error}")

    def _parsed(self, cells: _Cells) -> Listed:
        if not cells.label.isdecimal() or not 0 < int(cells.label) <= len(self.categories):
            expected = f"expected a category from 1 to {len(self.categories)}"
            raise ValueError(f"{expected}; got {cells.label!r}")
        if cells.side not in _SPLITS:
            raise ValueError(f"expected one of {', '.join(_SPLITS)}; got {cells.side!r}")
        if len(cells.values) != len(self.attributes):
            raise ValueError(f"expected {len(self.attributes)} values; got {len(cells.values)}")
        zero = False if self.fine else None
        truths = {"1": True, "-1": False, "0": zero}
        if odd := set(cells.values) - truths.keys():
            raise ValueError(f"expected 1, -1 or 0; got {odd.pop()!r}")
        return Listed(
            cells.name,
            int(cells.label) - 1,
            [truths[value] for value in cells.values],
            None if cells.corners is None else _corners(cells.corners),
            _SPLITS[cells.side],
        )

    def _coarse(self, partition: Path) -> Iterator[_Cells]:
        labels = _by_image(self.annotations / "list_category_img.txt")
        sides = _by_image(partition)
        path = self.annotations / "list_bbox.txt"
        boxes = _by_image(path) if path.is_file() else None
        path = self.annotations / "list_attr_img.txt"
        for line, (name, *values) in _rows(path, "image_name"):
            label, side = (" ".join(table.get(name, ())) for table in (labels, sides))
            corners = None if boxes is None else boxes.get(name, ())
            yield _Cells(f"{path.name}, line {line}", name, label, values, corners, side)

    def _fine(self) -> Iterator[_Cells]:
        for side in _SPLITS:
            path = self.annotations / f"{side}.txt"
            names, labels, values = (
                self._split_file(side, part) for part in ("", "_cate", "_attr")
            )
            corners: Iterable[Sequence[str] | None] = repeat(None)
            if (self.annotations / f"{side}_bbox.txt").is_file():
                corners = self._split_file(side, "_bbox", len(names))
            if not len(names) == len(labels) == len(values):
                counts = f"{len(names)}, {len(labels)} and {len(values)}"
                raise InvalidFeed(
                    f"expected as many rows in {path}, {side}_cate.txt and {side}_attr.txt; "
                    f"got {counts}"
                )
            rows = zip(names, labels, values, corners, strict=False)
            for line, (name, label, value, box) in enumerate(rows, 1):
                where = f"{path.name}, line {line}"
                yield _Cells(where, " ".join(name), " ".join(label), value, box, side)

    def _split_file(self, side: str, part: str, length: int | None = None) -> list[list[str]]:
        path = self.annotations / f"{side}{part}.txt"
        rows = [line.split() for _, line in text_lines(path)]
        if length is not None and len(rows) != length:
            raise InvalidFeed(f"expected {length} rows in {path}; got {len(rows)}")
        return rows


def _first(folders: Iterable[Path], name: str) -> Path:
    """Find the first folder that has a file or folder of this name."""
    tried = list(folders)
    for folder in tried:
        if (folder / name).exists():
            return folder
    raise InvalidFeed(f"expected {name} in one of {', '.join(map(str, tried))}; got none")


def _names(path: Path, header: str) -> list[tuple[str, str]]:
    """Read names, which may have spaces, and types of a list of categories or attributes."""
    rows = [(" ".join(cells[:-1]), cells[-1]) for _, cells in _rows(path, header)]
    _, first = next(text_lines(path))
    if int(first) != len(rows):
        raise InvalidFeed(f"expected {int(first)} rows, as line 1 of {path} says; got {len(rows)}")
    return rows


def _by_image(path: Path) -> dict[str, list[str]]:
    return {name: cells for _, (name, *cells) in _rows(path, "image_name")}


def _rows(path: Path, header: str) -> Iterator[tuple[int, list[str]]]:
    """Read line number and cells of a list's rows; its first two lines are checked."""
    lines = text_lines(path)
    for line, expected in ((1, "the number of rows"), (2, f"column names that begin {header!r}")):
        _, got = next(lines, (line, ""))
        right = got.strip().isdecimal() if line == 1 else got.split()[:1] == [header]
        if not right:
            raise InvalidFeed(f"expected {expected} in {path}, line {line}; got {got[:80]!r}")
    for line, text in lines:
        if cells := text.split():
            yield line, cells


def _corners(cells: Sequence[str]) -> Corners:
    if len(cells) != 4:
        raise ValueError(f"expected a box as four numbers; got {' '.join(cells) or 'none'}")
    left, top, right, bottom = map(float, cells)
    return left, top, right, bottom
