"""The ingest path: products in, documents in the engine and an outcome per product out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import compress, islice
from operator import not_
from typing import Any

from ingest.images import LoadImage
from ingest.merge import visual_document
from ingest.outcome import REFUSED, Outcome
from ingest.products import FeedProduct
from mappings.errors import InvalidInput
from mappings.features import Features
from mappings.product import Product
from mappings.search import Engine, Extractor, IndexDocument
from mappings.seller_text import TextEvidence, read_seller_text
from mappings.taxonomy import Taxonomy

BATCH = 32
"""Products a batch: the networks are no faster with more, and two batches are in memory."""

READERS = 2
"""Threads that read and decode the next batch."""


@dataclass(frozen=True)
class _Draft:
    """A product on its way; one without ``error`` and without ``image`` is unchanged."""

    product: Product
    source_hash: str = ""
    data: bytes = b""
    image: Any = None
    evidence: TextEvidence | None = None
    error: InvalidInput | None = None


@dataclass(frozen=True)
class _Pipeline:
    """The two halves of the path: ``prepare`` needs no networks, ``complete`` runs them."""

    extractor: Extractor
    engine: Engine
    taxonomy: Taxonomy
    load_image: LoadImage

    def prepare(
        self, products: Sequence[Product], each: Callable[..., Iterable[_Draft]] = map
    ) -> list[_Draft]:
        """Hash, skip what is unchanged, decode, and read the seller's text."""
        drafts = list(each(self._read, products))
        ids = [draft.product.product_id for draft in drafts if draft.error is None]
        known = self.engine.source_hashes(ids, self.extractor.model) if ids else {}
        unchanged = [known.get(d.product.product_id) == d.source_hash for d in drafts]
        decoded = iter(each(self._decode, compress(drafts, map(not_, unchanged))))
        return [
            replace(draft, data=b"") if same else next(decoded)
            for draft, same in zip(drafts, unchanged, strict=True)
        ]

    def complete(self, drafts: Sequence[_Draft]) -> list[Outcome]:
        """Extract, merge into documents, write."""
        features = iter(self._extract([draft for draft in drafts if draft.image is not None]))
        documents = [
            self._document(draft, None if draft.image is None else next(features))
            for draft in drafts
        ]
        usable = [document for document in documents if isinstance(document, IndexDocument)]
        written = iter(self.engine.write(usable) if usable else [])
        outcomes = []
        for draft, document in zip(drafts, documents, strict=True):
            product_id = draft.product.product_id
            if isinstance(document, InvalidInput):
                outcomes.append(Outcome.failed(product_id, document))
                continue
            result = next(written)
            if result.error is None:
                outcomes.append(Outcome(product_id, "written" if document.visual else "unchanged"))
            else:
                outcomes.append(
                    Outcome(product_id, "failed", result.error, REFUSED, retryable=result.retryable)
                )
        return outcomes

    def _read(self, product: Product) -> _Draft:
        try:
            data = self.load_image(product.image)
        except InvalidInput as error:
            return _Draft(product, error=error)
        return _Draft(product, source_hash(product, data, self.taxonomy), data)

    def _decode(self, draft: _Draft) -> _Draft:
        if draft.error is not None:
            return draft
        try:
            image = self.extractor.decode(draft.data)
        except InvalidInput as error:
            return replace(draft, data=b"", error=error)
        product = draft.product
        evidence = read_seller_text(self.taxonomy, product.title, product.category_text)
        return replace(draft, data=b"", image=image, evidence=evidence)

    def _extract(self, drafts: Sequence[_Draft]) -> list[Features | InvalidInput]:
        if not drafts:
            return []
        guides = [(d.evidence.categories if d.evidence else None) or None for d in drafts]
        try:
            return [
                *self.extractor.extract(
                    [draft.image for draft in drafts],
                    categories=guides,
                    boxes=[draft.product.box for draft in drafts],
                )
            ]
        except InvalidInput as error:
            if len(drafts) == 1:
                return [error]
            return [found for draft in drafts for found in self._extract([draft])]

    def _document(
        self, draft: _Draft, features: Features | InvalidInput | None
    ) -> IndexDocument | InvalidInput:
        product = draft.product
        if draft.error is not None:
            return draft.error
        if isinstance(features, InvalidInput):
            return features
        if features is None or draft.evidence is None:
            return IndexDocument(product.product_id, product.facts)
        try:
            visual = visual_document(
                product,
                draft.evidence,
                features,
                self.taxonomy,
                draft.source_hash,
                datetime.now(UTC),
            )
        except InvalidInput as error:
            return error
        return IndexDocument(product.product_id, product.facts, visual)


def source_hash(product: Product, image: bytes, taxonomy: Taxonomy) -> str:
    """SHA-256, in hexadecimal, of all that a ``visual`` object is made from besides the model."""
    box = ",".join(map(repr, product.box.as_list())) if product.box else ""
    digest = hashlib.sha256()
    for text in (taxonomy.version, product.title, product.category_text, box):
        encoded = text.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    digest.update(image)
    return digest.hexdigest()


def ingest_batch(
    products: Sequence[Product],
    *,
    extractor: Extractor,
    engine: Engine,
    taxonomy: Taxonomy,
    load_image: LoadImage,
) -> list[Outcome]:
    """Bring products of different ids into the engine; one outcome each, in order.

    Where text, image and box are what the stored features were made from, only the shop's facts
    are sent. Giving the same products again is harmless.

    Raises:
        EngineUnavailable: the engine is away; the same call may be made again.
    """
    pipeline = _Pipeline(extractor, engine, taxonomy, load_image)
    return pipeline.complete(pipeline.prepare(products))


def ingest_feed(
    entries: Iterable[FeedProduct | Outcome],
    *,
    extractor: Extractor,
    engine: Engine,
    taxonomy: Taxonomy,
    load_image: LoadImage,
    batch: int = BATCH,
) -> Generator[list[Outcome]]:
    """``ingest_batch`` over a whole feed, in order; yields each batch's outcomes once written.

    While the networks run on one batch, threads read and decode the next; no more than these two
    are in memory. ``entries`` that are outcomes already (rows that are no products) pass through.

    Raises:
        EngineUnavailable: the engine is away; what was yielded is written.
    """
    pipeline = _Pipeline(extractor, engine, taxonomy, load_image)
    stream = iter(entries)
    with (
        ThreadPoolExecutor(READERS, "read") as readers,
        ThreadPoolExecutor(1, "prepare") as ahead,
    ):

        def prepare_next() -> tuple[list[FeedProduct | Outcome], Future[list[_Draft]]]:
            chunk = list(islice(stream, batch))
            products = [entry.product for entry in chunk if isinstance(entry, FeedProduct)]
            return chunk, ahead.submit(pipeline.prepare, products, readers.map)

        chunk, drafts = prepare_next()
        while chunk:
            prepared = drafts.result()
            following = prepare_next()
            yield _in_feed_order(chunk, pipeline.complete(prepared))
            chunk, drafts = following


def _in_feed_order(
    chunk: Sequence[FeedProduct | Outcome], outcomes: Sequence[Outcome]
) -> list[Outcome]:
    remaining = iter(outcomes)
    return [
        replace(next(remaining), row=entry.row) if isinstance(entry, FeedProduct) else entry
        for entry in chunk
    ]
