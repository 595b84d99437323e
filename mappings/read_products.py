"""Define what an engine reads of stored products: all, what is shown, or some facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from houndstooth.mappings.document import VisualDocument, VisualSummary
from houndstooth.mappings.product import Fact


@dataclass(frozen=True)
class StoredProduct:
    """A document as it is stored in the engine.

    Attributes:
        visual: None if the document has no such object or if the object cannot be decoded.
    """

    product_id: str
    facts: Mapping[str, Fact]
    visual: VisualDocument | None


@dataclass(frozen=True)
class ShownProduct:
    """The part of a document that is shown of a hit.

    Attributes:
        version: Version of the document; see FeatureRows.
    """

    product_id: str
    version: int
    facts: Mapping[str, Fact]
    visual: VisualSummary


class ProductFacts(NamedTuple):
    """Some facts of a document, those that have a value, and which of some terms it has."""

    facts: Mapping[str, Fact]
    terms: frozenset[str]
