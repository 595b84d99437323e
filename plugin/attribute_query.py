"""From what was recognised to what the engine is asked, step by step until enough match."""

from __future__ import annotations

from dataclasses import replace

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.features import Features, ScoredTerm, group_of
from houndstooth.mappings.search import Relaxed, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy

Step = tuple[Relaxed, CandidateQuery]

MIN_CONFIDENCE = 0.05
"""Terms less likely than this are not preferred at all."""

CONFIDENT = 0.8
"""A group whose best term is at least this likely is demanded in the first step."""

FULL_BOOST = 1000
"""Boost of a certain term in a group of importance 1; engines add whole numbers."""

LEAD = 0.1
"""Added to the confidence of each group's likeliest term: where two are nearly as likely, hits
agree on one rather than mix both; tuned on validation photos."""


def attribute_query(
    features: Features,
    request: SearchRequest,
    taxonomy: Taxonomy,
    *,
    without_id: str | None = None,
    without_variant_group: str | None = None,
    variant_field: str | None = None,
) -> list[Step]:
    """The queries to ask, strictest first; each matches all that the ones before it match.

    ==================  =========================================================================
    none                the category, and as many groups agreeing as were recognised confidently
    fewer-attributes    the category
    great-category      the great category
    any-category        whatever passes the request's own demands
    ==================  =========================================================================

    Filters, required and excluded terms hold in every step, and every step prefers the same
    terms. A group of which the shopper requires a term is decided by that alone. A step that
    would ask what the one before it asked is left out.

    Args:
        features: of the query's image or, by `stored_features`, of a product.
        request: its terms exist in the taxonomy.
        taxonomy: says which groups the category has.
        without_id, without_variant_group: a product, and a group of variants, that must not be found.
        variant_field: the field whose value variants share, None where each is a hit of its own.

    Raises:
        UnknownTerm: the features' category is not in the taxonomy.
    """
    category = features.category.term
    likely = _likely_terms(features, request, taxonomy.groups_of(category))
    loosest = CandidateQuery(
        model=features.model,
        preferred={
            group: _boosts(terms, taxonomy.groups[group].importance)
            for group, terms in likely.items()
        },
        required=request.required,
        excluded=request.excluded,
        filters=request.filters,
        without_id=without_id,
        without_variant_group=without_variant_group,
        variant_field=variant_field,
    )
    confident = sum(terms[0].confidence >= CONFIDENT for terms in likely.values())
    great_category = taxonomy.great_category(category)
    steps: list[Step] = [
        ("none", replace(loosest, category=category, minimum_groups=confident)),
        ("fewer-attributes", replace(loosest, category=category)),
        ("great-category", replace(loosest, great_category=great_category)),
        ("any-category", loosest),
    ]
    return [step for i, step in enumerate(steps) if i == 0 or step[1] != steps[i - 1][1]]


def best_score(query: CandidateQuery) -> int:
    """The score of a document that has the heaviest term of every preferred group."""
    return sum(max(boosts.values()) for boosts in query.preferred.values())


def ideal_terms(query: CandidateQuery, taxonomy: Taxonomy) -> tuple[str, ...]:
    """What an ideal hit has: the required terms and the best of each group, taxonomy order."""
    best = (max(boosts, key=boosts.__getitem__) for boosts in query.preferred.values())
    order = {group: place for place, group in enumerate(taxonomy.groups)}
    return tuple(sorted({*best, *query.required}, key=lambda term: (order[group_of(term)], term)))


def stored_features(document: VisualDocument, category: str | None = None) -> Features:
    """A product's features as if its image had just been recognised with certainty.

    Args:
        document: what is stored of the product.
        category: one to look in instead of the product's own, or None.
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


def _likely_terms(
    features: Features, request: SearchRequest, groups: tuple[str, ...]
) -> dict[str, list[ScoredTerm]]:
    """By group, in the category's order: what to prefer, best first, no group empty."""
    decided = {group_of(term) for term in request.required}
    likely: dict[str, list[ScoredTerm]] = {g: [] for g in groups if g not in decided}
    for found in features.attributes:
        group = group_of(found.term)
        usable = found.confidence >= MIN_CONFIDENCE and found.term not in request.excluded
        if usable and group in likely:
            likely[group].append(found)
    return {group: terms for group, terms in likely.items() if terms}


def _boosts(terms: list[ScoredTerm], importance: float) -> dict[str, int]:
    """The boost of each term of a group; the first is the likeliest."""
    confidences = [terms[0].confidence + LEAD, *(found.confidence for found in terms[1:])]
    return {
        found.term: max(1, round(FULL_BOOST * importance * confidence))
        for found, confidence in zip(terms, confidences, strict=True)
    }
