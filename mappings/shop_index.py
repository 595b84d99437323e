"""Define how an index that a shop fills itself is read, document by document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

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

    @property
    def place(self) -> tuple[int, int]:
        """Both numbers of its last write."""
        return self.seq_no, self.primary_term


@dataclass(frozen=True)
class Serving:
    """State of an index: the version of ``visual`` it serves, for services, workers and commands.

    Attributes:
        visual: Name of the object that searches read and ingests write.
        encoder: Path of the card of the image encoder that makes its codes; None = codes are made
            of the recogniser's own features.
        previous: The version that served before, which takes no writes; None if there is none.
        closed: A version that takes no writes until ``closed_until``, just before another serves.
        closed_until: In milliseconds since 1970.
        dropped: Name of an object that was taken off all documents, and takes no writes.
        run: Name of the migration that stated something last; an older one that is still under way
            ends.
        unsettled: Option of ``houndstooth migrate`` that let this version serve, until what was
            still on its way to the version before is brought over; empty = it is.
    """

    visual: str
    encoder: str | None = None
    previous: Version | None = None
    closed: str | None = None
    closed_until: int = 0
    dropped: str | None = None
    run: str = ""
    unsettled: str = ""

    @property
    def version(self) -> Version:
        """The version that serves."""
        return Version(self.visual, self.encoder)


class Version(NamedTuple):
    """A version of ``visual``, and the card of its encoder; see Serving."""

    visual: str
    encoder: str | None


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

    def versions(self) -> list[str]:
        """List the names of all objects ``visual`` of Houndstooth's, from the mapping.

        An object of the shop's that has such a name is none.
        """

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

    def update(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        """Replace the fields in ``source``, each unless somebody has written it since it was read.

        All other fields stay. A document that was written has an outcome that is ``retryable``.
        """

    def serving(self) -> Serving | None:
        """Read which version of ``visual`` the index serves; None if nothing says so.

        Raises:
            CatalogueNotFound: There is no such index.
        """

    def serve(self, serving: Serving | None, after: Serving | None) -> bool:
        """Say which version the index serves, for all that read it from then on; None = nothing.

        Args:
            serving: What is said.
            after: What the index said when it was read last.

        Returns:
            Whether it is said: it is not if the index says another thing meanwhile.
        """
