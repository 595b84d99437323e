"""Turn a batch of products into documents, and write them with one outcome each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from houndstooth.ingest.drafts import Draft, source_hash
from houndstooth.ingest.images import LoadImage, is_url
from houndstooth.ingest.left_out import without_pictures
from houndstooth.ingest.merge import category_from, stored_category, visual_document
from houndstooth.ingest.outcome import MEANWHILE, REFUSED, CategoryFrom, Outcome, Status
from houndstooth.ingest.views import RecentFeatures, Wanted
from houndstooth.mappings.document import picture_hash
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import InvalidImage, InvalidInput
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Features
from houndstooth.mappings.product import Fact, Product
from houndstooth.mappings.seller_text import TextEvidence, read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import FeatureKey, IndexDocument, WriteOutcome

READERS = 8
"""Number of images of a batch that are fetched at the same time."""


@dataclass(frozen=True)
class BatchSteps:
    """The steps of ingesting a batch. A product's error is kept with it and stops no other.

    Variants of a product, such as its sizes, often share images. Each image is read and extracted
    once per batch; ``recent`` knows those of the batches before.

    Attributes:
        extractor, engine, taxonomy, load_image: What the steps use.
        views: Number of a product's images that are used, at most.
        recent: The extractor with the features of the last images.
        as_of: Time of products that have none of their own; see Product.
    """

    extractor: Extractor
    engine: Engine
    taxonomy: Taxonomy
    load_image: LoadImage
    views: int
    recent: RecentFeatures
    as_of: int | None = None

    def ingest(self, products: Sequence[Product]) -> list[Outcome]:
        """Take products through all steps, and return the outcome of each."""
        drafts = self.extract(self.find_changed(self.read_all(products)))
        return self.write(drafts, [self.document(draft) for draft in drafts])

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
        pictures = {place: picture_hash(data) for data, place in places.items()}
        return Draft(product, digest, images=images, failures=failures, pictures=pictures)

    def find_changed(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Read what is stored, and the text of products that are new or have changed."""
        ids = [draft.product.product_id for draft in drafts]
        stored = self.engine.stored(ids) if ids else {}
        drafts = [replace(draft, stored=stored.get(draft.product.product_id)) for draft in drafts]
        return [
            draft
            if draft.error is not None or self._keeps_features(draft)
            else replace(draft, evidence=self._evidence(draft.product))
            for draft in drafts
        ]

    def _keeps_features(self, draft: Draft) -> bool:
        stored, as_of = draft.stored, self._as_of(draft.product)
        if stored is None:
            return False
        return stored.has_newer_features(as_of) or stored.features == self._key(draft)

    def _key(self, draft: Draft) -> FeatureKey:
        return FeatureKey(self.extractor.model, draft.source_hash, self.extractor.lengths)

    def _as_of(self, product: Product) -> int | None:
        return self.as_of if product.as_of is None else product.as_of

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
            known |= self.recent.extract([one for one in wanted if one not in known])
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
        document = self._document(draft, product.facts or {})
        if draft.evidence is None:
            return replace(document, keeps=self._key(draft))
        try:
            visual = visual_document(
                product,
                draft.evidence,
                draft.seen,
                self.taxonomy,
                draft.source_hash,
                datetime.now(UTC),
                draft.pictures,
            )
        except InvalidInput as error:
            return error
        visual = without_pictures(visual, draft.no_items)
        return replace(document, visual=visual, insert=product.facts is not None)

    def _document(self, draft: Draft, facts: Mapping[str, Fact]) -> IndexDocument:
        product_id, as_of = draft.product.product_id, self._as_of(draft.product)
        return IndexDocument(product_id, facts, as_of=as_of, stored=draft.stored)

    def write(
        self, drafts: Sequence[Draft], documents: Sequence[IndexDocument | InvalidInput]
    ) -> list[Outcome]:
        """Write the documents and return the outcome of each product.

        A product whose new image cannot be used fails. If it is in the index, it keeps its old
        image and features, and its other facts are still updated.
        """
        usable = [document for document in documents if isinstance(document, IndexDocument)]
        facts = [
            self._document(draft, _facts_without_image(draft.product))
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
                outcomes.append(_came_in(draft, document, result))
            else:
                why = MEANWHILE if result.is_conflict else REFUSED
                outcomes.append(
                    Outcome(product_id, "failed", result.error, why, retryable=result.retryable)
                )
        return outcomes


def _came_in(draft: Draft, document: IndexDocument, result: WriteOutcome) -> Outcome:
    if result.is_overtaken:
        return Outcome(document.product_id, "overtaken")
    status: Status = "updated" if result.is_changed else "unchanged"
    if document.visual is not None:
        status = "written"
    notes = (*draft.product.notes, *draft.notes, *result.notes)
    return replace(_decided(draft), status=status, notes=notes)


def _facts_without_image(product: Product) -> dict[str, Fact]:
    facts = product.facts or {}
    return {name: one for name, one in facts.items() if name not in ("image", "images")}


def _decided(draft: Draft) -> Outcome:
    """Return the outcome of a product that is in, with what decided its category, if it is new."""
    outcome = Outcome(draft.product.product_id, "unchanged")
    if draft.evidence is None:
        return outcome
    features = draft.seen[0][1]
    if not features.shows_item:
        [known] = draft.evidence.categories if len(draft.evidence.categories) == 1 else [""]
        decides: CategoryFrom = "text" if known else "neither"
        return replace(outcome, category_from=decides, category=known or UNKNOWN_CATEGORY)
    decided = category_from(draft.evidence, features)
    category = stored_category(draft.evidence, features)
    return replace(outcome, category_from=decided, category=category)
