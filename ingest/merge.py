"""Merges what the seller states with what is recognised into one ``visual`` object."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.features import Features, group_of
from houndstooth.mappings.product import Product
from houndstooth.mappings.seller_text import TextEvidence
from houndstooth.mappings.taxonomy import Taxonomy

ATTRIBUTE_CONFIDENCE = 0.5
"""A recognised term is stored from this probability on."""


def visual_document(
    product: Product,
    evidence: TextEvidence,
    features: Features,
    taxonomy: Taxonomy,
    source_hash: str,
    now: datetime,
) -> VisualDocument:
    """Merge text and features into the document of one product.

    For each attribute group of the category there is at most one term: the text's where it names
    one, else the best recognised one if it is sure enough.

    Args:
        features: extracted with ``evidence.categories`` as the guide, so that the category is
            within them already.
        now: with its time zone.

    Raises:
        UnknownTerm: the taxonomy lacks the category.
    """
    category = features.category.term
    great_category = taxonomy.great_category(category)
    groups = taxonomy.groups_of(category)
    stated = {group: evidence.attributes[group] for group in groups if group in evidence.attributes}
    recognised = dict(_sure_terms(features, taxonomy))
    terms = {group: recognised[group] for group in groups if group in recognised} | stated
    from_text = [*stated.values(), *([category] if evidence.categories == {category} else [])]
    return VisualDocument(
        product_id=product.product_id,
        category=category,
        great_category=great_category,
        attributes=tuple(sorted(terms.values())),
        from_text=tuple(sorted(from_text)),
        binary_code=features.binary_code,
        colour_histogram=features.colour_histogram,
        box=features.box,
        model=features.model,
        source_hash=source_hash,
        computed_at=now.isoformat(timespec="seconds"),
    )


def _sure_terms(features: Features, taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """The recognised terms to store, by group: the sure ones, and those of groups always known."""
    for found in features.best_attributes():
        group = group_of(found.term)
        if taxonomy.groups[group].always_known or found.confidence >= ATTRIBUTE_CONFIDENCE:
            yield group, found.term
