"""Write bulks of documents to an OpenSearch index."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from houndstooth.mappings.engine import IndexDocument, WriteOutcome
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.product import Note
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.errors import reason
from houndstooth.plugin.engines.cluster.facts import FactFitter
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.documents import refusal

CONFLICT = 409
"""HTTP status of a bulk item that was to be created and exists."""

RETRYABLE = (409, 429, 503)
"""HTTP statuses of a bulk item after which a retry may succeed."""

MAX_ATTEMPTS = 6
"""Times that a document is sent; before the last one, all of its facts are left out."""


BULK_DOCUMENTS = 500
"""Most documents in one bulk."""

BULK_CHARACTERS = 5_000_000
"""Length from which a bulk takes no further document. Some managed clusters take 10 MB."""

FIRST_BULK = 20
"""Documents in the first bulk of many, which tells whether the others are likely to be new."""

IN_FLIGHT = 4
"""Bulks at the same time: a server writes to one shard with several threads."""

_RESULTS = "items.*.status,items.*.result,items.*.error"
"""``filter_path`` of a bulk."""

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(eq=False)
class _Write:
    """A document on its way into the index.

    Attributes:
        document: The document, without what was left out of it.
        notes: What was left out.
        outcome: The result of the last attempt.
        source: The document's fields in JSON, as they are sent.
    """

    document: IndexDocument
    notes: list[Note] = field(default_factory=list)
    outcome: WriteOutcome | None = None
    source: str = ""

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

    def delete(self, product_ids: Collection[str]) -> int:
        """Delete documents and return how many existed.

        Raises:
            EngineUnavailable: The cluster cannot be reached or refuses.
        """
        actions = [f'{{"delete":{{"_id":{_json(key)}}}}}\n' for key in sorted(set(product_ids))]
        bulks = (actions[n : n + BULK_DOCUMENTS] for n in range(0, len(actions), BULK_DOCUMENTS))
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
            refused |= self._update(bulk)
        return refused

    def _bulks(self, writes: Sequence[_Write]) -> Iterator[list[_Write]]:
        """Encode documents, and yield them in bulks, of which the first is small."""
        bulk: list[_Write] = []
        most, size = FIRST_BULK, 0
        for write in writes:
            fields: Json = dict(write.document.facts)
            if write.document.visual is not None:
                fields[self._index.visual] = write.document.visual.to_json()
            write.source = _json(fields)
            bulk.append(write)
            size += len(write.source)
            if len(bulk) == most or size >= BULK_CHARACTERS:
                yield bulk
                bulk, most, size = [], BULK_DOCUMENTS, 0
        if bulk:
            yield bulk

    def _send_bulk(self, bulk: Sequence[_Write]) -> dict[_Write, str]:
        """Send one bulk; what was to be created and exists is updated by a second one."""
        created = {write for write in bulk if self._mostly_new and write.may_be_new}
        results = self._bulk(
            [_create_action(one) if one in created else _update_action(one) for one in bulk]
        )
        if may_be_new := sum(write.may_be_new for write in bulk):
            new = sum(result.get("result") == "created" for result in results)
            self._mostly_new = 2 * new > may_be_new
        refused = _note_outcomes(bulk, results)
        there = [
            write
            for write, result in zip(bulk, results, strict=True)
            if write in created and result["status"] == CONFLICT
        ]
        return refused | self._update(there)

    def _update(self, bulk: Sequence[_Write]) -> dict[_Write, str]:
        return _note_outcomes(bulk, self._bulk([_update_action(write) for write in bulk]))

    def _bulk(self, actions: Sequence[str]) -> list[Json]:
        """Send one bulk, and return the result of each action."""
        if not actions:
            return []
        with self._index.errors():
            answer = self._client.bulk(
                body="".join(actions), index=self._index.name, params={"filter_path": _RESULTS}
            )
        return [result for item in answer["items"] for result in item.values()]


def _create_action(write: _Write) -> str:
    """Build the action that inserts a document, unless it exists."""
    return f'{{"create":{{"_id":{_json(write.document.product_id)}}}}}\n{write.source}\n'


def _update_action(write: _Write) -> str:
    """Build a partial update: the fields in ``doc`` are replaced, all others stay."""
    options = ""
    if write.document.visual is not None:
        # An equal stored object may not be indexed.
        options = f',"doc_as_upsert":{_json(write.document.insert)},"detect_noop":false'
    return (
        f'{{"update":{{"_id":{_json(write.document.product_id)},"retry_on_conflict":3}}}}\n'
        f'{{"doc":{write.source}{options}}}\n'
    )


def _note_outcomes(bulk: Sequence[_Write], results: Sequence[Json]) -> dict[_Write, str]:
    """Note the outcomes, and return why writes with facts were refused for what they hold."""
    refused = {}
    for write, result in zip(bulk, results, strict=True):
        write.outcome = _outcome(write.document.product_id, result)
        if result["status"] == 400 and write.document.facts:
            refused[write] = reason(result)
    return refused


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


def _outcome(product_id: str, result: Json) -> WriteOutcome:
    if "error" not in result:
        return WriteOutcome(product_id)
    if result["status"] == 404:
        return WriteOutcome(product_id, f"expected a product that is there; {product_id!r} is not")
    return WriteOutcome(product_id, reason(result), result["status"] in RETRYABLE)
