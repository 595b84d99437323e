"""Define the engine protocol, its queries and its answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from houndstooth.mappings.read_products import ProductFacts, ShownProduct, StoredProduct
from houndstooth.mappings.rows import Changes, Checkpoint, FeatureRows, Lengths
from houndstooth.mappings.words_query import IdsQuery, WordsQuery
from houndstooth.mappings.writes import IndexDocument, Outdated, StoredState, WriteOutcome


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
class ShopQuery:
    """Match by a query in the engine's language, JSON that ``shop_query.parse_query`` has read."""

    text: str


@dataclass(frozen=True)
class CandidateQuery:
    """One step of an attribute query, independent of the engine.

    A document matches if all of the following hold:

    - its model is ``model``, and its category and great category are those given, if any, and one
      of ``categories``, if any, or unknown, as such a product may be of any;
    - it has every term of ``required`` and none of ``excluded``;
    - it is not sold out, if ``hide_sold_out`` says so;
    - it passes all ``filters``, all ``post_filters`` and all ``queries``;
    - at least ``minimum_groups`` groups of ``preferred`` have a matching term.

    The score is the sum over groups of the largest boost among the document's terms in that
    group. Boosts are integers, so that every engine computes exactly the same score.

    Attributes:
        categories: Leaf categories that it may be of; empty = any.
        preferred: Boost by term, by attribute group.
        post_filters: Further filters; on a field that ``filters`` names as well, both hold.
        queries: In words, by ids, or in the engine's language; without one InvalidFilter is raised.
        variant_field: Shop field that holds the variant group.
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
    post_filters: tuple[Filter, ...] = ()
    queries: tuple[ShopQuery | WordsQuery | IdsQuery, ...] = ()
    categories: tuple[str, ...] = ()
    without_id: str | None = None
    without_variant_group: str | None = None
    variant_field: str | None = None
    hide_sold_out: bool = False

    @property
    def has_filters(self) -> bool:
        """Tell whether it has conditions on the shop's facts, which the engine alone decides."""
        return bool(self.filters or self.post_filters or self.queries)

    @property
    def best_score(self) -> int:
        """Highest possible score, that of a document with every group's best term."""
        return sum(max(boosts.values(), default=0) for boosts in self.preferred.values())


