"""A search: what is asked and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import Filter
from houndstooth.mappings.features import Box, Detection, ScoredTerm
from houndstooth.mappings.product import Scalar

MAX_HITS = 200
MAX_CANDIDATES = 10_000


@dataclass(frozen=True)
class SearchRequest:
    """How to search, whatever the query is (an image, or a product of the index).

    Attributes:
        category: a leaf category chosen by the shopper, or None for automatic.
        box: drawn by hand, or None.
        required, excluded: attribute terms the shopper insists on or will not have.
        collapse: of a product's variants, the nearest alone is a hit.
        top: how many hits, 1 to 200.
        appearance_weight: of the binary code in the distance, 1 = shape alone, 0 = colour alone.
    """

    category: str | None = None
    box: Box | None = None
    filters: tuple[Filter, ...] = ()
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    collapse: bool = True
    top: int = 24
    appearance_weight: float = 0.7


@dataclass(frozen=True)
class Hit:
    """One product of the answer. Distances are in [0, 1]; a higher score is better.

    Attributes:
        matched: terms that were wanted and that it has.
        variants: ids of its variants among the candidates, nearest first, itself left out.
    """

    product_id: str
    score: float
    appearance_distance: float
    colour_distance: float
    matched: tuple[str, ...]
    product: Mapping[str, Scalar]
    visual: VisualDocument
    variants: tuple[str, ...] = ()


Relaxed = Literal["none", "fewer-attributes", "great-category", "any-category"]


@dataclass(frozen=True)
class SearchAnswer:
    """Hits, how the query was understood, and where the time went.

    Attributes:
        categories: what the query was taken for, best first.
        relaxed: which step answered: "none" = all attributes and the category held.
        took_ms: milliseconds by stage.
        items: all that was found in the image, best first; empty where nothing looked.
    """

    categories: tuple[ScoredTerm, ...]
    category_source: str
    attributes: tuple[ScoredTerm, ...]
    box: Box
    box_source: str
    relaxed: Relaxed
    hits: tuple[Hit, ...]
    took_ms: Mapping[str, float]
    model: str
    items: tuple[Detection, ...] = ()
