"""Photos as shoppers take them: is the category right that nobody chose?

``python -m tests.benchmarks.everyday [--photos CSV] [--street DIR] [--products CSV]``

Photos (those whose ``source_split`` is not ``train``): of one thing each, on floors, beds, hangers
and people; the category recognised is one that the label may mean. By eye: it is one that somebody
who looked at the photo would call it (a heel is no sneaker, though both are labelled shoes), and so
is the first colour (``everyday_seen.csv``). Street (test split): the same in
each labelled box, as if a shopper had drawn it. Products (test split): the share of photos of worn
garments in which the detector is sure of a hat, a bag or the like, which hardly any shows.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from mappings.taxonomy import Taxonomy
from models.extractor import DEFAULT_DETECTOR, DEFAULT_MODEL, ImageExtractor, load_extractor
from models.locate import WORN
from models.session import WEIGHTS
from models.training.datasets.labels import Labels
from models.training.datasets.products import product_rows
from models.training.everyday import TABLE, Item, lone_items, meant, street_items
from models.training.samples import split_of

SEEN = Path(__file__).with_name("everyday_seen.csv")
SELDOM = {"hat", "bag", "eyewear", "scarf", "tie", "watch", "jewellery"}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.everyday",
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
    if options.photos:
        print_share("everyday photos", lone_items(options.photos), extractor, taxonomy)
        print_seen(lone_items(options.photos), extractor, taxonomy)
    if options.street:
        print_share("street, in the box", street_items(options.street), extractor, taxonomy)
    if options.products:
        print_seldom(options.products, extractor, taxonomy)


def print_share(
    name: str, items: Iterable[Item], extractor: ImageExtractor, taxonomy: Taxonomy
) -> None:
    """How often the category and the great category are right."""
    labels = Labels(taxonomy, TABLE)
    leaf = great = count = 0
    for item in tqdm([i for i in items if i.split == "test"], name, leave=False):
        leaves = meant(item, labels)
        if not leaves:
            continue
        with Image.open(item.file) as opened:
            image = opened.convert("RGB")
        [found] = extractor.extract([image], None, [item.box])
        said = found.categories[0].term
        count += 1
        leaf += said in leaves
        great += taxonomy.great_category(said) in {taxonomy.great_category(c) for c in leaves}
    print(f"{name}: {count}; category {leaf / count:.3f}, great category {great / count:.3f}")


def print_seen(items: Iterable[Item], extractor: ImageExtractor, taxonomy: Taxonomy) -> None:
    """How often category and first colour are what somebody who looks would say."""
    labels, by_name = Labels(taxonomy, TABLE), {item.file.name: item for item in items}
    with SEEN.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"] in by_name]
    categories = colours = 0
    for row in tqdm(rows, "by eye", leave=False):
        item = by_name[row["file"]]
        [found] = extractor.extract([extractor.decode(item.file.read_bytes())])
        categories += found.categories[0].term in (row["categories"].split() or meant(item, labels))
        first = [t.term for t in found.best_attributes() if t.term.startswith("colour:")]
        colours += any(f"colour:{value}" in first for value in row["colours"].split())
    if rows:
        n = len(rows)
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
        seen += any(i.label in SELDOM for i in detector.sure(detector.find([image])[0]))
    print(f"worn garments: {count}; a hat, a bag or the like found in {seen / count:.3f}")


if __name__ == "__main__":
    main()
