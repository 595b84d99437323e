"""Follow a product from the feed to its features."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

from houndstooth.ingest.views import View, Wanted
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Features
from houndstooth.mappings.language_words import ENGLISH, words_digest
from houndstooth.mappings.product import Note, Product
from houndstooth.mappings.seller_text import TextEvidence
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import StoredState

LEFT_OUT = "image left out"
REPLACED = "next image used instead"
"""Kinds of notes on an image that cannot be used: a further one, or one before the first view."""

NO_ITEM = "kept out of results by looks"
"""Kind of notes on a product none of whose images shows an item."""

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

    A draft without ``evidence`` and ``error`` keeps its features: they are unchanged since the last
    ingest, or newer ones are stored.

    Attributes:
        product: The product.
        source_hash: Hash of its inputs.
        stored: What is stored of it, if anything.
        images: Places and bytes of its images that are not extracted yet.
        evidence: What the seller's text states, if the product is new or has changed.
        views: Places and features of its images.
        failures: Places of the images that cannot be used, and why.
        pictures: Hash of the image at each place.
    """

    product: Product
    source_hash: str = ""
    stored: StoredState | None = None
    images: tuple[tuple[int, bytes], ...] = ()
    evidence: TextEvidence | None = None
    views: tuple[View, ...] = ()
    failures: tuple[tuple[int, InvalidInput], ...] = ()
    pictures: Mapping[int, str] = field(default_factory=dict)

    @property
    def seen(self) -> tuple[View, ...]:
        """Return the views, those that show an item first."""
        return tuple(sorted(self.views, key=lambda view: not view[1].shows_item))

    @property
    def no_items(self) -> set[str]:
        """Return the hashes of the images that show no item."""
        return {self.pictures[place] for place, one in self.views if not one.shows_item}

    @property
    def error(self) -> InvalidInput | None:
        """Return why the product cannot be ingested: none of its images can be used."""
        return None if self.images or self.views else min(self.failures, key=itemgetter(0))[1]

    @property
    def notes(self) -> list[Note]:
        """Return what is to be said of the images, but for the product's error."""
        seen = [place for place, features in self.views if features.shows_item]
        first = seen[0] if seen else self.views[0][0] if self.views else 1
        bad = [(place, str(error)) for place, error in self.failures]
        none = [(place, "no item is seen in it") for place, _ in self.views if place not in seen]
        return (
            [
                Note(REPLACED if place < first else LEFT_OUT, f"image {place}: {why}")
                for place, why in sorted(bad + (none if seen else []))
            ]
            + [Note(NO_ITEM, f"image {place}: {why}") for place, why in ([] if seen else none)]
            + [
                Note(NOT_WHOLE, f"image {place}: {text}")
                for place, features in self.views
                for text in (features.notes if features.shows_item else ())
            ]
        )

    def wanted(self) -> Wanted:
        """Return what is to be extracted next. The feed's box belongs to the first image.

        What is beside the item is wanted until a view that shows one has some; see ``worn_items``.
        """
        place, data = self.images[0]
        categories = self.evidence.categories if self.evidence else frozenset()
        if self.views:
            first = self.seen[0][1]
            if first.shows_item:
                categories = frozenset({first.known_category()} - {UNKNOWN_CATEGORY})
        box = self.product.box if place == 1 else None
        beside = not any(view.shows_item and view.beside for _, view in self.views)
        return data, frozenset(categories) or None, box, beside

    def extracted(self, result: Features | InvalidInput) -> Draft:
        """Return the draft after the next of its images was extracted, or could not be."""
        (place, _), *images = self.images
        if isinstance(result, InvalidInput):
            failures = (*self.failures, (place, result))
            return replace(self, images=tuple(images), failures=failures)
        return replace(self, images=tuple(images), views=(*self.views, (place, result)))
