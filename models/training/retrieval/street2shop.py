"""Reader of Exact Street2Shop (Kiapour et al., "Where to Buy It", ICCV 2015).

For each category, ``test_pairs_CATEGORY.json`` lists street photos with the product they show and
the box around it, and ``retrieval_CATEGORY.json`` the shops' photos with their products. Photos
are numbered; the files have the number for a name, of nine digits as ``photos.txt`` has it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.datasets.reading import parse_json
from houndstooth.models.training.retrieval.benchmark import (
    Album,
    Benchmark,
    Corners,
    Query,
    Task,
    unknown_layout,
)
from houndstooth.models.training.retrieval.metrics import recall_at

LISTS = ("meta/json", "meta/meta/json", "json", ".")
PHOTOS = ("images", "photos", ".")
"""Folders with the photos; the first that has any is taken, with the folders within."""

SIDES = ("left", "top", "width", "height")


def read_street2shop(root: Path) -> Benchmark:
    """Read the test queries and the shops' photos of each category.

    A query is a box in a street photo; right are all products that it is listed with.

    Raises:
        InvalidFeed: a list is missing or malformed, or there are no photos.
    """
    places = (sorted((root / place).glob("test_pairs_*.json")) for place in LISTS)
    lists = next(filter(None, places), None)
    if lists is None:
        raise unknown_layout("meta/json/test_pairs_CATEGORY.json", root)
    photos = _photos(root)
    album = Album()
    tasks = []
    for pairs in lists:
        category = pairs.stem.removeprefix("test_pairs_")
        shop = pairs.with_name(f"retrieval_{category}.json")
        gallery, labels = [], []
        for photo, product, _ in _entries(shop, boxes=False):
            gallery.append(album.add(_name(photo), photos.get(photo, root / _name(photo))))
            labels.append(str(product))
        asked = defaultdict[tuple[int, Corners | None], set[str]](set)
        for photo, product, corners in _entries(pairs, boxes=True):
            asked[photo, corners].add(str(product))
        queries = [
            Query(
                album.add(_name(photo), photos.get(photo, root / _name(photo)), corners),
                frozenset(products),
                str(photo),
            )
            for (photo, corners), products in asked.items()
        ]
        tasks.append(Task(category, queries, gallery, labels))
    return Benchmark(
        "street2shop",
        album.pictures,
        tasks,
        {"recall@20": recall_at(20)},
        by_item=True,
        pooled=True,
    )


def _name(photo: int) -> str:
    return f"{photo:09d}"


def _photos(root: Path) -> dict[int, Path]:
    for place in PHOTOS:
        found = {
            int(path.stem): path
            for path in sorted((root / place).rglob("*"))
            if re.fullmatch(r"[0-9]{1,9}", path.stem) and path.is_file()
        }
        if found:
            return found
    raise unknown_layout("photos named by their numbers, such as images/000000001.jpg", root)


def _entries(path: Path, *, boxes: bool) -> Iterator[tuple[int, int, Corners | None]]:
    """Yield photo, product and box of each entry of a list."""
    data = parse_json(path)
    if not isinstance(data, list):
        raise InvalidFeed(f"expected a list in {path}; got {type(data).__name__}")
    for number, entry in enumerate(data, start=1):
        try:
            yield int(entry["photo"]), int(entry["product"]), _corners(entry) if boxes else None
        except (KeyError, TypeError, ValueError):
            box = f" and bbox of {', '.join(SIDES)}" if boxes else ""
            raise InvalidFeed(
                f"expected photo, product{box} in {path}, entry {number}; got {str(entry)[:80]}"
            ) from None


def _corners(entry: Any) -> Corners:
    left, top, width, height = (float(entry["bbox"][side]) for side in SIDES)
    return left, top, left + width, top + height
