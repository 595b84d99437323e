"""Reader of a ``products.csv``: labels in columns, labels by eye, weak labels in sellers' names.

``models/training/attribute_labels.csv`` has what people saw in photos of the public set, by the
column ``id``: a column for each attribute group, a value, two joined by ``+`` where both are true,
``none`` where the item has none, nothing where it cannot be seen. The photos for validation and
test were labelled twice, the second time blind, and only what was the same both times is there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.samples import Sample, split_of

REQUIRED = {"file", "articleType", "productDisplayName", "group"}
COLUMNS = {"colour": "baseColour", "gender": "gender", "season": "season", "usage": "usage"}
"""Columns by attribute group."""

ATTRIBUTE_LABELS = Path(__file__).parents[1] / "attribute_labels.csv"
"""What people saw in the photos."""

NONE, BOTH = "none", "+"

NAMED_GROUPS = ("sleeve", "collar", "pattern", "material", "fit", "closure")
"""Attribute groups without a column, which some names have."""


def product_rows(products: Path) -> list[dict[str, str]]:
    """Read the rows of a products.csv.

    Raises:
        InvalidFeed: the file cannot be read, or a column is missing.
    """
    try:
        with products.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = REQUIRED - set(reader.fieldnames or ())
            if missing:
                raise InvalidFeed(f"expected columns {sorted(missing)} in {products.name}")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidFeed(f"expected a products.csv at {products}; {error}") from None


def product_samples(products: Path, taxonomy: Taxonomy, seed: int = 1) -> Iterator[Sample]:
    """Read the samples of a products.csv; a group in neither a column nor the name is unknown.

    Raises:
        InvalidFeed: a column is missing, or the taxonomy does not have an article type.
    """
    seen = attribute_labels(taxonomy)
    for row in product_rows(products):
        category = taxonomy.category_for_label(row["articleType"])
        if category is None:
            raise InvalidFeed(f"article type {row['articleType']!r} is in no category")
        applicable = taxonomy.groups_of(category)
        terms = {**_terms(row, taxonomy), **seen.get(row.get("id", ""), {})}
        yield Sample(
            path=products.parent / row["file"],
            category=category,
            terms={group: terms[group] for group in applicable if terms.get(group)},
            known=frozenset(group for group in applicable if group in terms),
            group=row["group"],
            split=split_of(row["group"], seed),
        )


def attribute_labels(
    taxonomy: Taxonomy, path: Path = ATTRIBUTE_LABELS
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Read what people saw: by product id, by group, the terms; none where the item has none.

    Raises:
        InvalidFeed: the file cannot be read, or a value is not of the taxonomy.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidFeed(f"expected labels at {path}; {error}") from None
    return {
        row.pop("id"): {group: _seen(group, cell, taxonomy) for group, cell in row.items() if cell}
        for row in rows
    }


def _seen(group: str, cell: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    values = [] if cell == NONE else cell.split(BOTH)
    terms = [taxonomy.term_for_label(group, value) for value in values]
    if None in terms:
        raise InvalidFeed(f"expected values of the group {group}; got {cell!r}")
    return tuple(term for term in terms if term)


def _terms(row: Mapping[str, str], taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    named = read_seller_text(taxonomy, row["productDisplayName"], language="en").attributes
    terms = {group: found for group, found in named.items() if group in NAMED_GROUPS}
    for group, column in COLUMNS.items():
        term = taxonomy.term_for_label(group, row.get(column) or "")
        if term is not None:
            # A name may state a second one: "Blue and White Striped Shirt".
            others = (other for other in named.get(group, ()) if other != term)
            terms[group] = (term, *others) if term in named.get(group, ()) else (term,)
    return terms
