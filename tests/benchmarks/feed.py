"""A catalogue and its questions, of a products.csv; and a feed of it as a shop would give it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from houndstooth.models.training.samples import split_of

Row = Mapping[str, str]

# What is in the catalogue when photos of a split are asked: what could be seen before.
CATALOGUE = {"validation": ("train",), "test": ("train", "validation")}


def catalogue_and_queries(
    rows: Sequence[Row], split: str, seed: int = 1
) -> tuple[list[Row], list[Row]]:
    """The products to index, and those of the split, to ask; by ``group``, seeded.

    Args:
        split: a key of CATALOGUE. Nothing that is tried on validation photos sees a test photo.
    """
    side = [split_of(row["group"], seed) for row in rows]
    catalogue = [row for row, at in zip(rows, side, strict=True) if at in CATALOGUE[split]]
    return catalogue, [row for row, at in zip(rows, side, strict=True) if at == split]


def link_images(rows: Sequence[Row], images: Path, folder: Path) -> None:
    """Put links to the rows' image folders, which lie in ``images``, beside a feed in a folder."""
    for part in {row["file"].partition("/")[0] for row in rows}:
        (folder / part).symlink_to((images / part).resolve())


def write_feed(rows: Sequence[Row], path: Path) -> None:
    """Write the rows' ids, names and image files alone; what the labels say stays out."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "image"])
        writer.writerows([r["id"], r["productDisplayName"], r["file"]] for r in rows)
