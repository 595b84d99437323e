"""Turn a batch of products into documents, and write them with one outcome each."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from houndstooth.ingest.images import LoadImage, is_url
from houndstooth.ingest.merge import visual_document
from houndstooth.ingest.outcome import REFUSED, Outcome
from houndstooth.mappings.engine import Engine, IndexDocument
from houndstooth.mappings.errors import InvalidImage, InvalidInput
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import Features
from houndstooth.mappings.language_words import ENGLISH, words_digest
from houndstooth.mappings.product import Product
from houndstooth.mappings.seller_text import TextEvidence, read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

READERS = 8
"""Number of images of a batch that are fetched at the same time."""


def source_hash(product: Product, image: bytes, taxonomy: Taxonomy) -> str:
    """Compute the SHA-256, in hexadecimal, of all inputs of a ``visual`` object but the model.

    The words of other languages and of public categories count unless a product has nothing but an
    English title: its hash is then that of earlier releases.
    """
    box = ",".join(map(repr, product.box.as_list())) if product.box else ""
    texts = [taxonomy.feature_digest, product.title, product.category_text, box]
    if product.language != ENGLISH or product.category_text or product.attributes:
        stated = [text for item in sorted(product.attributes.items()) for text in item]
        texts += [words_digest(), product.language, *stated]
    digest = hashlib.sha256()
    for text in texts:
        encoded = text.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    digest.update(image)
    return digest.hexdigest()


@dataclass(frozen=True)
class Draft:
    """A product on its way to the engine.

    A draft with neither ``error`` nor ``image`` is unchanged since the last ingest.

    Attributes:
        product: The product.
        source_hash: Hash of its inputs.
        data: The bytes of its image, until they are decoded.
        image: The decoded image.
        evidence: What the seller's text states.
        error: Why the product cannot be ingested.
    """

    product: Product
    source_hash: str = ""
    data: bytes = b""
    image: Any = None
    evidence: TextEvidence | None = None
    error: InvalidInput | None = None

    @property
    def extraction_key(self) -> Hashable:
        """Key of the features: equal if image, categories and box are."""
        categories = self.evidence.categories if self.evidence else None
        return id(self.image), categories, self.product.box


@dataclass(frozen=True)
class BatchSteps:
    """The steps of ingesting a batch. A product's error is kept with it and stops no other.

    Variants of a product, such as its sizes, often share an image. Each image is read, decoded
    and extracted once per batch.
    """

    extractor: Extractor
    engine: Engine
    taxonomy: Taxonomy
    load_image: LoadImage

    def read_all(self, products: Sequence[Product]) -> list[Draft]:
        """Read the images' bytes, URLs in parallel, and compute the hashes."""
        images = dict.fromkeys(product.image for product in products)
        if any(map(is_url, images)):
            with ThreadPoolExecutor(READERS, "image") as readers:
                files = dict(zip(images, readers.map(self._read, images), strict=True))
        else:
            files = {image: self._read(image) for image in images}
        return [self._draft(product, files[product.image]) for product in products]

    def _read(self, image: str) -> bytes | InvalidInput:
        try:
            return self.load_image(image)
        except InvalidInput as error:
            return error

    def _draft(self, product: Product, data: bytes | InvalidInput) -> Draft:
        if isinstance(data, InvalidInput):
            return Draft(product, error=data)
        return Draft(product, source_hash(product, data, self.taxonomy), data)

    def decode_changed(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Decode the image and read the text of products that are new or have changed."""
        ids = [draft.product.product_id for draft in drafts if draft.error is None]
        stored = self.engine.source_hashes(ids, self.extractor.model) if ids else {}
        decode = cache(self._decode)
        return [
            draft
            if draft.error is not None or stored.get(draft.product.product_id) == draft.source_hash
            else self._decoded(draft, decode(draft.data))
            for draft in drafts
        ]

    def _decode(self, data: bytes) -> Any | InvalidInput:
        try:
            return self.extractor.decode(data)
        except InvalidInput as error:
            return error

    def _decoded(self, draft: Draft, image: Any | InvalidInput) -> Draft:
        if isinstance(image, InvalidInput):
            return replace(draft, data=b"", error=image)
        product = draft.product
        evidence = read_seller_text(
            self.taxonomy,
            product.title,
            product.category_text,
            attributes=product.attributes,
            language=product.language,
        )
        return replace(draft, data=b"", image=image, evidence=evidence)

    def extract(self, drafts: Sequence[Draft]) -> list[Features | InvalidInput]:
        """Extract each draft's features, once for drafts with equal keys."""
        distinct = {draft.extraction_key: draft for draft in drafts}
        features = dict(zip(distinct, self._extract([*distinct.values()]), strict=True))
        return [features[draft.extraction_key] for draft in drafts]

    def _extract(self, drafts: Sequence[Draft]) -> list[Features | InvalidInput]:
        """Extract a batch; if it is refused, extract each draft alone to find the bad one."""
        if not drafts:
            return []
        categories = [(d.evidence.categories if d.evidence else None) or None for d in drafts]
        try:
            return [
                *self.extractor.extract(
                    [draft.image for draft in drafts],
                    categories=categories,
                    boxes=[draft.product.box for draft in drafts],
                )
            ]
        except InvalidInput as error:
            if len(drafts) == 1:
                return [error]
            return [features for draft in drafts for features in self._extract([draft])]

    def document(
        self, draft: Draft, features: Features | InvalidInput | None
    ) -> IndexDocument | InvalidInput:
        """Build the document to write; of an unchanged product only the facts."""
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
        self, drafts: Sequence[Draft], documents: Sequence[IndexDocument | InvalidInput]
    ) -> list[Outcome]:
        """Write the documents and return the outcome of each product.

        A product whose new image cannot be used fails. If it is in the index, it keeps its old
        image and features, and its other facts are still updated.
        """
        usable = [document for document in documents if isinstance(document, IndexDocument)]
        facts = [
            _facts_without_image(draft.product)
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


def _facts_without_image(product: Product) -> IndexDocument:
    facts = {name: value for name, value in (product.facts or {}).items() if name != "image"}
    return IndexDocument(product.product_id, facts)
