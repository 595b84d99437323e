"""What the seller says and what the recogniser sees, as one ``visual`` object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from mappings.document import VisualDocument
from mappings.features import Features, group_of
from mappings.product import Product
from mappings.seller_text import TextEvidence
from mappings.taxonomy import Taxonomy

ATTRIBUTE_CONFIDENCE = 0.5
"""A recognised term is kept from here on: more likely right than wrong."""

ALWAYS_KNOWN = frozenset({"colour", "gender"})
"""Groups in which every item has a value: there the likeliest is kept, however unsure."""


def visual_document(
    product: Product,
    evidence: TextEvidence,
    features: Features,
    taxonomy: Taxonomy,
    source_hash: str,
    now: datetime,
) -> VisualDocument:
    """The document of one product.

    Per attribute group of the category there is at most one term: the text's where it names one,
    else the best that the recogniser is sure enough of.

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
    said = {group: evidence.attributes[group] for group in groups if group in evidence.attributes}
    seen = dict(_recognised(features))
    terms = {group: seen[group] for group in groups if group in seen} | said
    from_text = [*said.values(), *([category] if evidence.categories == {category} else [])]
    return VisualDocument(
        product_id=product.product_id,
        category=category,
        great_category=great_category,
        attributes=tuple(sorted(terms.values())),
        from_text=tuple(sorted(from_text)),
        code=features.code,
        colour=features.colour,
        box=features.box,
        model=features.model,
        source_hash=source_hash,
        computed_at=now.isoformat(timespec="seconds"),
    )


def _recognised(features: Features) -> Iterator[tuple[str, str]]:
    thresholds: Mapping[str, float] = dict.fromkeys(ALWAYS_KNOWN, 0.0)
    for found in features.best_attributes():
        group = group_of(found.term)
        if found.confidence >= thresholds.get(group, ATTRIBUTE_CONFIDENCE):
            yield group, found.term
