"""``python -m models.training.casual_photos --street DIR --photos CSV --out LABELS.csv``.

Photos as shoppers take them, as a CSV that training reads (``--csv``): every boxed item of street
photos, and photos of one garment each. A label that may be several categories ("pants") is settled
by who has looked at the photo (``--seen``), else by the shipped recogniser, which is asked for
these alone.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from houndstooth.mappings.errors import HoundstoothError, InvalidFeed
from houndstooth.mappings.features import Box
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.training.datasets.labels import Labels, only
from houndstooth.models.training.detection.samples import street_records, street_split
from houndstooth.models.training.samples import Split

# An item smaller than this, in pixels, shows too little of its category.
MIN_SIDE = 40
# "accessories" may be anything.
MAX_LEAVES = 9
# What the labels mean where words alone do not say it.
TABLE = {
    "longsleeve": ("t-shirt", "top", "sweater", "sweatshirt"),
    "outwear": ("jacket", "blazer", "coat"),
    "pants": ("trousers", "jeans", "track-pants", "capris", "leggings"),
    "pumps": ("heels", "flats"),
    "hat": ("cap", "hat"),
}
# Settled by who has looked or not at all: the recogniser took boots and heels for casual shoes, and
# what learned from that took all shoes for them.
LABELLED_ONLY = {"shoes"}
SEEN = Path(__file__).with_name("everyday_seen.csv")
COLUMNS = ("file", "category", "group", "split", "box")


@dataclass(frozen=True)
class Item:
    """An item in a photo, and what it is called there; the box is None where it is alone."""

    file: Path
    label: str
    split: Split
    box: Box | None = None


def street_items(folder: Path) -> Iterator[Item]:
    """Boxed items of a folder with a ``street.jsonl``.

    Raises:
        InvalidFeed: no such file, or a line that is not of its form.
    """
    with street_records(folder) as records:
        for record in records:
            width, height = record["width"], record["height"]
            file, split = folder / record["file"], street_split(record["file"])
            for one in record["boxes"]:
                if min(one["w"], one["h"]) >= MIN_SIDE:
                    left, top = max(0.0, one["x"] / width), max(0.0, one["y"] / height)
                    right = min(1.0, (one["x"] + one["w"]) / width)
                    bottom = min(1.0, (one["y"] + one["h"]) / height)
                    box = Box(left, top, right - left, bottom - top)
                    yield Item(file, one["label"], split, box)


def lone_items(photos: Path) -> Iterator[Item]:
    """Photos of a CSV with columns ``file``, ``category`` and ``source_split``.

    Raises:
        InvalidFeed: it cannot be read, or a column is missing.
    """
    sides: dict[str, Split] = {"train": "train", "validation": "test", "test": "test"}
    try:
        with photos.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                split = sides[row["source_split"]]
                yield Item(photos.parent / row["file"], row["category"], split)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InvalidFeed(
            f"expected columns file, category and source_split in {photos}; got {error!r}"
        ) from None


def meant(item: Item, labels: Labels) -> frozenset[str]:
    """The leaf categories that an item's label may mean; none where it says too little."""
    leaves = labels.leaves(item.label)
    return leaves if len(leaves) <= MAX_LEAVES else frozenset()


def read_labels(path: Path, labels: Labels) -> dict[str, str]:
    """The leaf category of a photo of one thing as somebody saw it, by the file's name.

    Raises:
        InvalidFeed: it cannot be read, a column is missing, or a category is no leaf.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            said = {row["file"]: row["category"] for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InvalidFeed(f"expected columns file and category in {path}; got {error!r}") from None
    seen = {}
    for name, label in said.items():
        if (leaf := labels.leaf(label)) is None:
            raise InvalidFeed(f"expected a category for {name} in {path}; got {label!r}")
        seen[name] = leaf
    return seen


def settled(
    item: Item, labels: Labels, extractor: ImageExtractor, seen: Mapping[str, str]
) -> str | None:
    """The item's leaf category; None where nothing says it."""
    if item.box is None and item.file.name in seen:
        return seen[item.file.name]
    leaves = meant(item, labels)
    if len(leaves) <= 1:
        return only(leaves)
    if item.label in LABELLED_ONLY:
        return None
    with Image.open(item.file) as image:
        pixels = image.convert("RGB")
    [found] = extractor.extract([pixels], [leaves], [item.box])
    return found.categories[0].term


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, settle, and write the CSV."""
    parser = argparse.ArgumentParser(
        prog="python -m models.training.casual_photos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--street", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--photos", type=Path, action="append", default=[], metavar="CSV")
    parser.add_argument(
        "--seen",
        type=Path,
        default=SEEN,
        metavar="CSV",
        help=f"columns file (the photo's name) and category, of photos of one thing ({SEEN.name})",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="what is written")
    options = parser.parse_args(arguments)
    taxonomy = Taxonomy.load()
    labels, extractor = Labels(taxonomy, TABLE), load_extractor(taxonomy)
    seen = read_labels(options.seen, labels)
    items = [item for folder in options.street for item in street_items(folder)]
    items += [item for path in options.photos for item in lone_items(path)]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for item in tqdm(items, unit="item"):
            category = settled(item, labels, extractor, seen)
            if category is not None:
                box = ",".join(f"{side:.5f}" for side in item.box.as_list()) if item.box else ""
                path = item.file.resolve()
                writer.writerow([path, category, path.name, item.split, box])


if __name__ == "__main__":
    try:
        main()
    except HoundstoothError as error:
        sys.exit(f"everyday: {error}")
