"""Define how an index that a shop fills itself is read, document by document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.rows import Checkpoint
from houndstooth.mappings.writes import WriteOutcome


@dataclass(frozen=True)
class SourceDocument:
    """A document of the shop's index, as it was when it was read.

    Attributes:
        product_id: Its id.
        source: Its fields, or those that were asked for.
        seq_no, primary_term: Number of its last write; every write gives it another one.
    """

    product_id: str
    source: Mapping[str, Any]
    seq_no: int
    primary_term: int


class Pages(Protocol):
    """Documents, some hundred at a time.

    After EngineUnavailable they may be asked for the next page again: none is left out, and none
    comes twice.
    """

    def __iter__(self) -> Self:
        """Return itself."""

    def __next__(self) -> list[SourceDocument]:
        """Read the next page."""

    def close(self) -> None:
        """Let the engine forget what it kept for the pages."""


class ShopIndex(Engine, Protocol):
    """An engine on an index that a shop fills itself.

    Attributes:
        visual: Name of the object ``visual`` in this index.
    """

    visual: str

    def check(self) -> None:
        """Raise if the index is not of a form that ``prepare`` takes; nothing is changed.

        Raises:
            InvalidConfig: It is not, or its ``visual`` is not one of Houndstooth's.
            EngineUnavailable: The engine cannot be reached, or has no such index.
        """

    def field_names(self) -> list[str]:
        """List the shop's fields by their dotted paths, objects among them, from the mapping."""

    def documents(
        self, fields: Sequence[str] | None = None, since: Checkpoint | None = None
    ) -> tuple[Checkpoint, Pages]:
        """Read the documents that were written after a checkpoint, as search sees them.

        Whatever is written while this reads comes with the next call: begin that where this one
        says. A few documents come twice so, and none is missed. Deletions leave nothing to read.

        Args:
            fields: The fields to read, and all within them; None = all.
            since: Where to begin; None = with the first document.

        Returns:
            Where to begin the next time, and the documents.

        Raises:
            IndexReplaced: Another index has taken the name since that checkpoint.
        """

    def forget_deletions(self) -> None:
        """Remove what is kept beside the index of documents that were deleted.

        Raises:
            EngineUnavailable: The engine cannot be reached.
        """

    def rewrite(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        """Replace whole documents, each unless somebody has written it since it was read.

        Such a one has an outcome that is ``retryable``. No ingest pipeline is run.
        """
