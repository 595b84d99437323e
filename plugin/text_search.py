"""Search in words, alone or beside a photo or a product.

Words are read as a seller's text is (``mappings.text_query``). What they say of the product becomes
options of the search; the rest is looked up in the shop's own fields, and both lists are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from houndstooth.mappings.errors import InvalidBox, InvalidInput
from houndstooth.mappings.extractor import TextEmbedder
from houndstooth.mappings.features import (
    UNKNOWN_CATEGORY,
    WHOLE_IMAGE,
    Features,
    ScoredTerm,
    WeightedCode,
)
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import FoundBy, SearchAnswer, SearchRequest
from houndstooth.mappings.text_query import TextQuery
from houndstooth.plugin.answered import search_answer
from houndstooth.plugin.attribute_query import (
    Step,
    attribute_query,
    ideal_terms,
    stored_features,
)
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.fusion import ListFiller
from houndstooth.plugin.page import Page
from houndstooth.plugin.pictures import check_pictures
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.steps_ranker import StepsRanker
from houndstooth.plugin.text_steps import (
    beside_picture,
    of_kinds,
    read_words,
    text_steps,
    without_guesses,
)


class TextSearch:
    """Searches in words, by photo and by product, by any of them together. Threads may share it.

    Args:
        search: The search by photo or product.
    """

    def __init__(self, search: VisualSearch) -> None:
        self._search = search

    def search(
        self,
        request: SearchRequest,
        pictures: Sequence[bytes] = (),
        product_id: str | None = None,
    ) -> SearchAnswer:
        """Find products by ``request.text``, by pictures of one item and by a product.

        Words beside a picture change what is looked for: "but red" keeps its looks and demands
        another colour. A product beside a photo is a second ranking by looks.

        Raises:
            InvalidInput: There is nothing to search with, or the request is not valid.
            InvalidImage: A picture is not an image or exceeds the size limits.
            ProductNotFound: No product has that id, or its image was never indexed.
            EngineUnavailable: The engine cannot be reached.
        """
        search, with_picture = self._search, bool(pictures or product_id is not None)
        if not request.text and not with_picture:
            raise InvalidInput("expected a photo, a product or q; got none of them")
        if request.text or (pictures and product_id is not None):
            search.check(replace(request, text=""))
        elif pictures:
            return search.search(pictures[0], request, pictures[1:])
        elif product_id is not None:
            return search.similar(product_id, request)
        words = TextQuery("")
        if request.text:
            words = read_words(search, request.text, beside_picture=with_picture)
        clock = search.clock()
        if not with_picture:
            return self._alone(request, words, clock)
        return self._beside(request, words, pictures, product_id, clock)

    def _alone(self, request: SearchRequest, words: TextQuery, clock: Clock) -> SearchAnswer:
        for name in ("box", "preview"):
            if getattr(request, name):
                raise InvalidBox(f"expected no {name} without a photo")
        features, request, steps = self._without_picture(request, words)
        main = _main_list(words)
        answer = self._answer(features, request, words, words.words, steps, main, None, clock)
        return replace(answer, box=None, box_source=None)

    def said(self, words: TextQuery) -> WeightedCode | None:
        """Embed words as a search by them alone does; None without a text tower."""
        texts = self._search.extractor.texts
        if not (texts and words.words):
            return None
        return self._embedded(words.words, texts, self._search.clock())

    def listed(
        self, request: SearchRequest, words: TextQuery, said: WeightedCode
    ) -> tuple[str, ...]:
        """List the products that a search by words alone joins to those of the named terms.

        They have a word in their own texts, or look as the words say, LISTED of each at most. As
        on a first page of ``request.top`` hits, they have all attributes that the words name where
        so many hits have them.
        """
        search, clock = self._search, self._search.clock()
        features, request, steps = self._without_picture(request, words)
        query = search.ranking_query(features, request, steps)
        source = search.sources.source(features.model, query.lengths, clock)
        if len(steps) > 1:
            merges = request.merge != "none"
            ranker = StepsRanker(search.engine, source, query, steps, clock, merges)
            steps = steps[: ranker.ranked(request.top).last_step + 1]
        filler = ListFiller(search.engine, source, query, steps, clock, None, request, False)
        filler.look_up(words.words)
        filler.look_as_said(said)
        return tuple(filler.listed)

    def _without_picture(
        self, request: SearchRequest, words: TextQuery
    ) -> tuple[Features, SearchRequest, list[Step]]:
        """Return the features, the request and the steps of a search by words alone."""
        search = self._search
        steps = text_steps(request, words, search)
        leaves = (request.category,) if request.category else words.categories
        terms = [term for terms in words.required.values() for term in terms]
        features = Features(
            categories=(ScoredTerm(leaves[0] if len(leaves) == 1 else UNKNOWN_CATEGORY, 1.0),),
            category_source="chosen" if request.category else "text",
            attributes=tuple(ScoredTerm(term, 1.0) for term in terms),
            box=WHOLE_IMAGE,
            box_source="whole",
            binary_code=np.zeros(search.extractor.lengths.code, np.uint8),
            colour_histogram=np.zeros(search.extractor.lengths.histogram, np.uint8),
            model=search.extractor.model,
        )
        # Nothing is known of the looks.
        return features, replace(request, attribute_weight=1.0), steps

    def _beside(
        self,
        request: SearchRequest,
        words: TextQuery,
        pictures: Sequence[bytes],
        product_id: str | None,
        clock: Clock,
    ) -> SearchAnswer:
        search = self._search
        request = beside_picture(request, words)
        product: StoredProduct | None = None
        other: Features | None = None
        kinds = words.categories if words.names_several_kinds else ()
        preview = None
        if product_id is not None:
            if request.box and not pictures:
                raise InvalidBox("expected no box: a product is compared as it was indexed")
            with clock.stage("fetch"):
                product, visual = search.indexed(product_id, request.category)
            leaves = words.categories
            own = request.category or visual.category
            chosen = own if not leaves or own in leaves else leaves[0]
            kinds = kinds or (() if chosen == own else leaves)
            features = stored_features(visual, chosen if chosen != visual.category else None)
        if pictures:
            check_pictures(pictures, request, search.settings.max_upload_bytes)
            look = partial(search.look, pictures, request, clock, words.categories)
            if product:
                other, kinds = features, words.categories if words.names_several_kinds else ()
            features, preview = search.compute(look)
        steps = attribute_query(
            features,
            request,
            search.taxonomy,
            without=product,
            variant_field=search.settings.variant_field,
        )
        if request.text:
            steps = without_guesses(steps)
        if len(kinds) > 1 and not request.category:
            steps = of_kinds(steps, kinds, search.taxonomy)
        answer = self._answer(features, request, words, words.rest, steps, "looks", other, clock)
        return replace(answer, preview=preview)

    def _embedded(self, text: str, texts: TextEmbedder, clock: Clock) -> WeightedCode:
        """Embed words, when it is their turn among the photos of searches."""

        def embed() -> WeightedCode:
            with clock.stage("extract"):
                return texts.code(text)

        return self._search.compute(embed)

    def _answer(
        self,
        features: Features,
        request: SearchRequest,
        words: TextQuery,
        looked_up: str,
        steps: list[Step],
        main: FoundBy | None,
        other: Features | None,
        clock: Clock,
    ) -> SearchAnswer:
        """Join the main ranking, that of another item's looks, and that by words."""
        search = self._search
        query = search.ranking_query(features, request, steps)
        source = search.sources.source(features.model, query.lengths, clock)
        page = Page([], steps[-1][0], None)
        if features.shows_item:
            names_kind = bool(words.categories or request.category)
            filler = ListFiller(
                search.engine, source, query, steps, clock, main, request, names_kind
            )
            if other is not None:
                filler.look_like(search.ranking_query(other, request, steps))
            if looked_up:
                filler.look_up(looked_up)
                texts = search.extractor.texts
                if texts and features.model == search.extractor.model:
                    filler.look_as_said(self._embedded(looked_up, texts, clock))
            ideal = ideal_terms(steps[0][1], search.taxonomy)
            page = filler.joined_page(ideal, search.order(features, request))
        answer = search_answer(features, page, source, clock)
        return replace(answer, understood=words if request.text else None)


def _main_list(words: TextQuery) -> FoundBy | None:
    """Name the ranking by what words name; None if they name nothing that the taxonomy has."""
    return "terms" if words.names_product or not words.rest else None
