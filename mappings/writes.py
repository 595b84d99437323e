"""Define what is written to an engine, what it tells of it, and what it has stored before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.product import Fact, Note
from houndstooth.mappings.rows import Lengths


@dataclass(frozen=True)
class FeatureKey:
    """Key of the features of a product: equal keys mean equal features.

    Attributes:
        model: Name and version of the networks.
        source_hash: Hash of text and images; see VisualDocument.
        lengths: Lengths of code and histogram.
    """

    model: str
    source_hash: str
    lengths: Lengths


@dataclass(frozen=True)
class StoredState:
    """State of a stored product, which decides whether a feed is to write it.

    Attributes:
        features: Key of the stored features; None if there are none that a search can find.
        facts_as_of: Time of the stored facts, in milliseconds since 1970; None if it is not known.
        as_of: Time of the stored features, as ``facts_as_of``.
    """

    features: FeatureKey | None = None
    facts_as_of: int | None = None
    as_of: int | None = None

    def has_newer_facts(self, as_of: int | None) -> bool:
        """Tell whether the stored facts are newer than a time; not where either is not known."""
        return _is_newer(self.facts_as_of, as_of)

    def has_newer_features(self, as_of: int | None) -> bool:
        """Tell whether the stored features are newer than a time, as ``has_newer_facts``."""
        return _is_newer(self.as_of, as_of)

    def is_newer(self, as_of: int | None) -> bool:
        """Tell whether stored facts or features are newer than a time."""
        return self.has_newer_facts(as_of) or self.has_newer_features(as_of)


@dataclass(frozen=True)
class IndexDocument:
    """A document to write: the shop's facts and, unless only those changed, ``visual``.

    Attributes:
        visual: The new ``visual`` object; None keeps the stored one.
        insert: Insert the document if it does not exist yet. Without ``visual``, or if this is
            False, the document must exist.
        as_of: Time of the state of the shop that it shows, in milliseconds since 1970. Facts and
            ``visual`` are each left alone where newer ones are stored. None writes whatever is
            stored, and leaves the stored times as they are.
        keeps: The stored features that are found to be those of ``as_of`` as well; only without
            ``visual``. If others are stored, the document is not written: ``is_conflict``.
        stored: What ``Engine.stored`` has read of it; None if it was not there, or not read.
    """

    product_id: str
    facts: Mapping[str, Fact]
    visual: VisualDocument | None = None
    insert: bool = True
    as_of: int | None = None
    keeps: FeatureKey | None = None
    stored: StoredState | None = field(default=None, compare=False)


@dataclass(frozen=True)
class WriteOutcome:
    """The result of writing one document of a bulk.

    Attributes:
        error: Why the document was not written; None if it was.
        retryable: Whether a later attempt may succeed.
        is_conflict: Whether the document was written since it was read.
        notes: Facts that were left out because they do not fit the index, and what was left alone
            because newer is stored.
        is_changed: Whether more than the times of a document with ``as_of`` was written.
        is_overtaken: Whether nothing was written, because all that is stored is newer.
    """

    product_id: str
    error: str | None = None
    retryable: bool = False
    notes: Sequence[Note] = ()
    is_conflict: bool = False
    is_changed: bool = True
    is_overtaken: bool = False


@dataclass(frozen=True)
class Outdated:
    """Products that an ingest wrote, whose facts and features are of before some time.

    Attributes:
        count: Their number.
        total: Number of all products that an ingest wrote, whatever their time.
        examples: The first ids, in order.
    """

    count: int
    total: int
    examples: Sequence[str] = ()


def _is_newer(stored: int | None, as_of: int | None) -> bool:
    return stored is not None and as_of is not None and stored > as_of
