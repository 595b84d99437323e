"""Build the attribute query: steps from strict to loose, run until enough products match."""

from __future__ import annotations

from dataclasses import replace

from houndstooth.mappings.document import NO_PICTURE, VisualDocument
from houndstooth.mappings.engine import CandidateQuery, ShopQuery
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Features, ScoredTerm, group_of
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import RELAXED_STEPS, Relaxed, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.fact_paths import variant_group_of

Step = tuple[Relaxed, CandidateQuery]

MIN_CONFIDENCE = 0.05
"""Terms with a lower confidence are not preferred."""

FULL_BOOST = 1000
"""Boost of a term with confidence 1 in a group of importance 1; engines add integers."""

BEST_TERM_BONUS = 0.1
"""Added to the confidence of each group's best term. Where two terms are almost equally likely,
hits then agree on one of them. Tuned on validation photos."""


def attribute_query(
    features: Features,
    request: SearchRequest,
    taxonomy: Taxonomy,
    *,
    without: StoredProduct | None = None,
    variant_field: str | None = None,
) -> list[Step]:
    """Build the steps of an attribute query, strictest first.

    Each step matches every document that the steps before it match:

    ==================  ==================================================================
    none                the category, and as many groups as have a sure best term
    fewer-attributes    the category
    great-category      the great category
    any-category        no category; only the request's own filters and terms
    ==================  ==================================================================

    Filters, required terms and excluded terms hold in every step, and every step boosts the same
    terms. In a group with a required term no other term is boosted. The last step is the one that
    the request's ``relax`` names. A step equal to the one before it is left out. An item of unknown
    category is searched for by its looks alone, among all products. No step matches products with
    NO_PICTURE.

    Args:
        features: Features of the query image or, from `stored_features`, of a product.
        request: The search options; their terms must exist in the taxonomy.
        taxonomy: Gives the category's groups and their importance.
        without: A product to leave out, with its variants if hits are collapsed; None = none.
        variant_field: Shop field that holds the variant group; None = every variant is a hit.

    Raises:
        UnknownTerm: The category of the features is not in the taxonomy.
    """
    category = features.category.term
    field = variant_field if request.collapse else None
    preferred = _preferred_terms(features, request, taxonomy.groups_of(category))
    loosest = CandidateQuery(
        model=features.model,
        preferred={
            group: _boosts(terms, taxonomy.groups[group].importance)
            for group, terms in preferred.items()
        },
        required=request.required,
        excluded=(*request.excluded, NO_PICTURE),
        filters=request.filters,
        queries=(request.query,) if request.query else (),
        without_id=without.product_id if without else None,
        without_variant_group=variant_group_of(without, field) if without and field else None,
        variant_field=field,
        hide_sold_out=request.sold_out == "hide",
    )
    loosest = with_post_filters(loosest, request)
    if category == UNKNOWN_CATEGORY:
        return [("none", loosest)]
    sure = sum(_is_sure(terms[0]) for terms in preferred.values())
    great_category = taxonomy.great_category(category)
    steps: list[Step] = [
        ("none", replace(loosest, category=category, minimum_groups=sure)),
        ("fewer-attributes", replace(loosest, category=category)),
        ("great-category", replace(loosest, great_category=great_category)),
        ("any-category", loosest),
    ]
    steps = steps[: RELAXED_STEPS.index(request.relax) + 1]
    return [step for i, step in enumerate(steps) if i == 0 or step[1] != steps[i - 1][1]]


def with_post_filters(query: CandidateQuery, request: SearchRequest) -> CandidateQuery:
    """Return a query whose matches also pass the request's post filters."""
    filters = tuple(one for one in request.post_filters if not isinstance(one, ShopQuery))
    queries = tuple(one for one in request.post_filters if isinstance(one, ShopQuery))
    return replace(query, post_filters=filters, queries=(*query.queries, *queries))


def names_kind(query: CandidateQuery) -> bool:
    """Tell whether a query names a category."""
    return query.category is not None or bool(query.categories)


def ideal_terms(query: CandidateQuery, taxonomy: Taxonomy) -> tuple[str, ...]:
    """List the terms of an ideal hit, in taxonomy order.

    They are the required terms and the best term of each group.
    """
    best = (max(boosts, key=boosts.__getitem__) for boosts in query.preferred.values())
    order = {group: place for place, group in enumerate(taxonomy.groups)}
    return tuple(sorted({*best, *query.required}, key=lambda term: (order[group_of(term)], term)))


def stored_features(document: VisualDocument, category: str | None = None) -> Features:
    """Rebuild a product's features from its document, every term with confidence 1.

    Args:
        document: The product's ``visual`` object.
        category: Category to search in instead of the product's own, or None.
    """
    in_text = document.category in document.from_text
    return Features(
        categories=(ScoredTerm(category or document.category, 1.0),),
        category_source="chosen" if category else "text" if in_text else "auto",
        attributes=tuple(ScoredTerm(term, 1.0) for term in document.attributes),
        box=document.box,
        box_source="given",
        binary_code=document.binary_code,
        colour_histogram=document.colour_histogram,
        model=document.model,
    )


def _is_sure(scored: ScoredTerm) -> bool:
    """Tell whether a term is as sure as those that are stored: measured, or a product's own."""
    return scored.precision is not None or scored.confidence == 1


def _preferred_terms(
    features: Features, request: SearchRequest, groups: tuple[str, ...]
) -> dict[str, list[ScoredTerm]]:
    """Return the terms to boost by group, best first; groups without any are left out."""
    decided = {group_of(term) for term in request.required}
    preferred: dict[str, list[ScoredTerm]] = {g: [] for g in groups if g not in decided}
    for scored in features.attributes:
        group = group_of(scored.term)
        usable = scored.confidence >= MIN_CONFIDENCE and scored.term not in request.excluded
        if usable and group in preferred:
            preferred[group].append(scored)
    return {group: terms for group, terms in preferred.items() if terms}


def _boosts(terms: list[ScoredTerm], importance: float) -> dict[str, int]:
    """Return the boost of each term of a group; the first term is the most likely."""
    confidences = [terms[0].confidence + BEST_TERM_BONUS, *(t.confidence for t in terms[1:])]
    return {
        scored.term: max(1, round(FULL_BOOST * importance * confidence))
        for scored, confidence in zip(terms, confidences, strict=True)
    }
