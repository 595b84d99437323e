"""Reader of a ``products.csv``: labels in columns, and weak labels in the sellers' names."""

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
    for row in product_rows(products):
        category = taxonomy.category_for_label(row["articleType"])
        if category is None:
            raise InvalidFeed(f"article type {row['articleType']!r} is in no category")
        terms = _terms(row, category, taxonomy)
        yield Sample(
            path=products.parent / row["file"],
            category=category,
            terms=terms,
            known=frozenset(terms),
            group=row["group"],
            split=split_of(row["group"], seed),
        )


def _terms(row: Mapping[str, str], category: str, taxonomy: Taxonomy) -> dict[str, tuple[str, ...]]:
    named = read_seller_text(taxonomy, row["productDisplayName"], language="en").attributes
    terms = {group: term for group, term in named.items() if group in NAMED_GROUPS}
    for group, column in COLUMNS.items():
        term = taxonomy.term_for_label(group, row.get(column) or "")
        if term is not None:
            terms[group] = term
    applicable = taxonomy.groups_of(category)
    return {group: (terms[group],) for group in applicable if group in terms}
