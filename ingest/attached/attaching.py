"""Add ``visual`` to every document of a shop's index, and keep up with what the shop writes.

Documents are read in passes, each of them what was written since the one before it: the first
reads all of them. Nothing but ``visual`` is written, by partial updates, so that whatever the shop
writes meanwhile stays. Where that is a title or an image, the next pass reads the document again
and recognises it as it is then. Our own writes come with the next pass as well; the journal knows
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from math import inf
from threading import Event
from time import monotonic
from typing import NamedTuple

from houndstooth.ingest.attached.journal import Journal
from houndstooth.ingest.attached.reader import DocumentReader
from houndstooth.ingest.drafts import source_hash
from houndstooth.ingest.outcome import REFUSED, Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.document import VisualDocument, visual_of
from houndstooth.mappings.errors import InvalidDocument, InvalidInput
from houndstooth.mappings.product import Product
from houndstooth.mappings.rows import Checkpoint, Lengths
from houndstooth.mappings.shop_index import Pages, ShopIndex, SourceDocument
from houndstooth.mappings.taxonomy import Taxonomy

PAUSE_SECONDS = 2.0
"""Time between two passes that find nothing new."""

RETRIES = 3
"""Times that a product is tried again whose failure may pass, by a run that does not follow."""

MAX_RETRY_SECONDS = 600.0
"""Longest time until such a product is tried again; it doubles each time, from PAUSE_SECONDS."""

RETRIED_AT_ONCE = 500
"""Most documents that are read anew in one request."""

DELETED = "deleted by the shop meanwhile"

Ingest = Callable[[Iterator[FeedProduct | Outcome]], Iterator[list[Outcome]]]
"""Function that writes products, and yields the outcomes of each batch in order."""


class Pace:
    """Lets at most some products a second pass.

    Args:
        rate: Products a second; None = as many as there are.
        stop: Ends all waiting once it is set.
    """

    def __init__(self, rate: float | None, stop: Event) -> None:
        self._seconds, self._stop = 1 / rate if rate else 0.0, stop
        self._next = monotonic()

    def wait(self) -> None:
        """Wait until the next product may pass."""
        now = monotonic()
        if self._next > now:
            self._stop.wait(self._next - now)
        self._next = max(self._next, now) + self._seconds


class _Version(NamedTuple):
    """A version of a document, by the number of its write, and its digest; see Journal."""

    number: int
    digest: str


@dataclass(frozen=True)
class _Later:
    """A document to try again, as its failure may pass.

    Attributes:
        version: The version that failed.
        outcome: The failure; it is told if it stays.
        tries: How often it has failed.
        due: When to try it again, in monotonic seconds.
    """

    version: _Version
    outcome: Outcome
    tries: int
    due: float


@dataclass
class Attaching:
    """One run over an index.

    Attributes:
        index: The index.
        reader: Reads its documents as products.
        journal: Remembers what was made of them.
        ingest: Writes products; see Ingest.
        model: Name of the networks.
        lengths: Lengths of the bytes that they make.
        taxonomy: The taxonomy.
        views: Number of a product's images that are used, at most.
        pace: How fast products may come.
        stop: Ends the run once it is set; batches in flight end whole.
    """

    index: ShopIndex
    reader: DocumentReader
    journal: Journal
    ingest: Ingest
    model: str
    lengths: Lengths
    taxonomy: Taxonomy
    views: int
    pace: Pace
    stop: Event
    _waiting: dict[str, _Version] = field(default_factory=dict)
    _failed: dict[str, int] = field(default_factory=dict)
    _later: dict[str, _Later] = field(default_factory=dict)
    _retries: float = RETRIES

    def run(self, follow: bool = False) -> Iterator[list[Outcome]]:
        """Attach, and yield the outcomes of each batch.

        A document that the shop changes meanwhile has an outcome each time. One that is found
        unchanged has one in the first pass alone. A failure that may pass, as of an image server,
        is tried again and told when it stays: with ``follow`` at the end.

        Args:
            follow: Go on when all is done, until ``stop`` is set.

        Raises:
            EngineUnavailable: The engine cannot be reached, or another index has taken the name.
                All outcomes that were yielded are written.
        """
        since: Checkpoint | None = None
        written = True
        self._retries = inf if follow else RETRIES
        while not self.stop.is_set():
            if written or not follow:
                self.index.refresh()
            checkpoint, pages = self.index.documents(self._fields(), since)
            written = False
            with closing(pages):
                for outcomes in self.ingest(self._entries(pages, is_first=since is None)):
                    written |= any(outcome.status == "written" for outcome in outcomes)
                    yield self._noted(outcomes)
            if since is not None and not written:
                if not follow and not self._later:
                    return
                self.stop.wait(PAUSE_SECONDS)
            since = checkpoint
        if self._later:
            yield [later.outcome for later in self._later.values()]

    def _fields(self) -> list[str]:
        return [*self.reader.fields, self.index.visual]

    def _entries(self, pages: Pages, is_first: bool) -> Iterator[FeedProduct | Outcome]:
        """Yield the products to ingest; one that is up to date is an outcome, once."""
        for documents in pages:
            known = self.journal.digests([document.product_id for document in documents])
            products = self.reader.read(documents)
            for document, product in zip(documents, products, strict=True):
                if self.stop.is_set():
                    return
                product_id, number = document.product_id, document.seq_no
                later = self._later.get(product_id)
                if number in (self._failed.get(product_id), later and later.version.number):
                    continue
                self._later.pop(product_id, None)
                if isinstance(product, InvalidInput):
                    self._failed[product_id] = number
                    yield Outcome.failed(product_id, product)
                    continue
                digest = self._digest(product)
                if known.get(product_id) == digest and self._has_visual(document):
                    if is_first:
                        yield Outcome(product_id, "unchanged")
                    continue
                self.pace.wait()
                self._waiting[product_id] = _Version(number, digest)
                yield FeedProduct(0, product)

        yield from self._due()

    def _due(self) -> Iterator[FeedProduct | Outcome]:
        """Yield the products to try again now, as they are now."""
        now = monotonic()
        due = [key for key, later in self._later.items() if later.due <= now]
        for start in range(0, len(due), RETRIED_AT_ONCE):
            keys = due[start : start + RETRIED_AT_ONCE]
            documents = [
                SourceDocument(one.product_id, one.facts, self._later[one.product_id].version[0], 0)
                for one in self.index.fetch(keys)
            ]
            for key in {*keys} - {one.product_id for one in documents}:
                del self._later[key]
                yield Outcome(key, "left_out", DELETED)
            for document, product in zip(documents, self.reader.read(documents), strict=True):
                if self.stop.is_set():
                    return
                if isinstance(product, InvalidInput):
                    del self._later[document.product_id]
                    yield Outcome.failed(document.product_id, product)
                    continue
                self.pace.wait()
                version = _Version(document.seq_no, self._digest(product))
                self._waiting[document.product_id] = version
                yield FeedProduct(0, product)

    def _digest(self, product: Product) -> str:
        """Compute what changes whenever a document is to be recognised again."""
        images = [(n, name.encode()) for n, name in enumerate(product.images[: self.views], 1)]
        return f"{self.model} {source_hash(product, images, self.taxonomy)}"

    def _has_visual(self, document: SourceDocument) -> bool:
        """Tell whether a document has ``visual`` of this model, neither damaged nor outdated."""
        stored = visual_of(document.source, self.index.visual)
        try:
            visual = VisualDocument.from_json(stored or {})
        except InvalidDocument:
            return False
        same = visual.model == self.model and visual.lengths == self.lengths
        return same and visual.source_hash != ""

    def _noted(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Note what became of a batch, and return it without the rows, which are none of a feed.

        What is tried again has no outcome yet.
        """
        done: dict[str, str] = {}
        for outcome in outcomes:
            if version := self._waiting.pop(outcome.product_id, None):
                before = self._later.pop(outcome.product_id, None)
                tries = before.tries + 1 if before else 1
                if outcome.status != "failed":
                    done[outcome.product_id] = version.digest
                elif outcome.retryable and tries <= self._retries:
                    seconds = min(PAUSE_SECONDS * 2.0 ** min(tries - 1, 30), MAX_RETRY_SECONDS)
                    later = _Later(
                        version, replace(outcome, row=None), tries, monotonic() + seconds
                    )
                    self._later[outcome.product_id] = later
                else:
                    self._failed[outcome.product_id] = version.number
        self.journal.note(done)
        outcomes = [one for one in outcomes if one.product_id not in self._later]
        gone = self._gone([o.product_id for o in outcomes if o.failure_type == REFUSED])
        return [
            Outcome(o.product_id, "left_out", DELETED)
            if o.product_id in gone
            else replace(o, row=None)
            for o in outcomes
        ]

    def _gone(self, product_ids: Sequence[str]) -> set[str]:
        """Return which of some documents are no longer there."""
        there = {one.product_id for one in self.index.fetch(product_ids)} if product_ids else set()
        return {*product_ids} - there
