"""Training samples: an image, the terms that are known of it, and its side of the split."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mappings.errors import InvalidFeed
from mappings.features import Box
from mappings.seller_text import read_seller_text
from mappings.taxonomy import Taxonomy

Split = Literal["train", "validation", "test"]
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.08
REQUIRED = {"file", "articleType", "productDisplayName", "group"}
# Attribute groups that products.csv has a column for, and those that only names speak of.
COLUMNS = {"colour": "baseColour", "gender": "gender", "season": "season", "usage": "usage"}
NAMED_GROUPS = ("sleeve", "collar", "pattern", "material", "fit", "closure")


@dataclass(frozen=True)
class Sample:
    """One labelled item.

    Attributes:
        path: the image file.
        category: leaf category term.
        terms: ``group:value`` by group; a group that is not there is unknown, not absent.
        group: items that must stay on one side of a split.
        split: which side.
        box: where the item is known to be.
    """

    path: Path
    category: str
    terms: Mapping[str, str]
    group: str
    split: Split
    box: Box | None = None


def split_of(group: str, seed: int = 1) -> Split:
    """The side of a group, by a hash of it and the seed: the same on every machine."""
    digest = hashlib.sha256(f"houndstooth-split-{seed}:{group}".encode()).digest()
    place = int.from_bytes(digest[:4], "big") / 2**32
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"


def product_rows(products: Path) -> list[dict[str, str]]:
    """The rows of a products.csv.

    Raises:
        InvalidFeed: a column is missing.
    """
    with products.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = REQUIRED - set(reader.fieldnames or ())
        if missing:
            raise InvalidFeed(f"expected columns {sorted(missing)} in {products.name}")
        return list(reader)


def product_samples(products: Path, taxonomy: Taxonomy, seed: int = 1) -> Iterator[Sample]:
    """Samples of a products.csv: labels of its columns, and weak ones from the sellers' names.

    Raises:
        InvalidFeed: a column is missing, or an article type that the taxonomy does not know.
    """
    for row in product_rows(products):
        category = taxonomy.category_for_label(row["articleType"])
        if category is None:
            raise InvalidFeed(f"article type {row['articleType']!r} is in no category")
        yield Sample(
            path=products.parent / row["file"],
            category=category,
            terms=_product_terms(row, category, taxonomy),
            group=row["group"],
            split=split_of(row["group"], seed),
        )


def _product_terms(row: Mapping[str, str], category: str, taxonomy: Taxonomy) -> dict[str, str]:
    named = read_seller_text(taxonomy, row["productDisplayName"]).attributes
    terms = {group: term for group, term in named.items() if group in NAMED_GROUPS}
    for group, column in COLUMNS.items():
        term = taxonomy.term_for_label(group, row.get(column) or "")
        if term is not None:
            terms[group] = term
    applicable = taxonomy.groups_of(category)
    return {group: terms[group] for group in applicable if group in terms}


def studio_samples(labels: Path, taxonomy: Taxonomy) -> Iterator[Sample]:
    """Samples of a studio's ``labels.jsonl``: exact labels and boxes, all for training."""
    with labels.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            terms = {term.partition(":")[0]: term for term in record["attributes"]}
            yield Sample(
                path=labels.parent / record["file"],
                category=taxonomy.check_category(record["category"]),
                terms=terms,
                group=f"studio-{record['product_id']}",
                split="train",
                box=Box(*record["box"]),
            )
