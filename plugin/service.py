"""Search by image or by product: from the query to the answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TypeVar

from houndstooth.mappings.document import NO_PICTURE, VisualDocument
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import InvalidBox, InvalidInput, ProductNotFound
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Features
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import MAX_HITS, SearchAnswer, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.answered import search_answer
from houndstooth.plugin.asked_page import asked_page
from houndstooth.plugin.attribute_query import Step, attribute_query, ideal_terms, stored_features
from houndstooth.plugin.clock import Clock, StageObserver
from houndstooth.plugin.columns.query import RankingQuery
from houndstooth.plugin.config import Settings
from houndstooth.plugin.known_prices import KnownPrices
from houndstooth.plugin.merchandising.rule import RuleSet
from houndstooth.plugin.merchandising.ruled_page import RuledOrder
from houndstooth.plugin.merchandising.rules_file import RulesFile
from houndstooth.plugin.page import Page, PageFiller
from houndstooth.plugin.pictures import check_pictures, naming
from houndstooth.plugin.source_choice import SourceChoice

T = TypeVar("T")


class VisualSearch:
    """Searches by photo or by product; threads may share it as far as extractor and engine.

    Args:
        extractor, engine, taxonomy: Its parts.
        settings: The settings; None = the defaults.
        observer: Called for each part of a stage of a search; None = nobody is told.

    Attributes:
        columns: The columns of the extractor's model; None = the engine ranks.
        prices: Whether products have prices.
        rules: The merchandising rules.
    """

    def __init__(
        self,
        extractor: Extractor,
        engine: Engine,
        taxonomy: Taxonomy,
        settings: Settings | None = None,
        observer: StageObserver | None = None,
    ) -> None:
        self.extractor = extractor
        self.engine = engine
        self.taxonomy = taxonomy
        self.settings = settings or Settings()
        self._observer = observer
        # More photos at a time than cores take longer for each, and are not done sooner.
        self._computing = ThreadPoolExecutor(os.cpu_count() or 1, "photos")
        self._items = ThreadPoolExecutor(os.cpu_count() or 1, "items")
        self.sources = SourceChoice(extractor, engine, self.settings)
        self.columns = self.sources.columns
        self.prices = KnownPrices(engine, extractor.model)
        self.rules = RulesFile(self.settings.rules, taxonomy)

    def search(
        self, image: bytes, request: SearchRequest, further: Sequence[bytes] = ()
    ) -> SearchAnswer:
        """Find products that look like the item in an image file, or in several pictures of it.

        Args:
            image: The image file.
            request: The options.
            further: Further pictures of the same item, such as its back.

        Raises:
            InvalidImage: The data is not an image or exceeds the size limits.
            InvalidInput: The request is not valid (UnknownTerm, InvalidFilter, …).
            EngineUnavailable: The engine cannot be reached.
        """
        self.check(request)
        pictures = [image, *further]
        check_pictures(pictures, request, self.settings.max_upload_bytes)
        clock = self.clock()
        features, preview = self.compute(partial(self.look, pictures, request, clock))
        return replace(self.answer(features, request, clock), preview=preview)

    def similar(self, product_id: str, request: SearchRequest) -> SearchAnswer:
        """Find products that look like an indexed product, without reading an image.

        The product is left out, and so are its variants if hits are collapsed.

        Raises:
            ProductNotFound: No product has that id, or its image was never indexed.
            InvalidInput: The request is not valid. A box is not allowed, as there is no image.
            EngineUnavailable: The engine cannot be reached.
        """
        self.check(request)
        if request.box:
            raise InvalidBox("expected no box: a product is compared as it was indexed")
        clock = self.clock()
        with clock.stage("fetch"):
            product, visual = self.indexed(product_id, request.category)
        features = stored_features(visual, request.category)
        return self.answer(features, request, clock, without=product)

    def indexed(
        self, product_id: str, category: str | None = None
    ) -> tuple[StoredProduct, VisualDocument]:
        """Fetch a product that can be compared with others, and its features.

        Args:
            product_id: Its id.
            category: A category that is to take the place of its own, or None.

        Raises:
            ProductNotFound: No product has that id, or its image was never indexed.
            EngineUnavailable: The engine cannot be reached.
        """
        product, ours = self.product(product_id), self.extractor
        visual = product.visual
        if visual is None or (visual.model == ours.model and visual.lengths != ours.lengths):
            raise ProductNotFound(f"product {product_id!r} has no indexed image to compare with")
        if NO_PICTURE in visual.attributes:
            raise ProductNotFound(f"product {product_id!r} has no picture that shows it")
        category = category or visual.category
        if category not in (*self.taxonomy.categories, UNKNOWN_CATEGORY):
            raise ProductNotFound(
                f"product {product_id!r} was indexed by another taxonomy, as "
                f"{category}: give the feed again"
            )
        return product, visual

    def product(self, product_id: str) -> StoredProduct:
        """Fetch one product from the index.

        Raises:
            ProductNotFound: No product has that id.
            EngineUnavailable: The engine cannot be reached.
        """
        for stored in self.engine.fetch([product_id]):
            return stored
        raise ProductNotFound(f"expected the id of an indexed product; got {product_id!r}")

    def compute(self, work: Callable[[], T]) -> T:
        """Do what networks take, when it is its turn among the photos of searches.

        It is done in the context of this thread, which an observer may look at.
        """
        return self._computing.submit(copy_context().run, work).result()

    def search_features(self, features: Features, request: SearchRequest) -> SearchAnswer:
        """Find products that look like an item whose features are known.

        Raises:
            InvalidInput: The request is not valid.
            EngineUnavailable: The engine cannot be reached.
        """
        self.check(request)
        return self.answer(features, request, self.clock())

    def answer_each(
        self,
        found: Sequence[Features],
        requests: Sequence[SearchRequest],
        clock: Clock,
        without: StoredProduct | None = None,
    ) -> list[SearchAnswer]:
        """Answer a request for each of some items, side by side where a server is asked."""
        clocks = [self.clock() for _ in found]
        each_item = zip(found, requests, clocks, strict=True)
        work = [partial(self.answer, *each, without=without) for each in each_item]
        if self.engine.embedded:
            answers = [each() for each in work]
        else:
            # What a server is asked for an item is bound by the patience of this thread.
            tasks = [self._items.submit(copy_context().run, each) for each in work]
            answers = [task.result() for task in tasks]
        for each in clocks:
            clock.add(each)
        return answers

    def clock(self) -> Clock:
        """Start the clock of a search."""
        return Clock(self._observer)

    def follow(self) -> None:
        """Keep the columns in step with a server, in the background, until ``close``."""
        if self.columns:
            self.columns.follow()

    def close(self) -> None:
        """End what ``follow`` began, and the threads; the engine stays open.

        Searches in hand are finished; a further one by photo raises RuntimeError.
        """
        self._computing.shutdown()
        self._items.shutdown()
        if self.columns:
            self.columns.close()

    def look(
        self,
        pictures: Sequence[bytes],
        request: SearchRequest,
        clock: Clock,
        kinds: Sequence[str] = (),
    ) -> tuple[Features, bytes | None]:
        """Extract the features of a picture, of one of some kinds; also the preview, if asked."""
        with clock.stage("decode"):
            pixels = []
            for place, picture in enumerate(pictures, start=1):
                with naming(place, len(pictures)):
                    pixels.append(self.extractor.decode(picture))
        with clock.stage("extract"):
            chosen = [request.category] if request.category else kinds or None
            if len(pixels) > 1:
                features = self.extractor.extract_together(pixels, request.category)
            else:
                [features] = self.extractor.extract(pixels, [chosen], [request.box])
        if request.category:  # whoever says what it is sees an item
            features = replace(features, shows_item=True)
        return features, self.extractor.preview(pixels[0]) if request.preview else None

    def answer(
        self,
        features: Features,
        request: SearchRequest,
        clock: Clock,
        without: StoredProduct | None = None,
    ) -> SearchAnswer:
        """Search with features, of an image or of a product; what shows no item has no hits.

        Args:
            features: The features.
            request: The options, which are checked already.
            clock: Measures the stages.
            without: A product to leave out, with its variants if hits are collapsed; None = none.
        """
        steps = attribute_query(
            features,
            request,
            self.taxonomy,
            without=without,
            variant_field=self.settings.variant_field,
        )
        query = self.ranking_query(features, request, steps)
        source = self.sources.source(features.model, query.lengths, clock)
        page = Page([], steps[-1][0], None)
        if features.shows_item:
            merges = request.merge != "none"
            filler = PageFiller(self.engine, source, query, steps, clock, merges)
            ideal = ideal_terms(steps[0][1], self.taxonomy)
            order = self.order(features, request)
            page = asked_page(filler, request, len(steps), ideal, order)
        return search_answer(features, page, source, clock)

    def ranking_query(
        self, features: Features, request: SearchRequest, steps: Sequence[Step]
    ) -> RankingQuery:
        """Return the query by which features are ranked, with the weights of a request."""
        weight = request.attribute_weight
        return RankingQuery(
            features.binary_code,
            features.colour_histogram,
            steps[0][1],
            request.appearance_weight,
            self.settings.attribute_weight if weight is None else weight,
            sold_out_last=request.sold_out == "last",
        )

    def order(self, features: Features, request: SearchRequest) -> RuledOrder:
        """Return the order by the merchandising rules that apply to a request."""
        rules = RuleSet()
        if request.rules:
            rules = self.rules.applying(features.category.term, self.settings.index)
        return RuledOrder(rules)

    def check(self, request: SearchRequest) -> None:
        """Check the options of a search without words. Raises InvalidInput."""
        if request.text:
            raise InvalidInput("expected no words here: ask TextSearch, for one item")
        if request.category is not None:
            self.taxonomy.check_category(request.category)
        for term in (*request.required, *request.excluded):
            self.taxonomy.check_attribute(term)
        if not 1 <= request.top <= MAX_HITS:
            raise InvalidInput(f"expected top from 1 to {MAX_HITS}; got {request.top}")
        for name in ("appearance_weight", "attribute_weight"):
            weight = getattr(request, name)
            if weight is not None and not 0 <= weight <= 1:
                raise InvalidInput(f"expected an {name} from 0 to 1; got {weight:g}")
