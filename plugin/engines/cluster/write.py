"""Write bulks of documents to an index of a cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from houndstooth.mappings.engine import IndexDocument, WriteOutcome
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.product import Note
from houndstooth.mappings.shop_index import SourceDocument
from houndstooth.plugin.engines.cluster import actions
from houndstooth.plugin.engines.cluster.client import AWAY, PASSING, Cluster, Json
from houndstooth.plugin.engines.cluster.errors import reason
from houndstooth.plugin.engines.cluster.facts import FactFitter
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.documents import refusal

CONFLICT = 409
"""HTTP status of a bulk item that was written by another since it was read."""

RETRYABLE = (CONFLICT, *PASSING)
"""HTTP statuses of a bulk item after which a retry may succeed."""

BLOCKED = ("cluster_block_exception", "index_closed_exception")
"""Types of the error of every item while the index takes no writes, as when a disk is full."""

EXISTS = "version_conflict_engine_exception"
"""Type of the error of a creation of a document that is there."""

MISSING = "document_missing_exception"
"""Type of the error of an update of a document that is not there."""

MAX_ATTEMPTS = 6
"""Times that a document is sent; before the last one, all of its facts are left out."""


FIRST_BULK = 20
"""Documents in the first bulk of many, which tells whether the others are likely to be new."""

IN_FLIGHT = 4
"""Bulks at the same time: a server writes to one shard with several threads."""

_RESULTS = "items.*.status,items.*.result,items.*.error"
"""``filter_path`` of a bulk."""


@dataclass(eq=False)
class _Write:
    """A document on its way into the index.

    Attributes:
        document: The document, without what was left out of it.
        notes: What was left out.
        creates: Whether the document is to be created, not updated.
        outcome: The result of the last attempt.
        source: The document's fields in JSON, as they are sent.
        is_new: Whether it was not there before.
    """

    document: IndexDocument
    notes: list[Note] = field(default_factory=list)
    creates: bool = False
    outcome: WriteOutcome | None = None
    source: str = ""
    is_new: bool = False

    @property
    def may_be_new(self) -> bool:
        """Whether the document is inserted if it does not exist."""
        return self.document.visual is not None and self.document.insert

    def fit(self, fitter: FactFitter) -> None:
        """Leave out the facts that the mapping cannot take."""
        facts, notes = fitter.fit(self.document.facts)
        self._keep(facts, notes)

    def leave_out_refused(self, fitter: FactFitter, why: str, known: bool) -> None:
        """Leave out the fact that the engine has refused, or all of them."""
        facts, notes = fitter.without_refused(self.document.facts, why, known)
        self._keep(facts, notes)

    def _keep(self, facts: Any, notes: Iterable[Note]) -> None:
        self.document = replace(self.document, facts=facts)
        self.notes += notes


class ClusterWriter:
    """Writes to one index.

    A document that does not exist yet is created, which costs the server a third less than an
    update that inserts; one that exists is never overwritten but updated. Which of the two is tried
    first depends on what most documents of the last bulk were.

    Args:
        cluster: The cluster.
        index: The index.
    """

    def __init__(self, cluster: Cluster, index: ClusterIndex) -> None:
        self._cluster, self._client, self._index = cluster, cluster.client, index
        self._mostly_new = True

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Write partial updates, several bulks at the same time; see Engine.write.

        A document that is refused is written again without the fact that the engine names.

        Raises:
            EngineUnavailable: The cluster cannot be reached, or the index is not the one that
                was prepared.
        """
        fitter = self._index.prepared_fitter()
        writes = [_Write(document) for document in documents]
        for write in writes:
            if error := refusal(write.document):
                write.outcome = WriteOutcome(write.document.product_id, error)
            else:
                write.fit(fitter)
        pending = [write for write in writes if write.outcome is None]
        for attempt in range(MAX_ATTEMPTS):
            refused = self._send(pending)
            if not refused or attempt == MAX_ATTEMPTS - 1:
                break
            fitter = self._index.prepared_fitter()
            for write, why in refused.items():
                write.leave_out_refused(fitter, why, known=attempt < MAX_ATTEMPTS - 2)
            pending = _again(pending, refused)
        return [
            replace(write.outcome, notes=() if write.outcome.error else tuple(write.notes))
            for write in writes
            if write.outcome is not None
        ]

    def rewrite(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        """Replace whole documents, each unless it was written since it was read; see ShopIndex."""
        lines = map(actions.replacement, documents)
        results = [one for bulk in actions.in_bulks(lines, len) for one in self._bulk(bulk)]
        ids = [document.product_id for document in documents]
        return [_outcome(key, result) for key, result in zip(ids, results, strict=True)]

    def delete(self, product_ids: Collection[str]) -> int:
        """Delete documents and return how many existed.

        Raises:
            EngineUnavailable: The cluster cannot be reached or refuses.
        """
        bulks = actions.in_bulks(map(actions.deletion, sorted(set(product_ids))), len)
        statuses = [result["status"] for bulk in bulks for result in self._bulk(bulk)]
        failed = [status for status in statuses if status not in (200, 404)]
        if failed:
            address = self._cluster.address
            raise EngineUnavailable(f"{address} refused {len(failed)} deletes: {failed[0]}")
        return statuses.count(200)

    def _send(self, writes: Sequence[_Write]) -> dict[_Write, str]:
        """Send documents, and return why those with facts were refused for what they hold.

        Bulks at the same time have no order, so later writes to a document follow one by one.
        """
        first, later = _by_turn(writes)
        bulks = self._bulks(first)
        refused = self._send_bulk(next(bulks, []))
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            waiting: deque[Future[dict[_Write, str]]] = deque()
            for bulk in bulks:
                if len(waiting) == IN_FLIGHT:
                    refused |= waiting.popleft().result()
                waiting.append(pool.submit(self._send_bulk, bulk))
            for sent in waiting:
                refused |= sent.result()
        for bulk in self._bulks(later):
            refused |= self._send_twice(bulk)
        return refused

    def _bulks(self, writes: Sequence[_Write]) -> Iterator[list[_Write]]:
        """Encode documents, and yield them in bulks, of which the first is small."""

        def encoded() -> Iterator[_Write]:
            for write in writes:
                write.source = actions.as_json(self._fields(write.document))
                yield write

        return actions.in_bulks(encoded(), lambda write: len(write.source), FIRST_BULK)

    def _fields(self, document: IndexDocument) -> Json:
        """Return the fields of a document as the index takes them."""
        fields: Json = dict(document.facts)
        if document.visual is not None:
            visual, stored = self._index.visual, document.visual.to_json()
            if self._index.has_objects:
                fields[visual] = stored
            else:
                fields |= {f"{visual}.{name}": value for name, value in stored.items()}
        return fields

    def _send_bulk(self, bulk: Sequence[_Write]) -> dict[_Write, str]:
        """Send one bulk, and note for the next one whether most of its documents were new."""
        # A pipeline would take what is partial for a new document.
        guess = self._mostly_new and not self._index.has_pipeline
        for write in bulk:
            write.creates = guess and write.may_be_new
        refused = self._send_twice(bulk)
        if may_be_new := sum(write.may_be_new for write in bulk):
            self._mostly_new = 2 * sum(write.is_new for write in bulk) > may_be_new
        return refused

    def _send_twice(self, bulk: Sequence[_Write]) -> dict[_Write, str]:
        """Send one bulk; update what exists of what was to be created, and the other way round."""
        refused: dict[_Write, str] = {}
        for _ in range(2):
            results = self._bulk([self._action(write) for write in bulk])
            again = []
            for write, result in zip(bulk, results, strict=True):
                write.outcome = _outcome(write.document.product_id, result, creates=write.creates)
                write.is_new = result.get("result") == "created"
                if result["status"] == 400 and write.document.facts:
                    refused[write] = reason(result)
                if write.may_be_new and _error(result) == (EXISTS if write.creates else MISSING):
                    again.append(write)
            for write in again:
                write.creates = not write.creates
            bulk = again
        return refused

    def _action(self, write: _Write) -> str:
        """Build the action that creates a document, or a partial update.

        In an update the fields in ``doc`` are replaced, all others stay. A new document is part of
        the update, unless an ingest pipeline waits for new documents: it would take the update for
        one.
        """
        key, has_visual = write.document.product_id, write.document.visual is not None
        if write.creates:
            return actions.creation(key, write.source)
        inserts = write.may_be_new and not self._index.has_pipeline
        return actions.update(key, write.source, replaces=has_visual, inserts=inserts)

    def _bulk(self, lines: Sequence[str]) -> list[Json]:
        """Send one bulk, and return the result of each action."""
        if not lines:
            return []
        with self._index.errors():
            answer = self._client.bulk(
                body="".join(lines), index=self._index.name, params={"filter_path": _RESULTS}
            )
        results = [result for item in answer["items"] for result in item.values()]
        for result in results:
            if _error(result) in BLOCKED:
                raise EngineUnavailable(f"{self._cluster.address} refused: {reason(result)}")
        return results


def _by_turn(writes: Iterable[_Write]) -> tuple[list[_Write], list[_Write]]:
    """Return the first write to each document, and all later ones."""
    ids: set[str] = set()
    turns: tuple[list[_Write], list[_Write]] = [], []
    for write in writes:
        turns[write.document.product_id in ids].append(write)
        ids.add(write.document.product_id)
    return turns


def _again(writes: Sequence[_Write], refused: Collection[_Write]) -> list[_Write]:
    """Return the refused writes, and those after them to the same documents, in order."""
    ids, again = set(), []
    for write in writes:
        if write in refused:
            ids.add(write.document.product_id)
        if write.document.product_id in ids:
            again.append(write)
    return again


def _error(result: Json) -> str | None:
    """Return the type of an item's error, or None."""
    error = result.get("error")
    return error["type"] if isinstance(error, dict) else None


def _outcome(key: str, result: Json, *, creates: bool = False) -> WriteOutcome:
    if creates and result.get("result") == "noop":
        return WriteOutcome(key, "expected a document that the index's pipeline keeps; it drops it")
    if "error" not in result:
        return WriteOutcome(key)
    if result["status"] == 404:
        return WriteOutcome(key, f"expected a product that is there; {key!r} is not")
    status = result["status"]
    retryable = status in RETRYABLE or _error(result) in AWAY
    return WriteOutcome(key, reason(result), retryable, is_conflict=status == CONFLICT)