class Engine(Protocol):
    """Stores and searches documents.

    Every method raises EngineUnavailable if the engine cannot be reached.

    Attributes:
        location: Where the documents are, for people and logs; without a password.
        embedded: Whether they are in a file of this process's machine, so that it costs little to
            look for changes at every search.
    """

    location: str
    embedded: bool

    def prepare(self) -> None:
        """Create the index or add ``visual`` to an existing one. Calling it again is harmless."""

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Insert or update documents and return their outcomes in the same order.

        Updates are partial: the given facts are replaced and all others stay. A document with
        ``visual`` replaces the whole object and is inserted if it does not exist. A document
        without ``visual`` keeps the stored object and must exist. Of several writes with
        ``as_of``, whatever their order, the newest facts and the newest ``visual`` stay; what was
        deleted as of the same time or later stays deleted.
        """

    def delete(self, product_ids: Collection[str], as_of: int | None = None) -> int:
        """Delete documents and return how many existed. Unknown ids are no error.

        Args:
            product_ids: The ids.
            as_of: Leave those of which facts or features are newer than this, in milliseconds
                since 1970, also if they are written meanwhile; None deletes all. Later writes of
                the same or an older time do not bring the others back, for thirty days, nor those
                that did not exist.
        """

    def outdated(self, before: int, kept: Collection[str] = (), examples: int = 10) -> Outdated:
        """Count the products that an ingest wrote of which facts and features are older.

        Whatever no ingest wrote with a time, such as a shop's own documents, is not among them.

        Args:
            before: A time, in milliseconds since 1970.
            kept: Ids that are left out, at most some thousands.
            examples: Number of ids that are told.
        """

    def delete_outdated(self, before: int, kept: Collection[str], limit: int) -> int:
        """Delete some of those products; one that is written meanwhile stays.

        What shows a time before ``before`` does not bring them back; see ``delete``.
        At most ``limit`` are deleted; returns how many, and 0 if none is left.
        """

    def refresh(self) -> None:
        """Make everything that was written visible to search."""

    def stored(self, product_ids: Sequence[str]) -> dict[str, StoredState]:
        """Read the states of the documents that are there, by id, as they are at this moment."""

    def index_id(self) -> str:
        """Return the identity of the index behind the name; see Checkpoint."""

    def changes(
        self,
        model: str,
        lengths: Lengths,
        variant_field: str | None,
        since: Checkpoint | None = None,
    ) -> Iterator[Changes]:
        """Read the features that ``model`` computed, in batches of about 10,000 rows.

        Args:
            model: Name of the model.
            lengths: Lengths of its bytes; documents with others are ``gone``.
            variant_field: Shop field that holds the variant group.
            since: Read only what changed after it. Every change visible to search is read; a
                deletion may be missed. None = read everything; ``gone`` may then be ignored.

        Yields:
            Batches; none if nothing changed and the checkpoint is still the newest. Reading may
            be broken off after any batch and go on later from that batch's checkpoint. Some rows
            may come again, in the version that was read before. What is written meanwhile may
            come with the next call only.

        Raises:
            EngineUnavailable: The engine cannot be reached.
            IndexReplaced: The index behind the name is not the one of the checkpoint.
        """

    def features(
        self, product_ids: Sequence[str], model: str, lengths: Lengths, variant_field: str | None
    ) -> FeatureRows:
        """Read the features of some documents, in any order.

        Unknown ids, and documents without features of ``model`` and ``lengths``, are left out.
        """

    def match(
        self, query: CandidateQuery, limit: int, among: Sequence[str] | None = None
    ) -> list[str]:
        """List ids of documents that match, in any order, at most ``limit``.

        Args:
            query: What to match; its ``preferred`` counts only for ``minimum_groups``.
            limit: Maximum number of ids.
            among: List only documents with one of these ids.
        """

    def by_words(
        self, query: CandidateQuery, words: WordsQuery, limit: int
    ) -> list[tuple[str, float]]:
        """Rank the documents that match by words, with the engine's BM25 (Robertson et al. 1994).

        Returns:
            Ids and scores of those that have a word, best first, equal ones by id.
        """

    def show(self, product_ids: Sequence[str]) -> list[ShownProduct]:
        """Read of each document what is shown of a hit, in the given order.

        Unknown ids, and documents without ``visual``, are left out.
        """

    def facts(
        self, product_ids: Sequence[str], names: Collection[str], terms: Collection[str] = ()
    ) -> dict[str, ProductFacts]:
        """Read some facts of documents and nothing else, as search sees them.

        Args:
            product_ids: Their ids; unknown ones are left out.
            names: Names of facts. A dotted name, such as ``offers.price``, reads the whole object
                that it leads into, and a fact of that very name.
            terms: Categories, great categories and attribute terms that are looked for.

        Returns:
            What each document has of them, by id.
        """

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


class RankingEngine(Engine, Protocol):
    """An engine that can rank by itself, where no columns are kept."""

    def window(
        self,
        query: CandidateQuery,
        limit: int,
        lengths: Lengths,
        appearance: Mapping[str, int] | None = None,
    ) -> FeatureRows:
        """Read the features of the ``limit`` best matches, in any order.

        The engine ranks by the attribute score and by appearance terms, so near neighbours are
        likely among them but not certain.

        Args:
            query: What to match and how to score attributes.
            limit: Maximum number of rows.
            lengths: Lengths of the model's bytes; documents with others are left out.
            appearance: Boost by appearance term, added to the attribute score.
        """
