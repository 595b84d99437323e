"""Tell what goes with a product: by shoppers' sessions, and by what pictures show together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from houndstooth.mappings.document import NO_PICTURE, View, VisualDocument
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Features, ScoredTerm, group_of
from houndstooth.mappings.product import Fact
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import MAX_HITS, Evidence, EvidenceSource, SearchRequest
from houndstooth.mappings.worn_item import WornItem
from houndstooth.plugin.attribute_query import stored_features
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.together import Kind, Together

MIN_SESSIONS = 2
"""Sessions that two products must share."""

MIN_PICTURES = 3
"""Pictures that must show an item of a category with such a product."""

MIN_SHARE = 0.1
"""Share of the pictures with several items that must show one of the category."""

MAX_PARTNERS = 50
"""Products of the same sessions that are looked up, those of the most sessions."""

NO_CATEGORY = "the product's category is not known, so nothing can be told of what goes with it"

Item = tuple[Features, Evidence]
"""What goes with a product, and what speaks for it."""

Outfit = tuple[str, Mapping[str, Fact], Sequence[WornItem]]
"""A product, its facts, and what it is shown with."""


class Outfits:
    """Finds what goes with products.

    Sessions in which a product was bought or viewed say it of that very product. Where there are
    none, pictures do: those of the products of its category that look most alike, its own among
    them. What many of them show beside the product goes with it, in the colour that is most often
    shown.

    Args:
        search: Finds the products that look alike.
        together: What is bought and viewed together.
    """

    def __init__(self, search: VisualSearch, together: Together) -> None:
        self._search, self._together = search, together

    def going_with(
        self, product: StoredProduct, visual: VisualDocument, clock: Clock
    ) -> tuple[list[Item], str]:
        """Find at most one item of each great category that goes with a product.

        Args:
            product: The product.
            visual: Its features.
            clock: Measures the stages of the search for products that look alike.

        Returns:
            The items, those with the surest evidence first, and why there are none if so.
        """
        if visual.category == UNKNOWN_CATEGORY:
            return [], NO_CATEGORY
        outfits = self._outfits(product, visual, clock)
        items: dict[str, Item] = {}
        for features, evidence in (
            *self._in_sessions(product, visual, "bought"),
            *self._in_sessions(product, visual, "viewed"),
            *_in_pictures(outfits, visual),
        ):
            category = features.category.term
            if category in self._search.taxonomy.categories and category != visual.category:
                great_category = self._search.taxonomy.great_category(category)
                items.setdefault(great_category, (features, evidence))
        return list(items.values()), (
            f"{len(outfits)} pictures of products that look like it show other items, at least "
            f"{MIN_PICTURES} must show the same kind; and no {MIN_SESSIONS} sessions tell of it"
        )

    def _in_sessions(
        self, product: StoredProduct, visual: VisualDocument, kind: Kind
    ) -> Iterator[Item]:
        """List what was bought or viewed in the same sessions, but for what is worn in its place.

        Two products of one great category are compared in a session as a rule, not worn together.
        """
        counts, sessions = self._together.with_product(product.product_id, kind)
        shared = dict([each for each in counts if each[1] >= MIN_SESSIONS][:MAX_PARTNERS])
        for other in self._search.engine.fetch(list(shared)) if shared else ():
            theirs = other.visual
            if theirs is None or (theirs.model, theirs.lengths) != (visual.model, visual.lengths):
                continue
            if NO_PICTURE in theirs.attributes:
                continue
            if theirs.great_category in (visual.great_category, UNKNOWN_CATEGORY):
                continue
            count = shared[other.product_id]
            view = theirs.views[0]
            evidence = Evidence(kind, other.product_id, other.facts, view, count, sessions)
            yield stored_features(theirs), evidence

    def _outfits(
        self, product: StoredProduct, visual: VisualDocument, clock: Clock
    ) -> list[Outfit]:
        """List the products that look most alike and are shown with other items, itself first."""
        request = SearchRequest(
            top=MAX_HITS,
            relax="fewer-attributes",
            sold_out="show",
            appearance_weight=self._search.settings.appearance_weight,
            rules=False,
        )
        alike = self._search.answer(stored_features(visual), request, clock, without=product)
        own = product.product_id, product.facts, visual.worn
        found = [own, *((hit.product_id, hit.product, hit.visual.worn) for hit in alike.hits)]
        return [
            (product_id, facts, sound)
            for product_id, facts, worn in found
            if (sound := [item for item in worn if item.lengths == visual.lengths])
        ]


def item_of(
    worn: WornItem,
    model: str,
    source: EvidenceSource,
    product_id: str,
    facts: Mapping[str, Fact],
    count: int = 1,
    total: int = 1,
) -> Item:
    """Return an item of a picture, every term with confidence 1, and the picture as evidence."""
    features = Features(
        categories=(ScoredTerm(worn.category, 1.0),),
        category_source="auto",
        attributes=tuple(ScoredTerm(term, 1.0) for term in worn.attributes),
        box=worn.box,
        box_source="detector",
        binary_code=np.frombuffer(worn.code, np.uint8),
        colour_histogram=np.frombuffer(worn.colours, np.uint8),
        model=model,
    )
    view = View(worn.place, worn.box)
    return features, Evidence(source, product_id, facts, view, count, total)


def _in_pictures(outfits: Sequence[Outfit], visual: VisualDocument) -> Iterator[Item]:
    """List what enough outfits show, the most often shown category first.

    The item of the nearest product that shows it in the most frequent colour stands for all.
    """
    shown: dict[str, list[tuple[Outfit, WornItem]]] = {}
    for outfit in outfits:
        for category, worn in {worn.category: worn for worn in outfit[2]}.items():
            shown.setdefault(category, []).append((outfit, worn))
    for _, found in sorted(shown.items(), key=lambda each: (-len(each[1]), each[0])):
        count, total = len(found), len(outfits)
        if count < max(MIN_PICTURES, MIN_SHARE * total):
            continue
        colours = Counter(_colour(worn) for _, worn in found)
        [(colour, _)] = colours.most_common(1)
        (product_id, facts, _), worn = next(one for one in found if _colour(one[1]) == colour)
        yield item_of(worn, visual.model, "pictures", product_id, facts, count, total)


def _colour(worn: WornItem) -> str:
    """Return the first colour of an item; "" if none is sure."""
    return next((term for term in worn.attributes if group_of(term) == "colour"), "")
