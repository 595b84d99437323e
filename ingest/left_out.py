"""Take pictures that show no product off the products that have them, and give them back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from houndstooth.mappings.appearance_terms import appearance_terms
from houndstooth.mappings.document import (
    NO_ITEM_SEEN,
    NO_PICTURE,
    UNDER_MANY,
    VisualDocument,
)
from houndstooth.mappings.features import UNKNOWN_CATEGORY

_MARKS = NO_ITEM_SEEN, UNDER_MANY


def without_pictures(
    visual: VisualDocument, none: Collection[str], mark: str = NO_ITEM_SEEN
) -> VisualDocument:
    """Take pictures off a product; it keeps what the seller's text states.

    Without any picture left it has NO_PICTURE, and its features are those of its first one: they
    are there for form, as no search compares them.

    Args:
        visual: The product's object.
        none: Hashes of the pictures to take off; the same object is returned if it has none.
        mark: What is stored before the hashes of those that are taken off.
    """
    if not {*none} & {*visual.pictures}:
        return visual
    codes = (visual.binary_code, *visual.further_codes)
    colours = (visual.colour_histogram, *visual.further_colours)
    views = list(zip(visual.views, codes, colours, visual.pictures, strict=False))
    kept = [each for each in views if each[3] not in none and not each[3].startswith(_MARKS)]
    names = [mark + one if one in none else one for one in visual.pictures]
    if not kept:
        visual = replace(_as_stated(visual), appearance=())
        visual = replace(visual, attributes=tuple(sorted((*visual.attributes, NO_PICTURE))))
        first, *further = views[:1]
        pictures = names
    else:
        first, *further = kept
        if first is not views[0]:
            visual = _as_stated(visual)
        terms = (term for _, *one, _ in kept for term in appearance_terms(visual.category, *one))
        visual = replace(visual, appearance=tuple(dict.fromkeys(terms)))
        pictures = [picture for *_, picture in kept]
    marked = (mark,) if mark == UNDER_MANY else ()
    (view, code, colour, _), places = first, {each[0].place for each in kept}
    return replace(
        visual,
        binary_code=code,
        colour_histogram=colour,
        box=view.box,
        place=view.place,
        further=tuple(view for view, *_ in further),
        further_codes=tuple(code for _, code, *_ in further),
        further_colours=tuple(colour for *_, colour, _ in further),
        pictures=tuple(dict.fromkeys((*pictures, *names, *marked))),
        worn=tuple(item for item in visual.worn if item.place in places),
    )


def given_back(visual: VisualDocument) -> VisualDocument:
    """Let the next feed recognise a product again, with the pictures that were taken off."""
    pictures = (one.replace(UNDER_MANY, NO_ITEM_SEEN) for one in visual.pictures)
    return replace(
        visual,
        source_hash="",
        pictures=tuple(one for one in pictures if one != NO_ITEM_SEEN),
    )


def _as_stated(visual: VisualDocument) -> VisualDocument:
    """Leave what the seller's text states: the picture it was read from shows something else."""
    stated = set(visual.from_text)
    known = visual.category in stated
    return replace(
        visual,
        category=visual.category if known else UNKNOWN_CATEGORY,
        great_category=visual.great_category if known else UNKNOWN_CATEGORY,
        attributes=tuple(term for term in visual.attributes if term in stated),
    )
