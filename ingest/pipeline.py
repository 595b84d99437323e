"""The ingest path: products in, documents in the engine and an outcome per product out."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from itertools import islice
from typing import Any

from houndstooth.ingest.images import LoadImage, is_url
from houndstooth.ingest.merge import visual_document
from houndstooth.ingest.outcome import REFUSED, Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.engine import Engine, IndexDocument
from houndstooth.mappings.errors import EngineUnavailable, InvalidImage, InvalidInput
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import Features
from houndstooth.mappings.product import Product
from houndstooth.mappings.seller_text import TextEvidence, read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

BATCH = 8
"""Products a batch: the networks are no faster with more, and their memory grows with it."""

READERS = 8
"""Images of a batch that are fetched at a time."""

IN_FLIGHT = 3
"""Batches at a time, each in a thread: one is read and written while others are recognised."""


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
    steps = _Steps(extractor, engine, taxonomy, load_image)
    drafts = steps.decode_changed(steps.read_all(products))
    features = iter(steps.extract([draft for draft in drafts if draft.image is not None]))
    documents = [
        steps.document(draft, None if draft.image is None else next(features)) for draft in drafts
    ]
    return steps.write(drafts, documents)


def ingest_entries(
    entries: Sequence[FeedProduct | Outcome],
    *,
    extractor: Extractor,
    engine: Engine,
    taxonomy: Taxonomy,
    load_image: LoadImage,
) -> list[Outcome]:
    """``ingest_batch`` of a feed's products; entries that are outcomes already pass through.

    Raises:
        EngineUnavailable: the engine is away; the same call may be made again.
    """
    outcomes = ingest_batch(
        [entry.product for entry in entries if isinstance(entry, FeedProduct)],
        extractor=extractor,
        engine=engine,
        taxonomy=taxonomy,
        load_image=load_image,
    )
    return _in_feed_order(entries, outcomes)


def ingest_feed(
    entries: Iterable[FeedProduct | Outcome],
    *,
    extractor: Extractor,
    engine: Engine,
    taxonomy: Taxonomy,
    load_image: LoadImage,
    batch: int = BATCH,
) -> Iterator[list[Outcome]]:
    """``ingest_entries`` over a whole feed; yields each batch's outcomes, in order, once written.

    ``IN_FLIGHT`` batches are in memory at a time, each in a thread that uses extractor, engine
    and loader. To stop early, end ``entries``.

    Raises:
        EngineUnavailable: the engine is away; what was yielded is written, the batches in flight
            that still came through included.
    """

    ingest = partial(
        ingest_entries,
        extractor=extractor,
        engine=engine,
        taxonomy=taxonomy,
        load_image=load_image,
    )
    stream = iter(entries)
    chunks = iter(lambda: list(islice(stream, batch)), [])
    with ThreadPoolExecutor(IN_FLIGHT, "ingest") as pool:
        pending = deque(pool.submit(ingest, chunk) for chunk in islice(chunks, IN_FLIGHT))
        while pending:
            try:
                outcomes = pending.popleft().result()
            except EngineUnavailable:
                for other in pending:
                    with suppress(EngineUnavailable):
                        yield other.result()
                raise
            pending.extend(pool.submit(ingest, chunk) for chunk in islice(chunks, 1))
            yield outcomes


def threads_per_batch() -> int:
    """Threads for one network run, such that the batches in flight share the processors."""
    return max(1, (os.cpu_count() or 1) // (IN_FLIGHT - 1))


def source_hash(product: Product, image: bytes, taxonomy: Taxonomy) -> str:
    """SHA-256, in hexadecimal, of all that a ``visual`` object is made from besides the model."""
    box = ",".join(map(repr, product.box.as_list())) if product.box else ""
    digest = hashlib.sha256()
    for text in (taxonomy.feature_digest, product.title, product.category_text, box):
        encoded = text.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    digest.update(image)
    return digest.hexdigest()


@dataclass(frozen=True)
class _Draft:
    """A product on its way; one without ``error`` and without ``image`` is unchanged."""

    product: Product
    source_hash: str = ""
    data: bytes = b""
    image: Any = None
    evidence: TextEvidence | None = None
    error: InvalidInput | None = None

    @property
    def look(self) -> Hashable:
        """The same where image, guide and box are."""
        categories = self.evidence.categories if self.evidence else None
        return id(self.image), categories, self.product.box


@dataclass(frozen=True)
class _Steps:
    """The steps of a batch; what is wrong with one product goes along with it as its error.

    Variants of a product (sizes, say) often share their picture: it is read, decoded and recognised
    once a batch.
    """

    extractor: Extractor
    engine: Engine
    taxonomy: Taxonomy
    load_image: LoadImage

    def read_all(self, products: Sequence[Product]) -> list[_Draft]:
        """The images' bytes and the hashes; files at once, what lies on the web in parallel."""
        images = dict.fromkeys(product.image for product in products)
        if any(map(is_url, images)):
            with ThreadPoolExecutor(READERS, "image") as readers:
                read = dict(zip(images, readers.map(self._read, images), strict=True))
        else:
            read = {image: self._read(image) for image in images}
        return [self._draft(product, read[product.image]) for product in products]

    def _read(self, image: str) -> bytes | InvalidInput:
        try:
            return self.load_image(image)
        except InvalidInput as error:
            return error

    def _draft(self, product: Product, read: bytes | InvalidInput) -> _Draft:
        if isinstance(read, InvalidInput):
            return _Draft(product, error=read)
        return _Draft(product, source_hash(product, read, self.taxonomy), read)

    def decode_changed(self, drafts: Sequence[_Draft]) -> list[_Draft]:
        """Image and text evidence of what the engine does not have so already."""
        ids = [draft.product.product_id for draft in drafts if draft.error is None]
        known = self.engine.source_hashes(ids, self.extractor.model) if ids else {}
        decode = cache(self._decode)
        return [
            draft
            if draft.error is not None or known.get(draft.product.product_id) == draft.source_hash
            else self._changed(draft, decode(draft.data))
            for draft in drafts
        ]

    def _decode(self, data: bytes) -> Any | InvalidInput:
        try:
            return self.extractor.decode(data)
        except InvalidInput as error:
            return error

    def _changed(self, draft: _Draft, image: Any | InvalidInput) -> _Draft:
        if isinstance(image, InvalidInput):
            return replace(draft, data=b"", error=image)
        product = draft.product
        evidence = read_seller_text(self.taxonomy, product.title, product.category_text)
        return replace(draft, data=b"", image=image, evidence=evidence)

    def extract(self, drafts: Sequence[_Draft]) -> list[Features | InvalidInput]:
        """Features of each, one look for those that would be looked at in the same way."""
        looks = {draft.look: draft for draft in drafts}
        features = dict(zip(looks, self._extract([*looks.values()]), strict=True))
        return [features[draft.look] for draft in drafts]

    def _extract(self, drafts: Sequence[_Draft]) -> list[Features | InvalidInput]:
        """Where a batch is refused, of each alone, so that one costs one."""
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

    def document(
        self, draft: _Draft, features: Features | InvalidInput | None
    ) -> IndexDocument | InvalidInput:
        """What to write: everything, or the facts alone of what is unchanged."""
        product = draft.product
        if draft.error is not None:
            return draft.error
        if isinstance(features, InvalidInput):
            return features
        facts, insert = product.facts or {}, product.facts is not None
        if features is None or draft.evidence is None:
            return IndexDocument(product.product_id, facts)
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
        return IndexDocument(product.product_id, facts, visual, insert)

    def write(
        self, drafts: Sequence[_Draft], documents: Sequence[IndexDocument | InvalidInput]
    ) -> list[Outcome]:
        """Write what can be written, and say of each product what became of it.

        A product whose image cannot be used keeps the features and the image that it has, if it is
        there; its price is no less the new one.
        """
        usable = [document for document in documents if isinstance(document, IndexDocument)]
        facts = [
            _without_image(draft.product)
            for draft, document in zip(drafts, documents, strict=True)
            if isinstance(document, InvalidImage)
        ]
        results = iter(self.engine.write([*usable, *facts]) if usable or facts else [])
        outcomes = []
        for draft, document in zip(drafts, documents, strict=True):
            product_id = draft.product.product_id
            if isinstance(document, InvalidInput):
                outcomes.append(Outcome.failed(product_id, document))
            elif (result := next(results)).error is None:
                outcomes.append(Outcome(product_id, "written" if document.visual else "unchanged"))
            else:
                outcomes.append(
                    Outcome(product_id, "failed", result.error, REFUSED, retryable=result.retryable)
                )
        return outcomes


def _without_image(product: Product) -> IndexDocument:
    facts = {name: value for name, value in (product.facts or {}).items() if name != "image"}
    return IndexDocument(product.product_id, facts)


def _in_feed_order(
    chunk: Sequence[FeedProduct | Outcome], outcomes: Sequence[Outcome]
) -> list[Outcome]:
    remaining = iter(outcomes)
    return [
        replace(next(remaining), row=entry.row) if isinstance(entry, FeedProduct) else entry
        for entry in chunk
    ]
