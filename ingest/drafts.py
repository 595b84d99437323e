"""Turn a batch of products into documents, and write them with one outcome each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter

from houndstooth.ingest.images import LoadImage, is_url
from houndstooth.ingest.merge import category_from, stored_category, visual_document
from houndstooth.ingest.outcome import REFUSED, Outcome, Status
from houndstooth.ingest.views import View, Wanted, extract_images
from houndstooth.mappings.engine import Engine, IndexDocument
from houndstooth.mappings.errors import InvalidImage, InvalidInput
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Features
from houndstooth.mappings.language_words import ENGLISH, words_digest
from houndstooth.mappings.product import Note, Product
from houndstooth.mappings.seller_text import TextEvidence, read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

READERS = 8
"""Number of images of a batch that are fetched at the same time."""

LEFT_OUT = "image left out"
REPLACED = "next image used instead"
"""Kinds of notes on an image that cannot be used: a further one, or one before the first view."""

NOT_WHOLE = "image not as in its file"
"""Kind of notes on an image that was used, although its file is broken."""


def source_hash(product: Product, images: Sequence[tuple[int, bytes]], taxonomy: Taxonomy) -> str:
    """Compute the SHA-256, in hexadecimal, of all inputs of a ``visual`` object but the model.

    The words of other languages and of public categories count unless a product has nothing but an
    English title: its hash is then that of earlier releases.

    Args:
        product: The product.
        images: Places of its images among the product's, 1 = the first, and their bytes.
        taxonomy: The taxonomy.
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
    for place, data in images:
        if place > 1:
            digest.update(place.to_bytes(8, "big") + len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


@dataclass(frozen=True)
class Draft:
    """A product on its way to the engine.

    A draft without ``evidence`` and ``error`` is unchanged since the last ingest.

    Attributes:
        product: The product.
        source_hash: Hash of its inputs.
        images: Places and bytes of its images that are not extracted yet.
        evidence: What the seller's text states, if the product is new or has changed.
        views: Places and features of its images.
        failures: Places of the images that cannot be used, and why.
    """

    product: Product
    source_hash: str = ""
    images: tuple[tuple[int, bytes], ...] = ()
    evidence: TextEvidence | None = None
    views: tuple[View, ...] = ()
    failures: tuple[tuple[int, InvalidInput], ...] = ()

    @property
    def error(self) -> InvalidInput | None:
        """Return why the product cannot be ingested: none of its images can be used."""
        return None if self.images or self.views else min(self.failures, key=itemgetter(0))[1]

    @property
    def notes(self) -> list[Note]:
        """Return what is to be said of the images, but for the product's error."""
        first = self.views[0][0] if self.views else 1
        return [
            Note(REPLACED if place < first else LEFT_OUT, f"image {place}: {error}")
            for place, error in sorted(self.failures, key=itemgetter(0))
        ] + [
            Note(NOT_WHOLE, f"image {place}: {text}")
            for place, features in self.views
            for text in features.notes
        ]

    def wanted(self) -> Wanted:
        """Return what is to be extracted next. The feed's box belongs to the first image."""
        place, data = self.images[0]
        categories = self.evidence.categories if self.evidence else frozenset()
        if self.views:
            first = self.views[0][1].known_category()
            categories = frozenset({first} - {UNKNOWN_CATEGORY})
        return data, frozenset(categories) or None, self.product.box if place == 1 else None

    def extracted(self, result: Features | InvalidInput) -> Draft:
        """Return the draft after the next of its images was extracted, or could not be."""
        (place, _), *images = self.images
        if isinstance(result, InvalidInput):
            failures = (*self.failures, (place, result))
            return replace(self, images=tuple(images), failures=failures)
        return replace(self, images=tuple(images), views=(*self.views, (place, result)))


@dataclass(frozen=True)
class BatchSteps:
    """The steps of ingesting a batch. A product's error is kept with it and stops no other.

    Variants of a product, such as its sizes, often share images. Each image is read and extracted
    once per batch.

    Attributes:
        extractor, engine, taxonomy, load_image: What the steps use.
        views: Number of a product's images that are used, at most.
    """

    extractor: Extractor
    engine: Engine
    taxonomy: Taxonomy
    load_image: LoadImage
    views: int

    def read_all(self, products: Sequence[Product]) -> list[Draft]:
        """Read the images' bytes, URLs in parallel, and compute the hashes."""
        chosen = [self._chosen(product) for product in products]
        images = dict.fromkeys(image for some in chosen for image in some)
        if any(map(is_url, images)):
            with ThreadPoolExecutor(READERS, "image") as readers:
                files = dict(zip(images, readers.map(self._read, images), strict=True))
        else:
            files = {image: self._read(image) for image in images}
        return [
            self._draft(product, [(place, files[image]) for image, place in some.items()])
            for product, some in zip(products, chosen, strict=True)
        ]

    def _chosen(self, product: Product) -> dict[str, int]:
        """Return the images to use, each once, and their places."""
        places: dict[str, int] = {}
        for place, image in enumerate(product.images, start=1):
            places.setdefault(image, place)
        return dict(islice(places.items(), self.views))

    def _read(self, image: str) -> bytes | InvalidInput:
        try:
            return self.load_image(image)
        except InvalidInput as error:
            return error

    def _draft(self, product: Product, files: Sequence[tuple[int, bytes | InvalidInput]]) -> Draft:
        failures = tuple((place, one) for place, one in files if isinstance(one, InvalidInput))
        places: dict[bytes, int] = {}  # two names may stand for the same picture
        for place, data in files:
            if not isinstance(data, InvalidInput):
                places.setdefault(data, place)
        images = tuple((place, data) for data, place in places.items())
        digest = source_hash(product, images, self.taxonomy) if images else ""
        return Draft(product, digest, images, failures=failures)

    def find_changed(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Read the text of products that are new or have changed."""
        ids = [draft.product.product_id for draft in drafts if draft.error is None]
        stored = self.engine.source_hashes(ids, self.extractor.model) if ids else {}
        return [
            draft
            if draft.error is not None or stored.get(draft.product.product_id) == draft.source_hash
            else replace(draft, evidence=self._evidence(draft.product))
            for draft in drafts
        ]

    def _evidence(self, product: Product) -> TextEvidence:
        return read_seller_text(
            self.taxonomy,
            product.title,
            product.category_text,
            attributes=product.attributes,
            language=product.language,
        )

    def extract(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Extract the images of products that are new or have changed.

        One image of each product at a time is decoded, so that memory does not grow with their
        number. What the first one is recognised as guides the others.
        """
        drafts, known = list(drafts), dict[Wanted, Features | InvalidInput]()
        while any(draft.images and draft.evidence for draft in drafts):
            waiting = [draft.images and draft.evidence is not None for draft in drafts]
            wanted = [d.wanted() for d, waits in zip(drafts, waiting, strict=True) if waits]
            known |= extract_images(self.extractor, [one for one in wanted if one not in known])
            drafts = [
                draft.extracted(known[draft.wanted()]) if waits else draft
                for draft, waits in zip(drafts, waiting, strict=True)
            ]
        return drafts

    def document(self, draft: Draft) -> IndexDocument | InvalidInput:
        """Build the document to write; of an unchanged product only the facts."""
        product = draft.product
        if draft.error is not None:
            return draft.error
        facts, insert = product.facts or {}, product.facts is not None
        if draft.evidence is None:
            return IndexDocument(product.product_id, facts)
        try:
            visual = visual_document(
                product,
                draft.evidence,
                draft.views,
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
                status: Status = "written" if document.visual else "unchanged"
                notes = (*draft.product.notes, *draft.notes, *result.notes)
                outcomes.append(replace(_decided(draft), status=status, notes=notes))
            else:
                outcomes.append(
                    Outcome(product_id, "failed", result.error, REFUSED, retryable=result.retryable)
                )
        return outcomes


def _facts_without_image(product: Product) -> IndexDocument:
    facts = {
        name: value
        for name, value in (product.facts or {}).items()
        if name not in ("image", "images")
    }
    return IndexDocument(product.product_id, facts)


def _decided(draft: Draft) -> Outcome:
    """Return the outcome of a product that is in, with what decided its category, if it is new."""
    outcome = Outcome(draft.product.product_id, "unchanged")
    if draft.evidence is None:
        return outcome
    features = draft.views[0][1]
    decided = category_from(draft.evidence, features)
    category = stored_category(draft.evidence, features)
    return replace(outcome, category_from=decided, category=category)
