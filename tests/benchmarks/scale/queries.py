"""Choose the queries of the benchmark: real photos, a category each, and their filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from houndstooth.mappings.engine import Filter, RangeFilter, TermFilter
from houndstooth.mappings.features import Features, ScoredTerm
from houndstooth.mappings.search import SearchRequest
from tests.benchmarks.scale.facts import brand_names
from tests.benchmarks.scale.features import RealProducts

Variant = Literal["whole", "photo", "certain", "price", "brand"]
VARIANTS: tuple[Variant, ...] = ("whole", "photo", "certain", "price", "brand")
"""How sure the attributes of a query are, and what else filters:

whole
    as the photo gives them but below the confidence that demands a match, so that the whole
    category passes the first step: its size is exact;
photo
    as the photo gives them;
certain
    the best term of each group with confidence 1;
price
    as ``whole``, within a range of prices that one product in four has;
brand
    as ``whole``, of one brand of three products in a hundred.
"""

TOP = 24
PRICE = RangeFilter("price", 20.0, 30.0)
BRAND = TermFilter("brand", brand_names()[2])

MOST_UNSURE = 0.79
"""Confidence of terms that are not demanded, at most."""


@dataclass(frozen=True)
class Query:
    """One query.

    Attributes:
        category: The category chosen.
        photo: Row of the real product whose photo is asked.
    """

    category: str
    variant: Variant
    photo: int
    features: Features
    request: SearchRequest


def queries(
    real: RealProducts, category: str, variant: Variant, count: int, seed: int = 1
) -> list[Query]:
    """Choose photos that are recognised as the category, and make queries of them."""
    rows = np.flatnonzero(np.array(real.asked.categories) == category)
    chosen = np.random.default_rng([seed, 7]).permutation(rows)
    photos = [int(chosen[n % len(chosen)]) for n in range(count)]
    return [_query(real, category, variant, photo) for photo in photos]


def _query(real: RealProducts, category: str, variant: Variant, photo: int) -> Query:
    features = real.query(photo, certain=variant == "certain")
    if variant not in ("photo", "certain"):
        features = replace(features, attributes=_unsure(features.attributes))
    filters: tuple[Filter, ...] = {"price": (PRICE,), "brand": (BRAND,)}.get(variant, ())
    # Variants are not collapsed: the resampled products have none.
    request = SearchRequest(category=category, filters=filters, top=TOP)
    return Query(category, variant, photo, features, request)


def _unsure(terms: Sequence[ScoredTerm]) -> tuple[ScoredTerm, ...]:
    """Return the terms as preferences: none of them is one that a hit must have."""
    return tuple(ScoredTerm(t.term, min(t.confidence, MOST_UNSURE)) for t in terms)
