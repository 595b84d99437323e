"""Merge the seller's text and the extracted features into one ``visual`` object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from houndstooth.ingest.outcome import CategoryFrom
from houndstooth.mappings.appearance_terms import appearance_terms
from houndstooth.mappings.document import View, VisualDocument
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Features
from houndstooth.mappings.product import Product
from houndstooth.mappings.seller_text import TextEvidence
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.worn_item import WornItem


def visual_document(
    product: Product,
    evidence: TextEvidence,
    views: Sequence[tuple[int, Features]],
    taxonomy: Taxonomy,
    source_hash: str,
    now: datetime,
    pictures: Mapping[int, str] | None = None,
) -> VisualDocument:
    """Merge text and features into the ``visual`` object of one product.

    Each attribute group of the category gets the terms that the text states, else those that the
    picture shows with a measured precision; see ``Features.sure_terms``.

    Args:
        product: The product.
        evidence: What the seller's text states.
        views: Places of the product's images, 1 = the first, and their features. Those of the
            first view are extracted within ``evidence.categories``, and say what the product is.
        taxonomy: Gives the category's attribute groups.
        source_hash: Hash of the inputs.
        now: Time of computation, with time zone.
        pictures: Hash of the image at each place.

    Raises:
        UnknownTerm: The category is not in the taxonomy.
    """
    (place, features), *further = views
    category = stored_category(evidence, features)
    great_category = taxonomy.great_category(category)
    sure = (scored.term for scored in features.sure_terms())
    said, seen = evidence.terms_before(sure, taxonomy.groups_of(category))
    from_text = [*said, *([category] if evidence.categories == {category} else [])]
    return VisualDocument(
        product_id=product.product_id,
        category=category,
        great_category=great_category,
        attributes=tuple(sorted([*said, *seen])),
        from_text=tuple(sorted(from_text)),
        binary_code=features.binary_code,
        colour_histogram=features.colour_histogram,
        box=features.box,
        model=features.model,
        source_hash=source_hash,
        computed_at=now.isoformat(timespec="seconds"),
        appearance=tuple(
            dict.fromkeys(
                term
                for _, view in views
                for term in appearance_terms(category, view.binary_code, view.colour_histogram)
            )
        ),
        pictures=tuple(pictures[place] for place, _ in views) if pictures else (),
        place=place,
        further=tuple(View(place, view.box) for place, view in further),
        further_codes=tuple(view.binary_code for _, view in further),
        further_colours=tuple(view.colour_histogram for _, view in further),
        worn=worn_items(views),
    )


def worn_items(views: Sequence[tuple[int, Features]]) -> tuple[WornItem, ...]:
    """Return what a product is shown with, in the first of its pictures that shows something."""
    shown = ((place, view.beside) for place, view in views if view.shows_item and view.beside)
    place, beside = next(shown, (1, ()))
    return tuple(
        WornItem(
            other.category.term,
            tuple(sorted(scored.term for scored in other.sure_terms())),
            place,
            other.box,
            other.binary_code.tobytes(),
            other.colour_histogram.tobytes(),
        )
        for other in beside
    )


def category_from(evidence: TextEvidence, features: Features) -> CategoryFrom:
    """Tell what decided the category.

    Args:
        evidence: What the seller's text states.
        features: Features extracted within ``evidence.categories``.
    """
    category = stored_category(evidence, features)
    if category == UNKNOWN_CATEGORY:
        return "neither"
    return "text" if evidence.categories == {category} else "picture"


def stored_category(evidence: TextEvidence, features: Features) -> str:
    """Return the category to store: ``UNKNOWN_CATEGORY`` if neither text nor picture tells.

    A product of a kind that the taxonomy lacks has none, whatever the picture looks like.
    """
    return UNKNOWN_CATEGORY if evidence.lacks_category else features.known_category()
