"""Requests, answers, and the two protocols: what an extractor and an engine are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from mappings.document import VisualDocument
from mappings.features import Box, Bytes, Features, FoundItem, RecognisedTerm
from mappings.product import Scalar

# --- business filters -------------------------------------------------------------------------


@dataclass(frozen=True)
class TermFilter:
    """A shop field equals one value (``brand:Puma``); several on one field mean any of them."""

    field: str
    value: str


@dataclass(frozen=True)
class RangeFilter:
    """A shop field lies in a range (``price:10..50``), both ends included; None is open."""

    field: str
    low: float | None
    high: float | None


Filter = TermFilter | RangeFilter

# --- the engine -------------------------------------------------------------------------------


@dataclass(frozen=True)
class IndexDocument:
    """One document to write: the shop's facts and, unless only those changed, ``visual``.

    Attributes:
        insert: a document with ``visual`` is inserted where the product is not there; without
            ``visual``, or where this is False, it must be there.
    """

    product_id: str
    facts: Mapping[str, Scalar]
    visual: VisualDocument | None = None
    insert: bool = True


@dataclass(frozen=True)
class WriteOutcome:
    """What became of one document of a bulk; ``error`` is None when it was written."""

    product_id: str
    error: str | None = None
    retryable: bool = False


@dataclass(frozen=True)
class StoredProduct:
    """A document as the engine has it.

    Attributes:
        visual: None where there is none, or where something else has written over it.
    """

    product_id: str
    facts: Mapping[str, Scalar]
    visual: VisualDocument | None


@dataclass(frozen=True)
class CandidateQuery:
    """One step of an attribute query, in the engine's terms.

    A document matches when its model is ``model``, its category is ``category`` and its great
    category is ``great_category`` (where those are given), it has every term of ``required`` and
    none of ``excluded``, it passes all ``filters``, and at least ``minimum_groups`` of the groups
    in ``preferred`` have a matching term. Its score is the sum over groups of the largest weight
    of its terms in that group. Weights are whole numbers, so that every engine adds up to exactly
    the same score.

    Attributes:
        group_field: a field of the shop whose value is told with each candidate: what the variants
            of one product share.
        without_id, without_group: what must not be found: a document, and all that have this
            value in ``group_field``.
    """

    model: str
    category: str | None = None
    great_category: str | None = None
    preferred: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    minimum_groups: int = 0
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    without_id: str | None = None
    without_group: str | None = None
    group_field: str | None = None


HitKey = tuple[str, str]
"""What makes a hit: a group of variants, or else a product by its id."""


@dataclass(frozen=True)
class Candidates:
    """Matches of one query, best score first, ties by product id: n rows, none of them facts.

    Attributes:
        product_ids: n ids.
        scores: int64 [n], the sums of weights.
        codes: uint8 [n, bits / 8].
        colours: uint8 [n, bins].
        groups: n values of the query's ``group_field``, None where a document has none; empty
            where the query names no field, or one that the index lacks.
    """

    product_ids: Sequence[str]
    scores: Any
    codes: Bytes
    colours: Bytes
    groups: Sequence[str | None] = ()

    def __len__(self) -> int:
        return len(self.product_ids)

    @property
    def hits(self) -> int:
        """How many hits they make."""
        return len(set(self.keys))

    @property
    def keys(self) -> list[HitKey]:
        """Of each row; rows of one key are variants of one product."""
        if not self.groups:
            return [("", product_id) for product_id in self.product_ids]
        pairs = zip(self.groups, self.product_ids, strict=True)
        return [(group, "") if group else ("", product_id) for group, product_id in pairs]


class Engine(Protocol):
    """Where documents live. Every method raises EngineUnavailable when the engine is away."""

    def prepare(self) -> None:
        """Create the index, or add ``visual`` to an existing one; harmless when done already."""

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Insert or update, outcome per document in the same order.

        Both kinds of document are partial: the facts they name are replaced and all other facts,
        which may be the shop's own, stay. A document with ``visual`` replaces the whole object, and
        is inserted where there was none; one without leaves ``visual`` alone, and must exist.
        """

    def delete(self, product_ids: Collection[str]) -> int:
        """Delete documents; ids that are not there are no error. Returns how many were."""

    def refresh(self) -> None:
        """Make everything written so far visible to search."""

    def source_hashes(self, product_ids: Sequence[str], model: str) -> dict[str, str]:
        """``source_hash`` by id of those documents that exist and were made by ``model``."""

    def candidates(self, query: CandidateQuery, limit: int) -> Candidates:
        """The ``limit`` best matches."""

    def fetch(self, product_ids: Sequence[str]) -> list[StoredProduct]:
        """Documents in the order asked; ids that are not there are left out."""

    def count(self, query: CandidateQuery | None = None) -> int:
        """How many documents match (all documents, where there is no query)."""

    def facets(
        self, query: CandidateQuery, fields: Sequence[str], size: int = 20
    ) -> dict[str, list[tuple[str, int]]]:
        """The most frequent values of each field among the matches, frequent first, ties by value.

        ``visual.category``, ``visual.great_category`` and ``visual.attributes`` are fields too.
        """

    def ping(self) -> None:
        """Return when the engine can serve."""

    def close(self) -> None:
        """Release connections and files."""


# --- the extractor ----------------------------------------------------------------------------


class Extractor(Protocol):
    """The one door from images to features: ingest and queries both go through it."""

    @property
    def model(self) -> str:
        """Name and version of the weights; goes into every document."""

    def decode(self, data: bytes) -> Any:
        """One image file's bytes to an RGB image as ``extract`` takes it, any size, EXIF turned.

        Raises:
            InvalidImage: not an image, broken, or beyond the bounds, which are checked before
                pixels are decoded.
        """

    def extract(
        self,
        images: Sequence[Any],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> list[Features]:
        """Features of a batch.

        Args:
            images: as ``decode`` returns them.
            categories: per image, the leaf categories to choose from: one when it is known, several
                when the seller's text only narrows it, None when the image alone decides.
            boxes: per image, the item's box where it is known.
        """


# --- request and answer -----------------------------------------------------------------------


MOST_HITS = 200
MOST_CANDIDATES = 10_000


@dataclass(frozen=True)
class SearchRequest:
    """How to search, whatever the query is (an image, or a product of the index).

    Attributes:
        category: a leaf category chosen by the shopper, or None for automatic.
        box: drawn by hand, or None.
        required, excluded: attribute terms the shopper insists on or will not have.
        collapse: of a product's variants, the nearest alone is a hit.
        top: how many hits, 1 to 200.
        weight: share of appearance in the distance, 1 = shape alone, 0 = colour alone.
    """

    category: str | None = None
    box: Box | None = None
    filters: tuple[Filter, ...] = ()
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    collapse: bool = True
    top: int = 24
    weight: float = 0.7


@dataclass(frozen=True)
class Hit:
    """One product of the answer. Distances are in [0, 1]; a higher score is better.

    Attributes:
        matched: terms that were wanted and that it has.
        variants: ids of its variants among the candidates, nearest first, itself left out.
    """

    product_id: str
    score: float
    appearance: float
    colour: float
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

    categories: tuple[RecognisedTerm, ...]
    category_source: str
    attributes: tuple[RecognisedTerm, ...]
    box: Box
    box_source: str
    relaxed: Relaxed
    hits: tuple[Hit, ...]
    took_ms: Mapping[str, float]
    model: str
    items: tuple[FoundItem, ...] = ()
