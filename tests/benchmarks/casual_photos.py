"""Photos as shoppers take them: is the category right that nobody chose?

``python -m tests.benchmarks.casual_photos [--photos CSV] [--street DIR] [--products CSV]``

Photos (those whose ``source_split`` is not ``train``): of one thing each, on floors, beds, hangers
and people; the category recognised is one that the label may mean. By eye: it is one that somebody
who looked at the photo would call it (a heel is no sneaker, though both are labelled shoes), and so
is the first colour (``casual_photos_by_eye.csv``). Street (test split): the same in
each labelled box, as if a shopper had drawn it. Products (test split): the share of photos of worn
garments in which the detector is sure of a hat, a bag or the like, which hardly any shows.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from houndstooth.mappings.features import Features
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import DEFAULT_DETECTOR, DEFAULT_MODEL, load_extractor
from houndstooth.models.localisation.locator import WORN
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.training.casual_photos import (
    LABEL_CATEGORIES,
    Item,
    possible_categories,
    single_items,
    street_items,
)
from houndstooth.models.training.datasets.labels import Labels
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.models.training.samples import split_of

BY_EYE = Path(__file__).with_name("casual_photos_by_eye.csv")
SELDOM = {"hat", "bag", "eyewear", "scarf", "tie", "watch", "jewellery"}


class Asked(NamedTuple):
    """An item, the categories that its label may mean, and what was recognised."""

    item: Item
    leaves: frozenset[str]
    found: Features


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.casual_photos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--photos", type=Path, help="a photos.csv: file, category, source_split")
    parser.add_argument("--street", type=Path, help="a folder with a street.jsonl")
    parser.add_argument("--products", type=Path, help="a products.csv")
    parser.add_argument("--model", default=DEFAULT_MODEL, help=f"({DEFAULT_MODEL})")
    parser.add_argument("--detector", default=DEFAULT_DETECTOR, help=f"({DEFAULT_DETECTOR})")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="their folder")
    options = parser.parse_args()
    taxonomy = Taxonomy.load()
    extractor = load_extractor(
        taxonomy, options.model, detector=options.detector, weights=options.weights
    )
    labels = Labels(taxonomy, LABEL_CATEGORIES)
    if options.photos:
        lone = ask("casual photos", single_items(options.photos), extractor, labels)
        print_share("casual photos", lone, taxonomy)
        print_seen(lone)
    if options.street:
        boxed = ask("street, in the box", street_items(options.street), extractor, labels)
        print_share("street, in the box", boxed, taxonomy)
    if options.products:
        print_seldom(options.products, extractor, taxonomy)


def ask(name: str, items: Iterable[Item], extractor: ImageExtractor, labels: Labels) -> list[Asked]:
    """The test side's items whose label says enough, recognised."""
    asked = []
    for item in tqdm([i for i in items if i.split == "test"], name, leave=False):
        if leaves := possible_categories(item, labels):
            image = extractor.decode(item.file.read_bytes())
            asked.append(Asked(item, leaves, *extractor.extract([image], None, [item.box])))
    return asked


def print_share(name: str, asked: Sequence[Asked], taxonomy: Taxonomy) -> None:
    """How often the category and the great category are right."""
    leaf = great = 0
    for one in asked:
        said = one.found.category.term
        leaf += said in one.leaves
        great += taxonomy.great_category(said) in {taxonomy.great_category(c) for c in one.leaves}
    n = len(asked)
    print(f"{name}: {n}; category {leaf / n:.3f}, great category {great / n:.3f}")


def print_seen(asked: Iterable[Asked]) -> None:
    """How often category and first colour are what somebody who looks would say."""
    with BY_EYE.open(encoding="utf-8", newline="") as file:
        seen = {row["file"]: row for row in csv.DictReader(file)}
    categories = colours = n = 0
    for one in asked:
        if row := seen.get(one.item.file.name):
            n += 1
            categories += one.found.category.term in (row["categories"].split() or one.leaves)
            first = {t.term for t in one.found.best_attributes()}
            colours += not first.isdisjoint(f"colour:{value}" for value in row["colours"].split())
    if n:
        print(f"by eye: {n}; category {categories / n:.3f}, colour {colours / n:.3f}")


def print_seldom(products: Path, extractor: ImageExtractor, taxonomy: Taxonomy) -> None:
    """How often something is found in photos of worn garments that hardly any shows."""
    seen = count = 0
    for row in tqdm(product_rows(products), "products", leave=False):
        category = taxonomy.category_for_label(row["articleType"])
        worn = category is not None and taxonomy.great_category(category) in WORN
        if not worn or split_of(row["group"]) != "test":
            continue
        image = extractor.decode((products.parent / row["file"]).read_bytes())
        detector = extractor.locator.detector
        if detector is None:
            return
        count += 1
        seen += any(i.label in SELDOM for i in detector.sure(detector.find(image)))
    print(f"worn garments: {count}; a hat, a bag or the like found in {seen / count:.3f}")


if __name__ == "__main__":
    main()
