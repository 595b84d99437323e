"""What an engine is: the protocol, what it is given and what it answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.features import Bytes
from houndstooth.mappings.product import Scalar


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
    in ``preferred`` have a matching term. Its score is the sum over groups of the largest boost
    of its terms in that group. Boosts are whole numbers, so that every engine adds up to exactly
    the same score.

    Attributes:
        variant_field: a field of the shop whose value is told with each candidate: what the variants
            of one product share.
        without_id, without_variant_group: what must not be found: a document, and all that have this
            value in ``variant_field``.
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
    without_variant_group: str | None = None
    variant_field: str | None = None


HitKey = tuple[str, str]
"""What makes a hit: a group of variants, or else a product by its id."""


@dataclass(frozen=True)
class Candidates:
    """Matches of one query, best score first, ties by product id: n rows, none of them facts.

    Attributes:
        product_ids: n ids.
        scores: int64 [n], the sums of boosts.
        binary_codes: uint8 [n, bits / 8].
        colour_histograms: uint8 [n, bins].
        variant_groups: n values of the query's ``variant_field``, None where a document has none; empty
            where the query names no field, or one that the index lacks.
    """

    product_ids: Sequence[str]
    scores: Any
    binary_codes: Bytes
    colour_histograms: Bytes
    variant_groups: Sequence[str | None] = ()

    def __len__(self) -> int:
        return len(self.product_ids)

    @property
    def hits(self) -> int:
        """How many hits they make."""
        return len(set(self.keys))

    @property
    def keys(self) -> list[HitKey]:
        """Of each row; rows of one key are variants of one product."""
        if not self.variant_groups:
            return [("", product_id) for product_id in self.product_ids]
        pairs = zip(self.variant_groups, self.product_ids, strict=True)
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
