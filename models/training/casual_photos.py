"""Labels of casual photos, photos as shoppers take them, as a plain CSV for training (``--csv``).

The items are the boxes of street photos, and photos of a single item. A label that may mean several
categories ("pants") is resolved by a person's label of the photo, else by the shipped recogniser,
which chooses among these categories alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.training.datasets.labels import Labels, only
from houndstooth.models.training.detection.samples import street_records, street_split
from houndstooth.models.training.samples import Split

MIN_SIDE = 40
"""Items with a shorter side, pixels, show too little of their category."""

MAX_LEAVES = 9
"""A label that may mean more leaf categories ("accessories") means none."""

LABEL_CATEGORIES = {
    "longsleeve": ("t-shirt", "top", "sweater", "sweatshirt"),
    "outwear": ("jacket", "blazer", "coat"),
    "pants": ("trousers", "jeans", "track-pants", "capris", "leggings"),
    "pumps": ("heels", "flats"),
    "hat": ("cap", "hat"),
}
"""Leaf categories of labels that the taxonomy does not have."""

LABELLED_ONLY = {"shoes"}
"""Labels that only a person resolves: the recogniser took boots and heels for casual shoes."""

PHOTO_LABELS = Path(__file__).with_name("casual_photos_labels.csv")
"""Categories of casual photos by people."""

COLUMNS = ("file", "category", "group", "split", "box")


@dataclass(frozen=True)
class Item:
    """A labelled item in a photo; ``box`` is None where it is the only one."""

    file: Path
    label: str
    split: Split
    box: Box | None = None


def street_items(folder: Path) -> Iterator[Item]:
    """Read the boxed items of a folder with a ``street.jsonl``.

    Raises:
        InvalidFeed: there is no such file, or a line is malformed.
    """
    with street_records(folder) as records:
        for record in records:
            width, height = record["width"], record["height"]
            file, split = folder / record["file"], street_split(record["file"])
            for labelled in record["boxes"]:
                if min(labelled["w"], labelled["h"]) >= MIN_SIDE:
                    left, top = max(0.0, labelled["x"] / width), max(0.0, labelled["y"] / height)
                    right = min(1.0, (labelled["x"] + labelled["w"]) / width)
                    bottom = min(1.0, (labelled["y"] + labelled["h"]) / height)
                    box = Box(left, top, right - left, bottom - top)
                    yield Item(file, labelled["label"], split, box)


def single_items(photos: Path) -> Iterator[Item]:
    """Read the photos of a CSV with columns ``file``, ``category`` and ``source_split``.

    Raises:
        InvalidFeed: the file cannot be read, or a column is missing.
    """
    splits: dict[str, Split] = {"train": "train", "validation": "test", "test": "test"}
    try:
        with photos.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                split = splits[row["source_split"]]
                yield Item(photos.parent / row["file"], row["category"], split)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InvalidFeed(
            f"expected columns file, category and source_split in {photos}; got {error!r}"
        ) from None


def possible_categories(item: Item, labels: Labels) -> frozenset[str]:
    """List the leaf categories that an item's label may mean; none where it is too wide."""
    leaves = labels.leaves(item.label)
    return leaves if len(leaves) <= MAX_LEAVES else frozenset()


def read_labels(path: Path, labels: Labels) -> dict[str, str]:
    """Read people's labels of photos of a single item: leaf category by the file's name.

    Raises:
        InvalidFeed: the file cannot be read, a column is missing, or a category is no leaf.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            given = {row["file"]: row["category"] for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InvalidFeed(f"expected columns file and category in {path}; got {error!r}") from None
    categories = {}
    for name, label in given.items():
        if (leaf := labels.leaf(label)) is None:
            raise InvalidFeed(f"expected a category for {name} in {path}; got {label!r}")
        categories[name] = leaf
    return categories


def resolve_category(
    item: Item, labels: Labels, extractor: ImageExtractor, photo_labels: Mapping[str, str]
) -> str | None:
    """Resolve the leaf category of an item; None where its label is too wide."""
    if item.box is None and item.file.name in photo_labels:
        return photo_labels[item.file.name]
    leaves = possible_categories(item, labels)
    if len(leaves) <= 1:
        return only(leaves)
    if item.label in LABELLED_ONLY:
        return None
    with Image.open(item.file) as image:
        pixels = image.convert("RGB")
    [features] = extractor.extract([pixels], [leaves], [item.box])
    return features.categories[0].term


def write_casual_photos(
    street: Sequence[Path], photos: Sequence[Path], out: Path, photo_labels: Path = PHOTO_LABELS
) -> int:
    """Read items, resolve their categories and write the plain CSV.

    Args:
        street: folders with ``street.jsonl`` and its photos.
        photos: CSVs of photos of a single item.
        out: the file to write.
        photo_labels: a CSV of people's labels: columns file (the photo's name) and category.

    Returns:
        The number of rows.

    Raises:
        InvalidFeed: a file cannot be read.
    """
    taxonomy = Taxonomy.load()
    labels = Labels(taxonomy, LABEL_CATEGORIES)
    by_people = read_labels(photo_labels, labels)
    items = [item for folder in street for item in street_items(folder)]
    items += [item for path in photos for item in single_items(path)]
    extractor = load_extractor(taxonomy)
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for item in tqdm(items, "resolving categories", unit="item"):
            category = resolve_category(item, labels, extractor, by_people)
            if category is not None:
                box = ",".join(f"{side:.5f}" for side in item.box.as_list()) if item.box else ""
                path = item.file.resolve()
                writer.writerow([path, category, path.name, item.split, box])
                rows += 1
    return rows
