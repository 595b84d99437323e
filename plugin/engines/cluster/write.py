"""Write bulks of documents to an OpenSearch index."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from opensearchpy import helpers

from houndstooth.mappings.engine import IndexDocument, WriteOutcome
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.product import Note
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.errors import reason
from houndstooth.plugin.engines.cluster.facts import FactFitter
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.documents import refusal

RETRYABLE = (409, 429, 503)
"""HTTP statuses of a bulk item after which a retry may succeed."""

BLOCKED = "cluster_block_exception"
"""Type of the error of every item while the index takes no writes, as when a disk is full."""

MISSING = "document_missing_exception"
"""Type of the error of an update of a document that is not there."""

MAX_ATTEMPTS = 6
"""Times that a document is sent; before the last one, all of its facts are left out."""


@dataclass(eq=False)
class _Write:
    """A document on its way into the index.

    Attributes:
        document: The document, without what was left out of it.
        notes: What was left out.
        creates: Whether the whole document is sent, because there is none to update.
        outcome: The result of the last attempt.
    """

    document: IndexDocument
    notes: list[Note] = field(default_factory=list)
    creates: bool = False
    outcome: WriteOutcome | None = None

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

    Args:
        cluster: The cluster.
        index: The index.
    """

    def __init__(self, cluster: Cluster, index: ClusterIndex) -> None:
        self._cluster, self._client, self._index = cluster, cluster.client, index

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Write a bulk of partial updates; see Engine.write.

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
            refused, missing = self._send(pending)
            if not (refused or missing) or attempt == MAX_ATTEMPTS - 1:
                break
            fitter = self._index.prepared_fitter()
            for write, why in refused.items():
                write.leave_out_refused(fitter, why, known=attempt < MAX_ATTEMPTS - 2)
            for write in missing:
                write.creates = True
            pending = _again(pending, {*refused, *missing})
        return [
            replace(write.outcome, notes=() if write.outcome.error else tuple(write.notes))
            for write in writes
            if write.outcome is not None
        ]

    def delete(self, product_ids: Collection[str]) -> int:
        """Delete documents and return how many existed.

        Raises:
            EngineUnavailable: The cluster cannot be reached or refuses.
        """
        actions = ({"_op_type": "delete", "_id": key} for key in sorted(set(product_ids)))
        statuses = [result["status"] for result in self._bulk(actions)]
        failed = [status for status in statuses if status not in (200, 404)]
        if failed:
            address = self._cluster.address
            raise EngineUnavailable(f"{address} refused {len(failed)} deletes: {failed[0]}")
        return statuses.count(200)

    def _send(self, writes: Sequence[_Write]) -> tuple[dict[_Write, str], Collection[_Write]]:
        """Send documents; return why those with facts were refused, and those to be created."""
        refused: dict[_Write, str] = {}
        missing: dict[str, _Write] = {}
        results = self._bulk(self._action(write) for write in writes)
        for write, result in zip(writes, results, strict=True):
            write.outcome = _outcome(write, result)
            if result["status"] == 400 and write.document.facts:
                refused[write] = reason(result)
            if write.document.insert and write.document.visual and _error(result) == MISSING:
                missing.setdefault(write.document.product_id, write)
        return refused, missing.values()

    def _action(self, write: _Write) -> Json:
        """Build a partial update: the fields in ``doc`` are replaced, all others stay.

        A new document is part of the update, unless an ingest pipeline waits for new documents: it
        would take the update for one.
        """
        document = write.document
        fields: Json = dict(document.facts)
        if document.visual is not None:
            visual, stored = self._index.visual, document.visual.to_json()
            if self._index.has_objects:
                fields[visual] = stored
            else:
                fields |= {f"{visual}.{name}": value for name, value in stored.items()}
        if write.creates:
            return {"_op_type": "create", "_id": document.product_id, "_source": fields}
        action = {
            "_op_type": "update",
            "_id": document.product_id,
            "retry_on_conflict": 3,
            "doc": fields,
        }
        if document.visual is not None:
            action["doc_as_upsert"] = document.insert and not self._index.has_pipeline
            action["detect_noop"] = False  # an equal stored object may not be indexed
        return action

    def _bulk(self, actions: Iterable[Json]) -> Iterator[Json]:
        with self._index.errors():
            results = helpers.streaming_bulk(
                self._client, iter(actions), index=self._index.name, raise_on_error=False
            )
            for _, result in results:
                (answer,) = result.values()
                if _error(answer) == BLOCKED:
                    raise EngineUnavailable(f"{self._cluster.address} refused: {reason(answer)}")
                yield answer


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


def _outcome(write: _Write, result: Json) -> WriteOutcome:
    key = write.document.product_id
    if write.creates and result.get("result") == "noop":
        return WriteOutcome(key, "expected a document that the index's pipeline keeps; it drops it")
    if "error" not in result:
        return WriteOutcome(key)
    if result["status"] == 404:
        return WriteOutcome(key, f"expected a product that is there; {key!r} is not")
    return WriteOutcome(key, reason(result), result["status"] in RETRYABLE)
