"""``python -m tests.benchmarks.recogniser_accuracy --products CSV [--split test]``.

How often the shipped recogniser's first choice is the shop's own label: by attribute group from the
image alone, and for the category also with the seller's text.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mappings.features import Features
from mappings.seller_text import read_seller_text
from mappings.taxonomy import Taxonomy
from models.extractor import load_extractor
from models.training.datasets.products import COLUMNS, product_rows, product_samples
from models.training.samples import Sample

BATCH = 32


def main() -> None:
    """Recognise one side of the split, and print a line for each group."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.recogniser_accuracy", description=__doc__
    )
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--split", choices=["train", "validation", "test", "all"], default="test")
    options = parser.parse_args()
    taxonomy = Taxonomy.load()
    names = [row["productDisplayName"] for row in product_rows(options.products)]
    labelled = [
        (sample, name)
        for sample, name in zip(product_samples(options.products, taxonomy), names, strict=True)
        if options.split in (sample.split, "all")
    ]
    samples = [sample for sample, _ in labelled]
    texts = [read_seller_text(taxonomy, name).categories or None for _, name in labelled]
    seen = recognise(taxonomy, samples, [None] * len(samples))
    guided = recognise(taxonomy, samples, texts)
    print(f"{len(samples)} photos of the {options.split} split")
    truth = [sample.category for sample in samples]
    print_line("category", [f.category.term for f in seen], truth)
    print_line("category, with the seller's text", [f.category.term for f in guided], truth)
    for group in COLUMNS:
        known = [
            (f, s.terms[group]) for f, s in zip(seen, samples, strict=True) if group in s.terms
        ]
        print_line(group, [best(f, group) for f, _ in known], [term for _, term in known])


def recognise(
    taxonomy: Taxonomy, samples: Sequence[Sample], choices: Sequence[frozenset[str] | None]
) -> list[Features]:
    """Features of each sample's image, its category among the choice where there is one."""
    extractor = load_extractor(taxonomy)
    found: list[Features] = []
    for start in tqdm(range(0, len(samples), BATCH), unit=" batches"):
        here = slice(start, start + BATCH)
        images = [extractor.decode(sample.path.read_bytes()) for sample in samples[here]]
        found += extractor.extract(images, choices[here])
    return found


def best(features: Features, group: str) -> str:
    """The first choice in a group; none where the category found does not have the group."""
    terms = (found.term for found in features.attributes)
    return next((term for term in terms if term.startswith(f"{group}:")), "")


def print_line(name: str, found: Sequence[str], truth: Sequence[str]) -> None:
    """Share of right ones."""
    right = np.array(found) == np.array(truth)
    print(f"{name:<34}{right.mean():.4f}  ({right.sum()} of {len(right)})")


if __name__ == "__main__":
    main()
