"""Write bulks of documents to an index of a cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from houndstooth.mappings.shop_index import SourceDocument
from houndstooth.mappings.writes import IndexDocument, WriteOutcome
from houndstooth.plugin.engines.cluster import actions
from houndstooth.plugin.engines.cluster.bulk import CONFLICT, BulkSender, error_type
from houndstooth.plugin.engines.cluster.client import AWAY, PASSING, Cluster, Json
from houndstooth.plugin.engines.cluster.delete import MAX_TURNS, ClusterDeleter
from houndstooth.plugin.engines.cluster.deleted import DeletedDocuments
from houndstooth.plugin.engines.cluster.errors import reason
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.cluster.pending import PendingWrite, missing
from houndstooth.plugin.engines.cluster.read import ClusterReader
from houndstooth.plugin.engines.documents import refusal
from houndstooth.plugin.engines.newest import written_times

RETRYABLE = (CONFLICT, *PASSING)
"""HTTP statuses of a bulk item after which a retry may succeed."""

MAX_ATTEMPTS = 6
"""Times that a document is sent; before the last one, all of its facts are left out."""

FIRST_BULK = 20
"""Documents in the first bulk of many, which tells whether the others are likely to be new."""

IN_FLIGHT = 4
"""Bulks at the same time: a server writes to one shard with several threads."""


class ClusterWriter:
    """Writes to one index.

    A document that does not exist yet is created, which costs the server a third less than an
    update that inserts; one that exists is never overwritten but updated. Which of the two is tried
    first depends on what most documents of the last bulk were.

    Of a document with ``as_of`` it is read what is stored, unless that was read before. The update
    is guarded by the number of the write that was read; if there is a newer one, it is read again.

    Args:
        cluster: The cluster.
        index: The index.
        reader: Reads what is stored.
        deleted: Knows when documents were deleted.
        deleter: Deletes documents.
    """

    def __init__(
        self,
        cluster: Cluster,
        index: ClusterIndex,
        reader: ClusterReader,
        deleted: DeletedDocuments,
        deleter: ClusterDeleter,
    ) -> None:
        self._index, self._reader = index, reader
        self._deleted, self._deleter = deleted, deleter
        self._bulk = BulkSender(cluster, index)
        self._mostly_new = True

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Write partial updates, several bulks at the same time; see Engine.write.

        A document that is refused is written again without the fact that the engine names.

        Raises:
            EngineUnavailable: The cluster cannot be reached, or the index is not the one that
                was prepared.
        """
        fitter = self._index.prepared_fitter()
        writes = [PendingWrite(document) for document in documents]
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
        return [write.told() for write in writes]

    def rewrite(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        """Replace whole documents, each unless it was written since it was read; see ShopIndex."""
        return self._send_guarded(documents, map(actions.replacement, documents))

    def update(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        """Replace fields, each unless the document was written since it was read; see ShopIndex."""
        lines = (
            actions.guarded_update(
                one.product_id, actions.as_json(one.source), one.place, replaces=True
            )
            for one in documents
        )
        return self._send_guarded(documents, lines)

    def _send_guarded(
        self, documents: Sequence[SourceDocument], lines: Iterable[str]
    ) -> list[WriteOutcome]:
        results = [one for bulk in actions.in_bulks(lines, len) for one in self._bulk.send(bulk)]
        ids = [document.product_id for document in documents]
        return [_outcome(key, result) for key, result in zip(ids, results, strict=True)]

    def _send(self, writes: Sequence[PendingWrite]) -> dict[PendingWrite, str]:
        """Send documents, and return why those with facts were refused for what they hold.

        Bulks at the same time have no order, so later writes to a document follow one by one.
        """
        first, later = _by_turn(writes)
        bulks = self._bulks(first)
        refused = self._send_bulk(next(bulks, []))
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            waiting: deque[Future[dict[PendingWrite, str]]] = deque()
            for bulk in bulks:
                if len(waiting) == IN_FLIGHT:
                    refused |= waiting.popleft().result()
                waiting.append(pool.submit(self._send_bulk, bulk))
            for sent in waiting:
                refused |= sent.result()
        for bulk in self._bulks(later):
            refused |= self._send_in_turns(bulk)
        return refused

    def _bulks(self, writes: Sequence[PendingWrite]) -> Iterator[list[PendingWrite]]:
        """Encode documents, and yield them in bulks, of which the first is small."""

        def encoded() -> Iterator[PendingWrite]:
            for write in writes:
                self._encode(write)
                yield write

        return actions.in_bulks(encoded(), lambda write: len(write.source), FIRST_BULK)

    def _encode(self, write: PendingWrite) -> None:
        """Encode what is sent of a document, as the index takes it."""
        if write.source:
            return
        fields: Json = dict(write.sent.facts)
        stored: Json = written_times(write.sent)
        if write.sent.visual is not None:
            stored |= write.sent.visual.to_json()
        visual = self._index.visual
        if not self._index.has_objects:
            fields |= {f"{visual}.{name}": value for name, value in stored.items()}
        elif stored:
            fields[visual] = stored
        write.source = actions.as_json(fields)

    def _send_bulk(self, bulk: Sequence[PendingWrite]) -> dict[PendingWrite, str]:
        """Send one bulk, and note for the next one whether most of its documents were new."""
        # A pipeline would take what is partial for a new document.
        guess = self._mostly_new and not self._index.has_pipeline
        for write in bulk:
            write.creates = guess and write.may_be_new and not write.is_read
        refused = self._send_in_turns(bulk)
        if may_be_new := sum(write.may_be_new for write in bulk):
            self._mostly_new = 2 * sum(write.is_new for write in bulk) > may_be_new
        return refused

    def _send_in_turns(self, bulk: Sequence[PendingWrite]) -> dict[PendingWrite, str]:
        """Send one bulk; send again what was written by others or is not as it was guessed."""
        refused: dict[PendingWrite, str] = {}
        for _ in range(MAX_TURNS):
            bulk = self._left_to_send(bulk)
            results = self._bulk.send([self._action(write) for write in bulk])
            again = []
            for write, result in zip(bulk, results, strict=True):
                write.outcome = _outcome(write.document.product_id, result, creates=write.creates)
                write.is_new = result.get("result") == "created"
                write.is_noop = result.get("result") == "noop"
                if result["status"] == 400 and write.sent.facts:
                    refused[write] = reason(result)
                if write.is_outdated(error_type(result)):
                    again.append(write)
            # What was deleted while it was created must go again.
            self._take_deleted([one for one in bulk if one.is_new and one.is_guarded], delete=True)
            bulk = again
        return refused

    def _left_to_send(self, bulk: Sequence[PendingWrite]) -> list[PendingWrite]:
        """Read what is stored of guarded documents, and return those that are to be sent."""
        unread = [one for one in bulk if one.is_guarded and not (one.is_read or one.creates)]
        states = self._reader.states([write.document.product_id for write in unread])
        for write in unread:
            write.read(states.get(write.document.product_id))
        left = [write for write in bulk if not write.is_read or write.compare()]
        gone = self._take_deleted([one for one in bulk if one.is_guarded and one.stored is None])
        return [write for write in left if write not in gone]

    def _take_deleted(
        self, writes: Sequence[PendingWrite], delete: bool = False
    ) -> set[PendingWrite]:
        """Take out documents that are not stored and were deleted as of later than they show.

        Args:
            writes: The documents.
            delete: Delete those that were written nevertheless.

        Returns:
            Those that are taken out; their outcome is known.
        """
        times = self._deleted.times([write.document.product_id for write in writes])
        gone = {one for one in writes if one.is_deleted(times.get(one.document.product_id))}
        if delete:
            for write in gone:
                key = write.document.product_id
                self._deleter.delete_older([key], times[key])
        return gone

    def _action(self, write: PendingWrite) -> str:
        """Build the action that creates a document, or a partial update.

        In an update the fields in ``doc`` are replaced, all others stay. A new document is part of
        the update, unless an ingest pipeline waits for new documents: it would take the update for
        one.
        """
        self._encode(write)
        key, replaces = write.document.product_id, write.sent.visual is not None
        if write.creates:
            return actions.creation(key, write.source)
        if write.stored is not None:
            place = write.stored.seq_no, write.stored.primary_term
            return actions.guarded_update(key, write.source, place, replaces=replaces)
        inserts = write.may_be_new and not self._index.has_pipeline
        return actions.update(key, write.source, replaces=replaces, inserts=inserts)


def _by_turn(writes: Iterable[PendingWrite]) -> tuple[list[PendingWrite], list[PendingWrite]]:
    """Return the first write to each document, and all later ones."""
    ids: set[str] = set()
    turns: tuple[list[PendingWrite], list[PendingWrite]] = [], []
    for write in writes:
        turns[write.document.product_id in ids].append(write)
        ids.add(write.document.product_id)
    return turns


def _again(writes: Sequence[PendingWrite], refused: Collection[PendingWrite]) -> list[PendingWrite]:
    """Return the refused writes, and those after them to the same documents, in order."""
    ids, again = set(), []
    for write in writes:
        if write in refused:
            ids.add(write.document.product_id)
        if write.document.product_id in ids:
            again.append(write)
    return again


def _outcome(key: str, result: Json, *, creates: bool = False) -> WriteOutcome:
    if creates and result.get("result") == "noop":
        return WriteOutcome(key, "expected a document that the index's pipeline keeps; it drops it")
    if "error" not in result:
        return WriteOutcome(key)
    if result["status"] == 404:
        return missing(key)
    status = result["status"]
    retryable = status in RETRYABLE or error_type(result) in AWAY
    return WriteOutcome(key, reason(result), retryable, is_conflict=status == CONFLICT)
