"""The query side, whole: an image or a product in, an answer out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from time import perf_counter

from houndstooth.mappings.engine import CandidateQuery, Candidates, Engine, HitKey, StoredProduct
from houndstooth.mappings.errors import InvalidBox, InvalidImage, InvalidInput, ProductNotFound
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import Features
from houndstooth.mappings.search import (
    MAX_CANDIDATES,
    MAX_HITS,
    Hit,
    Relaxed,
    SearchAnswer,
    SearchRequest,
)
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.attribute_query import (
    Step,
    attribute_query,
    best_score,
    ideal_terms,
    stored_features,
)
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines.fields import variant_group
from houndstooth.plugin.rerank import rerank

SPARE_HITS = 8
"""Ranked beyond the page, to stand in for products deleted since the candidates were found."""


class VisualSearch:
    """Search by photo or by product. Safe for several threads if extractor and engine are."""

    def __init__(
        self,
        extractor: Extractor,
        engine: Engine,
        taxonomy: Taxonomy,
        settings: Settings | None = None,
    ) -> None:
        self.extractor = extractor
        self.engine = engine
        self.taxonomy = taxonomy
        self.settings = settings or Settings()

    def search(self, image: bytes, request: SearchRequest) -> SearchAnswer:
        """Products that look like the item in an image file.

        Raises:
            InvalidImage: not an image, or one beyond the bounds.
            InvalidInput: a request that cannot be served (UnknownTerm, InvalidFilter, …).
            EngineUnavailable: the engine cannot be reached.
        """
        self._check(request)
        if len(image) > self.settings.max_upload_bytes:
            raise InvalidImage(
                f"expected an image file of at most {self.settings.max_upload_bytes} bytes; "
                f"got {len(image)} or more"
            )
        clock = _Clock()
        with clock.stage("decode"):
            pixels = self.extractor.decode(image)
        with clock.stage("extract"):
            chosen = [request.category] if request.category else None
            [features] = self.extractor.extract([pixels], [chosen], [request.box])
        return self._answer(features, request, clock)

    def similar(self, product_id: str, request: SearchRequest) -> SearchAnswer:
        """Products that look like one of the index; no image is read.

        Itself is left out, and so are its variants where hits are collapsed.

        Raises:
            ProductNotFound: no product of that id, or its image was never indexed.
            InvalidInput: a request that cannot be served; a box is one, for want of an image.
            EngineUnavailable: the engine cannot be reached.
        """
        self._check(request)
        if request.box:
            raise InvalidBox("expected no box: a product is compared as it was indexed")
        clock = _Clock()
        with clock.stage("fetch"):
            product = self.product(product_id)
        if product.visual is None:
            raise ProductNotFound(f"product {product_id!r} has no indexed image to compare with")
        if (request.category or product.visual.category) not in self.taxonomy.categories:
            raise ProductNotFound(
                f"product {product_id!r} was indexed by another taxonomy, as "
                f"{product.visual.category}: give the feed again"
            )
        features = stored_features(product.visual, request.category)
        return self._answer(features, request, clock, without=product)

    def product(self, product_id: str) -> StoredProduct:
        """One product as the index has it.

        Raises:
            ProductNotFound: no product of that id.
            EngineUnavailable: the engine cannot be reached.
        """
        for stored in self.engine.fetch([product_id]):
            return stored
        raise ProductNotFound(f"expected the id of an indexed product; got {product_id!r}")

    def _answer(
        self,
        features: Features,
        request: SearchRequest,
        clock: _Clock,
        without: StoredProduct | None = None,
    ) -> SearchAnswer:
        """From features on, images and products go the same way."""
        field = self.settings.variant_field if request.collapse else None
        steps = attribute_query(
            features,
            request,
            self.taxonomy,
            without_id=without.product_id if without else None,
            without_variant_group=variant_group(without.facts.get(field))
            if without and field
            else None,
            variant_field=field,
        )
        with clock.stage("candidates"):
            relaxed, pools = self._candidates(steps, request.top)
        with clock.stage("rerank"):
            ranked = self._rank(features, request, pools)
        with clock.stage("fetch"):
            hits = self._hits(ranked, ideal_terms(steps[0][1], self.taxonomy))
        return SearchAnswer(
            categories=features.categories,
            category_source=features.category_source,
            attributes=features.best_attributes(),
            box=features.box,
            box_source=features.box_source,
            relaxed=relaxed,
            hits=tuple(hits[: request.top]),
            took_ms=clock.took_ms(),
            model=features.model,
            items=features.items,
        )

    def _candidates(
        self, steps: Sequence[Step], top: int
    ) -> tuple[Relaxed, list[tuple[CandidateQuery, Candidates]]]:
        """The first step that fills the page, and what answered before it.

        A step that only asks for fewer attributes takes the place of the one before; one that
        leaves the category comes after it, so that what was asked for stays in front.
        """
        pools: list[tuple[CandidateQuery, Candidates]] = []
        for step in steps:
            relaxed, query = step
            if pools and query.category is not None:
                # Still within the category: all that the stricter step found is found again.
                pools.clear()
            pools.append((query, self._enough(query, top)))
            if pools[-1][1].hit_count >= top:
                break
        return relaxed, pools

    def _enough(self, query: CandidateQuery, top: int) -> Candidates:
        """Candidates that fill the page, where a product's variants crowd out others too."""
        limit = max(self.settings.candidates, top + SPARE_HITS)
        while True:
            found = self.engine.candidates(query, limit)
            if len(found) < limit or found.hit_count >= top or limit >= MAX_CANDIDATES:
                return found
            limit = min(4 * limit, MAX_CANDIDATES)

    def _rank(
        self,
        features: Features,
        request: SearchRequest,
        pools: Sequence[tuple[CandidateQuery, Candidates]],
    ) -> list[_Ranked]:
        """The hits to be, best first, pool after pool."""
        ranked: dict[HitKey, _Ranked] = {}
        for query, candidates in pools:
            ranking = rerank(
                features.binary_code,
                features.colour_histogram,
                candidates,
                best_score=best_score(query),
                appearance_weight=request.appearance_weight,
                attribute_weight=self.settings.attribute_weight,
                top=request.top + SPARE_HITS,
            )
            ids, keys = candidates.product_ids, candidates.hit_keys
            for row, score, appearance, colour, others in zip(
                ranking.rows.tolist(),
                ranking.scores.tolist(),
                ranking.appearance_distances.tolist(),
                ranking.colour_distances.tolist(),
                ranking.variants,
                strict=True,
            ):
                variants = tuple(ids[other] for other in others)
                found = _Ranked(ids[row], score, appearance, colour, variants)
                ranked.setdefault(keys[row], found)
        return list(islice(ranked.values(), request.top + SPARE_HITS))

    def _hits(self, ranked: Sequence[_Ranked], wanted: Sequence[str]) -> list[Hit]:
        """Facts of the ranked products; those deleted in the meantime are left out."""
        by_id = {found.product_id: found for found in ranked}
        hits = []
        for product in self.engine.fetch(list(by_id)):
            if product.visual is None:
                continue
            has = set(product.visual.attributes)
            hits.append(
                Hit(
                    matched=tuple(term for term in wanted if term in has),
                    product=product.facts,
                    visual=product.visual,
                    **asdict(by_id[product.product_id]),
                )
            )
        return hits

    def _check(self, request: SearchRequest) -> None:
        if request.category is not None:
            self.taxonomy.check_category(request.category)
        for term in (*request.required, *request.excluded):
            self.taxonomy.check_attribute(term)
        if not 1 <= request.top <= MAX_HITS:
            raise InvalidInput(f"expected top from 1 to {MAX_HITS}; got {request.top}")
        if not 0 <= request.appearance_weight <= 1:
            raise InvalidInput(
                f"expected an appearance_weight from 0 to 1; got {request.appearance_weight:g}"
            )


@dataclass(frozen=True)
class _Ranked:
    """A Hit without its facts."""

    product_id: str
    score: float
    appearance_distance: float
    colour_distance: float
    variants: tuple[str, ...]


class _Clock:
    """Milliseconds by stage of one search; a stage that did not run took none."""

    def __init__(self) -> None:
        self._started = perf_counter()
        self._took = dict.fromkeys(("decode", "extract", "candidates", "rerank", "fetch"), 0.0)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = perf_counter()
        yield
        self._took[name] += 1000 * (perf_counter() - started)

    def took_ms(self) -> dict[str, float]:
        return {**self._took, "total": 1000 * (perf_counter() - self._started)}
