"""Search for the items of a look: of a photo, of a product's picture, or what goes with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import Features
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import LookAnswer, SearchRequest
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.outfits import Item, Outfits, item_of
from houndstooth.plugin.pictures import check_pictures
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.together import Together

FindItems = Callable[[StoredProduct, VisualDocument, Clock], tuple[list[Item], str]]
"""Function that lists the items of a product's look, and says why there are none if so."""

NOTHING_WORN = "nothing else was found in the product's picture"


class Looks:
    """Searches for whole looks. Threads may share it.

    Args:
        search: Searches for each item.
        together: What is bought and viewed together; None = there are no events.
    """

    def __init__(self, search: VisualSearch, together: Together | None = None) -> None:
        self._search = search
        self._outfits = Outfits(search, together or Together(()))

    def of_photo(self, image: bytes, request: SearchRequest) -> LookAnswer:
        """Find products for every item in an image file, each by its own box and category.

        Raises:
            InvalidImage: The data is not an image or exceeds the size limits.
            InvalidInput: The request is not valid, or is for one item: it has a category, a box or
                a cursor.
            EngineUnavailable: The engine cannot be reached.
        """
        self._check(request)
        check_pictures([image], request, self._search.settings.max_upload_bytes)
        clock = self._search.clock()
        look = partial(self._look, image, request, clock)
        found, preview = self._search.compute(look)
        asked = [replace(request, category=one.category.term, box=one.box) for one in found]
        answers = self._search.answer_each(found, asked, clock)
        return LookAnswer(tuple(answers), clock.took_ms(), found[0].model, preview=preview)

    def worn_with(self, product_id: str, request: SearchRequest) -> LookAnswer:
        """Find products for every other item in an indexed product's own picture.

        The features that were stored are used: no image is read.

        Raises:
            ProductNotFound: No product has that id, or its image was never indexed.
            InvalidInput: The request is not valid, or is for one item.
            EngineUnavailable: The engine cannot be reached.
        """
        return self._of_product(product_id, request, self._worn)

    def complete(self, product_id: str, request: SearchRequest) -> LookAnswer:
        """Find products that complete the look of an indexed product; see ``Outfits``.

        Raises:
            ProductNotFound: No product has that id, or its image was never indexed.
            InvalidInput: The request is not valid, or is for one item.
            EngineUnavailable: The engine cannot be reached.
        """
        return self._of_product(product_id, request, self._outfits.going_with)

    def _worn(
        self, product: StoredProduct, visual: VisualDocument, clock: Clock
    ) -> tuple[list[Item], str]:
        """List the other items in a product's picture, as FindItems says."""
        known = self._search.taxonomy.categories
        items = [
            item_of(worn, visual.model, "worn", product.product_id, product.facts)
            for worn in visual.worn
            if worn.lengths == visual.lengths and worn.category in known
        ]
        return items, NOTHING_WORN

    def _of_product(self, product_id: str, request: SearchRequest, find: FindItems) -> LookAnswer:
        """Find products for the items that belong to a product; the product itself is no hit.

        Their pages have no cursor: no other request searches with the features of these items.
        """
        self._check(request)
        clock = self._search.clock()
        with clock.stage("fetch"):
            product, visual = self._search.indexed(product_id)
        items, unknown = find(product, visual, clock)
        found = [features for features, _ in items]
        asked = [replace(request, category=one.category.term) for one in found]
        answers = self._search.answer_each(found, asked, clock, without=product)
        with_evidence = (
            replace(answer, evidence=evidence, next=None)
            for answer, (_, evidence) in zip(answers, items, strict=True)
        )
        return LookAnswer(
            tuple(with_evidence),
            clock.took_ms(),
            visual.model,
            unknown=None if items else unknown,
        )

    def _check(self, request: SearchRequest) -> None:
        self._search.check(request)
        for name in ("category", "box", "cursor"):
            if getattr(request, name):
                raise InvalidInput(f"expected no {name} where all items are asked for")

    def _look(
        self, image: bytes, request: SearchRequest, clock: Clock
    ) -> tuple[list[Features], bytes | None]:
        extractor = self._search.extractor
        with clock.stage("decode"):
            pixels = extractor.decode(image)
        with clock.stage("extract"):
            found = extractor.extract_items(pixels)
        return found, extractor.preview(pixels) if request.preview else None
