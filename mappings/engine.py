"""Define the engine protocol, its queries and its answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.features import Bytes
from houndstooth.mappings.product import Scalar


@dataclass(frozen=True)
class TermFilter:
    """Match one value of a shop field, such as ``brand:Puma``.

    Several term filters on one field match any of their values.
    """

    field: str
    value: str


@dataclass(frozen=True)
class RangeFilter:
    """Match a range of a shop field, such as ``price:10..50``.

    Both ends are included; None leaves an end open.
    """

    field: str
    low: float | None
    high: float | None


Filter = TermFilter | RangeFilter


@dataclass(frozen=True)
class IndexDocument:
    """A document to write: the shop's facts and, unless only those changed, ``visual``.

    Attributes:
        visual: The new ``visual`` object; None keeps the stored one.
        insert: Insert the document if it does not exist yet. Without ``visual``, or if this is
            False, the document must exist.
    """

    product_id: str
    facts: Mapping[str, Scalar]
    visual: VisualDocument | None = None
    insert: bool = True


@dataclass(frozen=True)
class WriteOutcome:
    """The result of writing one document of a bulk.

    Attributes:
        error: Why the document was not written; None if it was.
        retryable: Whether a later attempt may succeed.
    """

    product_id: str
    error: str | None = None
    retryable: bool = False


@dataclass(frozen=True)
class StoredProduct:
    """A document as it is stored in the engine.

    Attributes:
        visual: None if the document has no such object or if the object cannot be decoded.
    """

    product_id: str
    facts: Mapping[str, Scalar]
    visual: VisualDocument | None


@dataclass(frozen=True)
class CandidateQuery:
    """One step of an attribute query, independent of the engine.

    A document matches if all of the following hold:

    - its model is ``model``, and its category and great category are those given, if any;
    - it has every term of ``required`` and none of ``excluded``;
    - it passes all ``filters``;
    - at least ``minimum_groups`` groups of ``preferred`` have a matching term.

    The score is the sum over groups of the largest boost among the document's terms in that
    group. Boosts are integers, so that every engine computes exactly the same score.

    Attributes:
        preferred: Boost by term, by attribute group.
        variant_field: Shop field that holds the variant group; its value is returned with each
            candidate.
        without_id: Id of a document that must not match.
        without_variant_group: Value of ``variant_field`` that must not match.
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
"""Identity of a hit: ``(variant group, "")``, or ``("", product id)`` without a group."""


@dataclass(frozen=True)
class Candidates:
    """The n candidates of one query, best score first, ties by product id.

    Attributes:
        product_ids: The n ids.
        scores: Sums of boosts, int64 [n].
        binary_codes: uint8 [n, bits / 8].
        colour_histograms: uint8 [n, bins].
        variant_groups: The n values of the query's ``variant_field``, None where a document has
            none. Empty if the query names no field or the index has no such field.
    """

    product_ids: Sequence[str]
    scores: Any
    binary_codes: Bytes
    colour_histograms: Bytes
    variant_groups: Sequence[str | None] = ()

    def __len__(self) -> int:
        return len(self.product_ids)

    @property
    def hit_count(self) -> int:
        """Number of hits, each variant group counted once."""
        return len(set(self.hit_keys))

    @property
    def hit_keys(self) -> list[HitKey]:
        """Hit key of each row. Rows with the same key are variants of one product."""
        if not self.variant_groups:
            return [("", product_id) for product_id in self.product_ids]
        pairs = zip(self.variant_groups, self.product_ids, strict=True)
        return [(group, "") if group else ("", product_id) for group, product_id in pairs]


class Engine(Protocol):
    """Stores and searches documents.

    Every method raises EngineUnavailable if the engine cannot be reached.
    """

    def prepare(self) -> None:
        """Create the index or add ``visual`` to an existing one. Calling it again is harmless."""

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Insert or update documents and return their outcomes in the same order.

        Updates are partial: the given facts are replaced and all others stay. A document with
        ``visual`` replaces the whole object and is inserted if it does not exist. A document
        without ``visual`` keeps the stored object and must exist.
        """

    def delete(self, product_ids: Collection[str]) -> int:
        """Delete documents and return how many existed. Unknown ids are no error."""

    def refresh(self) -> None:
        """Make everything that was written visible to search."""

    def source_hashes(self, product_ids: Sequence[str], model: str) -> dict[str, str]:
        """Read ``source_hash`` by id, of the documents whose features ``model`` computed."""

    def candidates(self, query: CandidateQuery, limit: int) -> Candidates:
        """Find the ``limit`` best candidates."""

    def fetch(self, product_ids: Sequence[str]) -> list[StoredProduct]:
        """Read documents in the given order. Unknown ids are left out."""

    def count(self, query: CandidateQuery | None = None) -> int:
        """Count the matching documents, or all of them if there is no query."""

    def facets(
        self, query: CandidateQuery, fields: Sequence[str], size: int = 20
    ) -> dict[str, list[tuple[str, int]]]:
        """Count the values of each field among the matching documents.

        ``visual.category``, ``visual.great_category`` and ``visual.attributes`` are fields too.

        Returns:
            For each field at most ``size`` values with their counts, highest count first, ties
            by value.
        """

    def ping(self) -> None:
        """Return if the engine can serve, else raise."""

    def close(self) -> None:
        """Close connections and files."""
