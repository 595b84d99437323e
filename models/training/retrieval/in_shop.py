"""Reader of DeepFashion's In-shop Clothes Retrieval benchmark (Liu et al., CVPR 2016).

``list_eval_partition.txt`` has the number of pictures, a header, and for each picture its name,
its item's id, and train, query or gallery.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.datasets.reading import text_lines
from houndstooth.models.training.retrieval.benchmark import (
    Album,
    Benchmark,
    Query,
    Task,
    find_path,
    unknown_layout,
)
from houndstooth.models.training.retrieval.metrics import recall_at

PARTITION = "list_eval_partition.txt"
HEADER = ["image_name", "item_id", "evaluation_status"]
STATUSES = ("train", "query", "gallery")
IMAGES = ("img", "Img/img", "img_highres", "Img/img_highres")
"""Folders that the ``img`` in front of each name may be."""

DEPTHS = (1, 10, 20, 30)


def read_in_shop(root: Path) -> Benchmark:
    """Read the queries and the gallery; pictures for training are left out.

    Raises:
        InvalidFeed: the list is missing or malformed, or its pictures are not there.
    """
    partition = find_path(root, (f"Eval/{PARTITION}", PARTITION), f"Eval/{PARTITION}")
    rows = _rows(partition)
    images = _images(root, rows[0][0])
    album = Album()
    queries, gallery, labels = [], [], []
    for name, item, status in rows:
        if status == "train":
            continue
        place = album.add(name, images / _within(name))
        if status == "query":
            queries.append(Query(place, frozenset({item}), item))
        else:
            gallery.append(place)
            labels.append(item)
    task = Task("", queries, gallery, labels)
    return Benchmark(
        "in-shop", album.pictures, [task], {f"recall@{k}": recall_at(k) for k in DEPTHS}
    )


def _rows(partition: Path) -> list[list[str]]:
    lines = list(text_lines(partition))
    if len(lines) < 3 or not lines[0][1].strip().isdecimal() or lines[1][1].split() != HEADER:
        got = " / ".join(repr(text) for _, text in lines[:2]) or "nothing"
        raise InvalidFeed(
            f"expected a number of pictures and the header {' '.join(HEADER)!r} in {partition}; "
            f"got {got}"
        )
    rows = []
    for number, text in lines[2:]:
        row = text.split()
        if not row:
            continue
        if len(row) != 3 or row[2] not in STATUSES:
            raise InvalidFeed(
                f"expected name, item and one of {', '.join(STATUSES)} in {partition}, "
                f"line {number}; got {text!r}"
            )
        rows.append(row)
    expected = int(lines[0][1])
    if not rows or len(rows) != expected:
        raise InvalidFeed(f"expected {expected} pictures in {partition}; got {len(rows)}")
    return rows


def _images(root: Path, first: str) -> Path:
    for folder in IMAGES:
        if (root / folder).is_dir():
            return root / folder
    raise unknown_layout(f"a folder {', '.join(IMAGES)} with pictures such as {first}", root)


def _within(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    return path.relative_to("img") if path.parts[0] == "img" else path
