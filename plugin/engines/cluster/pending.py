"""Follow a document on its way into an index of a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from houndstooth.mappings.product import Note
from houndstooth.mappings.writes import IndexDocument, WriteOutcome
from houndstooth.plugin.engines.cluster.actions import as_json
from houndstooth.plugin.engines.cluster.facts import FactFitter
from houndstooth.plugin.engines.cluster.read import ClusterState
from houndstooth.plugin.engines.newest import is_deleted_later, leave_newer, overtaken

EXISTS = "version_conflict_engine_exception"
"""Type of the error of a creation of a document that is there, and of a guarded update of one that
was written since it was read."""

MISSING = "document_missing_exception"
"""Type of the error of an update of a document that is not there."""


@dataclass(eq=False)
class PendingWrite:
    """A document on its way into the index.

    Attributes:
        document: The document, without the facts that do not fit.
        sent: The same without what is stored newer.
        notes: What was left out, but for what is stored newer.
        creates: Whether the document is to be created, not updated.
        outcome: The result of the last attempt.
        source: The fields of ``sent`` in JSON; empty if they are not encoded yet.
        is_new: Whether it was not there before.
        is_noop: Whether the engine found nothing to change.
        is_read: Whether it is known what is stored.
        stored: What is stored, if anything.
    """

    document: IndexDocument
    sent: IndexDocument = field(init=False)
    notes: list[Note] = field(default_factory=list)
    creates: bool = False
    outcome: WriteOutcome | None = None
    source: str = ""
    is_new: bool = False
    is_noop: bool = False
    is_read: bool = False
    stored: ClusterState | None = None
    _newer: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sent = self.document
        if self.is_guarded and isinstance(self.document.stored, ClusterState):
            self.read(self.document.stored)

    @property
    def may_be_new(self) -> bool:
        """Tell whether the document is inserted if it does not exist."""
        return self.document.visual is not None and self.document.insert

    @property
    def is_guarded(self) -> bool:
        """Tell whether what is newer stays, so that what is stored must be known."""
        return self.document.as_of is not None

    @property
    def left_out(self) -> tuple[Note, ...]:
        """Return notes on all that was left out."""
        return (*self.notes, *self._newer)

    @property
    def is_changed(self) -> bool:
        """Tell whether more than the times of what was stored was written."""
        if self.is_noop:
            return False
        if self.stored is None or self.sent.visual is not None:
            return True
        facts = self.stored.facts
        return any(as_json(facts.get(key)) != as_json(one) for key, one in self.sent.facts.items())

    def fit(self, fitter: FactFitter) -> None:
        """Leave out the facts that the mapping cannot take."""
        facts, notes = fitter.fit(self.document.facts)
        self._keep(facts, notes)

    def leave_out_refused(self, fitter: FactFitter, why: str, known: bool) -> None:
        """Leave out the fact that the engine has refused, or all of them."""
        facts, notes = fitter.without_refused(self.document.facts, why, known)
        self._keep(facts, notes)

    def read(self, stored: ClusterState | None) -> None:
        """Take what is stored."""
        self.is_read, self.stored = True, stored

    def compare(self) -> bool:
        """Leave out what is stored newer; tell whether anything is left to send."""
        if self.stored is None:
            if self.may_be_new:
                self._send(self.document, [])
                self.creates = True
                return True
            self.outcome = missing(self.document.product_id)
            return False
        self.creates = False
        left = leave_newer(self.document, self.stored)
        if isinstance(left, WriteOutcome):
            self.outcome = left
            return False
        self._send(*left)
        return True

    def is_deleted(self, deleted: int | None) -> bool:
        """Tell whether the document was deleted as of later than it shows; it is left alone then.

        Args:
            deleted: The time as of which it was deleted, or None.
        """
        if not is_deleted_later(self.document, deleted):
            return False
        self.outcome = overtaken(self.document.product_id)
        return True

    def is_outdated(self, error: str | None) -> bool:
        """Tell whether it is to be sent again, as it is not stored as was read or guessed.

        Args:
            error: Type of the error of the last attempt, or None.
        """
        if self.is_guarded:
            if error != EXISTS and not (error == MISSING and self.may_be_new):
                return False
            self.is_read = self.creates = False
            return True
        if not self.may_be_new or error != (EXISTS if self.creates else MISSING):
            return False
        self.creates = not self.creates
        return True

    def told(self) -> WriteOutcome:
        """Return the outcome, with what was left out."""
        outcome = self.outcome or missing(self.document.product_id)
        if outcome.error is not None or outcome.is_overtaken:
            return outcome
        return replace(outcome, notes=self.left_out, is_changed=self.is_changed)

    def _send(self, document: IndexDocument, newer: list[Note]) -> None:
        if document is not self.sent:
            self.source = ""
        self.sent, self._newer = document, newer

    def _keep(self, facts: Any, notes: Iterable[Note]) -> None:
        self.document = replace(self.document, facts=facts)
        self.sent, self.source = self.document, ""
        self.notes += notes


def missing(product_id: str) -> WriteOutcome:
    """Describe a document that must be there and is not."""
    return WriteOutcome(product_id, f"expected a product that is there; {product_id!r} is not")
