"""How often a product's category is right: from the seller's text, and with its image.

``python -m tests.benchmarks.category_accuracy --products products.csv [--split B] [--unseen]``

The truth is the leaf of the column ``articleType``. The words of the taxonomy were written with
the names of split A in view; split B is the other half of the groups. Where the image decides,
only ``--unseen`` photos are a fair question: those of the test split, which no network was shown.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.seller_text import TextEvidence, read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training import samples

SEED = "houndstooth"
BATCH = 32


@dataclass(frozen=True)
class Named:
    """A product: its name, its image file, its true leaf and what its name says."""

    name: str
    image: Path
    leaf: str
    evidence: TextEvidence


def split_of(group: str) -> str:
    """A or B, the same for all products of a group."""
    return "AB"[hashlib.sha256(f"{SEED}:{group}".encode()).digest()[0] & 1]


def read_products(path: Path, taxonomy: Taxonomy, split: str, unseen: bool = False) -> list[Named]:
    """Products of one split, or of both for ``all``, whose true leaf the taxonomy knows.

    Args:
        unseen: those alone whose photos are for testing, not for training.
    """
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            leaf = taxonomy.category_for_label(row["articleType"])
            if unseen and samples.split_of(row["group"]) != "test":
                continue
            if leaf and split in ("all", split_of(row["group"])):
                name = row["productDisplayName"]
                image = path.parent / row["file"]
                found.append(Named(name, image, leaf, read_seller_text(taxonomy, name)))
    return found


def leaves_with_image(extractor: Extractor, products: Sequence[Named]) -> Iterator[str]:
    """The leaf that the extractor settles on for each product, guided by the text."""
    with tqdm(total=len(products), unit="image") as progress:
        for start in range(0, len(products), BATCH):
            batch = products[start : start + BATCH]
            images = [extractor.decode(product.image.read_bytes()) for product in batch]
            guides = [product.evidence.categories or None for product in batch]
            for features in extractor.extract(images, guides):
                yield features.category.term
            progress.update(len(batch))


def report_text(taxonomy: Taxonomy, products: Sequence[Named]) -> list[str]:
    """Print what the text alone says; returns its misses of the great category."""
    decided = [p for p in products if len(p.evidence.categories) == 1]
    misses = [p for p in products if p.evidence.great_category != taxonomy.great_category(p.leaf)]
    _print_share("great category, text alone", len(products) - len(misses), len(products))
    _print_share("leaf among those of the text", sum(map(_holds, products)), len(products))
    _print_share("leaf decided by text alone", len(decided), len(products))
    _print_share("  of these, right", sum(map(_holds, decided)), len(decided))
    return [
        _miss(p, taxonomy.great_category(p.leaf), p.evidence.great_category or "undecided")
        for p in misses
    ]


def report_leaves(products: Sequence[Named], leaves: Sequence[str]) -> list[str]:
    """Print how often the leaf of text and image together is right; returns the misses."""
    pairs = list(zip(products, leaves, strict=True))
    open_ones = [(p, leaf) for p, leaf in pairs if len(p.evidence.categories) != 1]
    misses = [_miss(p, p.leaf, leaf) for p, leaf in pairs if leaf != p.leaf]
    _print_share("leaf, text and image together", len(pairs) - len(misses), len(pairs))
    right = sum(leaf == p.leaf for p, leaf in open_ones)
    _print_share("  where the image decided, right", right, len(open_ones))
    return misses


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--products", type=Path, required=True, help="products.csv")
    parser.add_argument("--split", choices=["A", "B", "all"], default="B")
    parser.add_argument("--unseen", action="store_true", help="photos of the test split alone")
    parser.add_argument("--model", help="another recogniser than the shipped one")
    parser.add_argument("--misses", action="store_true", help="list what went wrong")
    parser.add_argument("--text-only", action="store_true", help="leave the images alone")
    options = parser.parse_args(arguments)
    taxonomy = Taxonomy.load()
    products = read_products(options.products, taxonomy, options.split, options.unseen)
    if not products:
        parser.error(f"expected products of split {options.split} in {options.products}; got none")
    print(f"{len(products)} products, split {options.split} by group, seed {SEED!r}")
    misses = {"great category, text alone": report_text(taxonomy, products)}
    if not options.text_only:
        from houndstooth.models.loading import DEFAULT_MODEL, load_extractor

        extractor = load_extractor(taxonomy, options.model or DEFAULT_MODEL)
        leaves = list(leaves_with_image(extractor, products))
        misses["leaf, text and image together"] = report_leaves(products, leaves)
    for title, lines in misses.items() if options.misses else ():
        print(f"\n{title}: {len(lines)} misses (name | expected | got)")
        print("\n".join(sorted(lines)))


def _holds(product: Named) -> bool:
    return product.leaf in product.evidence.categories


def _miss(product: Named, expected: str, got: str) -> str:
    return f"{product.name} | {expected} | {got}"


def _print_share(what: str, part: int, whole: int) -> None:
    print(f"{what:36} {part / max(whole, 1):.4f}  ({part} of {whole})")


if __name__ == "__main__":
    main()
