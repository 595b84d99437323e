"""Search by image or by product: from the query to the answer."""

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
"""Hits ranked beyond the page, to replace products that are deleted during the search."""


class VisualSearch:
    """Searches by photo or by product.

    Threads may share it if they may share the extractor and the engine.
    """

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
        """Find products that look like the item in an image file.

        Raises:
            InvalidImage: The data is not an image or exceeds the size limits.
            InvalidInput: The request is not valid (UnknownTerm, InvalidFilter, …).
            EngineUnavailable: The engine cannot be reached.
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
        """Find products that look like an indexed product, without reading an image.

        The product is left out, and so are its variants if hits are collapsed.

        Raises:
            ProductNotFound: No product has that id, or its image was never indexed.
            InvalidInput: The request is not valid. A box is not allowed, as there is no image.
            EngineUnavailable: The engine cannot be reached.
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
        """Fetch one product from the index.

        Raises:
            ProductNotFound: No product has that id.
            EngineUnavailable: The engine cannot be reached.
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
        """Search with features, of an image or of a product."""
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
            relaxed, pools = self._candidate_pools(steps, request.top)
        with clock.stage("rerank"):
            ranked = self._rank(features, request, pools)
        with clock.stage("fetch"):
            hits = self._fetch_hits(ranked, ideal_terms(steps[0][1], self.taxonomy))
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

    def _candidate_pools(
        self, steps: Sequence[Step], top: int
    ) -> tuple[Relaxed, list[tuple[CandidateQuery, Candidates]]]:
        """Run the steps until one fills the page; return its name and the candidates by step.

        A step with the same category and fewer attributes replaces the step before it. A step
        without the category is added after it, so that products of the category stay in front.
        """
        pools: list[tuple[CandidateQuery, Candidates]] = []
        for step in steps:
            relaxed, query = step
            if pools and query.category is not None:
                # Still within the category: this step finds all that the stricter step found.
                pools.clear()
            pools.append((query, self._fetch_candidates(query, top)))
            if pools[-1][1].hit_count >= top:
                break
        return relaxed, pools

    def _fetch_candidates(self, query: CandidateQuery, top: int) -> Candidates:
        """Fetch candidates; fetch more if the variants of few products leave too few hits."""
        limit = max(self.settings.candidates, top + SPARE_HITS)
        while True:
            candidates = self.engine.candidates(query, limit)
            enough = candidates.hit_count >= top
            if len(candidates) < limit or enough or limit >= MAX_CANDIDATES:
                return candidates
            limit = min(4 * limit, MAX_CANDIDATES)

    def _rank(
        self,
        features: Features,
        request: SearchRequest,
        pools: Sequence[tuple[CandidateQuery, Candidates]],
    ) -> list[_Ranked]:
        """Rerank each pool, best first, and join them in the order of the steps."""
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
                hit = _Ranked(ids[row], score, appearance, colour, variants)
                ranked.setdefault(keys[row], hit)
        return list(islice(ranked.values(), request.top + SPARE_HITS))

    def _fetch_hits(self, ranked: Sequence[_Ranked], ideal: Sequence[str]) -> list[Hit]:
        """Fetch the ranked products; those deleted in the meantime are left out."""
        by_id = {hit.product_id: hit for hit in ranked}
        hits = []
        for product in self.engine.fetch(list(by_id)):
            if product.visual is None:
                continue
            attributes = set(product.visual.attributes)
            hits.append(
                Hit(
                    matched=tuple(term for term in ideal if term in attributes),
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
    """A hit before its document is fetched."""

    product_id: str
    score: float
    appearance_distance: float
    colour_distance: float
    variants: tuple[str, ...]


class _Clock:
    """Measures the milliseconds of each stage of a search; a stage that did not run has 0."""

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
