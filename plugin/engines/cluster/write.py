"""Write bulks of documents to an OpenSearch index."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from opensearchpy import helpers

from houndstooth.mappings.engine import IndexDocument, WriteOutcome
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.product import Note
from houndstooth.mappings.shop_index import SourceDocument
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.errors import reason
from houndstooth.plugin.engines.cluster.facts import FactFitter
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.documents import refusal

RETRYABLE = (409, 429, 503)
"""HTTP statuses of a bulk item after which a retry may succeed."""

MAX_ATTEMPTS = 6
"""Times that a document is sent; before the last one, all of its facts are left out."""


@dataclass(eq=False)
class _Write:
    """A document on its way into the index.

    Attributes:
        document: The document, without what was left out of it.
        notes: What was left out.
        outcome: The result of the last attempt.
    """

    document: IndexDocument
    notes: list[Note] = field(default_factory=list)
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
        actions = (
            {
                "_id": document.product_id,
                "if_seq_no": document.seq_no,
                "if_primary_term": document.primary_term,
                "pipeline": "_none",
                "_source": document.source,
            }
            for document in documents
        )
        return [*map(_outcome, self._bulk(actions))]

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

    def _send(self, writes: Sequence[_Write]) -> dict[_Write, str]:
        """Send documents, and return why those with facts were refused for what they hold."""
        refused = {}
        results = self._bulk(self._update_action(write.document) for write in writes)
        for write, result in zip(writes, results, strict=True):
            write.outcome = _outcome(result)
            if result["status"] == 400 and write.document.facts:
                refused[write] = reason(result)
        return refused

    def _update_action(self, document: IndexDocument) -> Json:
        """Build a partial update: the fields in ``doc`` are replaced, all others stay."""
        action: Json = {
            "_op_type": "update",
            "_id": document.product_id,
            "retry_on_conflict": 3,
            "doc": dict(document.facts),
        }
        if document.visual is not None:
            action["doc"][self._index.visual] = document.visual.to_json()
            action["doc_as_upsert"] = document.insert
            action["detect_noop"] = False  # an equal stored object may not be indexed
        return action

    def _bulk(self, actions: Iterable[Json]) -> Iterator[Json]:
        with self._index.errors():
            results = helpers.streaming_bulk(
                self._client, iter(actions), index=self._index.name, raise_on_error=False
            )
            for _, result in results:
                yield next(iter(result.values()))


def _again(writes: Sequence[_Write], refused: Collection[_Write]) -> list[_Write]:
    """Return the refused writes, and those after them to the same documents, in order."""
    ids, again = set(), []
    for write in writes:
        if write in refused:
            ids.add(write.document.product_id)
        if write.document.product_id in ids:
            again.append(write)
    return again


def _outcome(result: Json) -> WriteOutcome:
    if "error" not in result:
        return WriteOutcome(result["_id"])
    if result["status"] == 404:
        error = f"expected a product that is there; {result['_id']!r} is not"
        return WriteOutcome(result["_id"], error)
    return WriteOutcome(result["_id"], reason(result), result["status"] in RETRYABLE)
