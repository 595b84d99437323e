"""Define a search request, its hits and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from houndstooth.mappings.document import View, VisualSummary
from houndstooth.mappings.engine import Filter, ShopQuery
from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import Box, Detection, ScoredTerm
from houndstooth.mappings.product import Fact
from houndstooth.mappings.text_query import TextQuery

MAX_HITS = 200
MAX_CANDIDATES = 10_000


SoldOut = Literal["last", "hide", "show"]
"""What becomes of sold-out products."""

SOLD_OUT_CHOICES: tuple[SoldOut, ...] = get_args(SoldOut)


Relaxed = Literal["none", "fewer-attributes", "great-category", "any-category"]
"""Which demands the search dropped to fill the page: the steps of a search, strictest first."""

RELAXED_STEPS: tuple[Relaxed, ...] = get_args(Relaxed)

Merge = Literal["none", "near-duplicates"]
"""What is one hit, beside variants."""

MERGE_CHOICES: tuple[Merge, ...] = get_args(Merge)

Action = Literal["pin", "boost", "bury"]
"""What a merchandising rule does: to the front, up, or down."""

FoundBy = Literal["looks", "product", "terms", "words", "text-to-image"]
"""What finds a product: it looks like the photo or product that was asked with; it looks like the
product beside a photo; it has the category and attributes that the words name; its own texts have
the words; its picture looks as the words say, by an encoder of texts and pictures."""

Choice = TypeVar("Choice", bound=str)


def read_choice(name: str, choices: Sequence[Choice], text: str) -> Choice:
    """Read a field that takes one of a few words. Raises InvalidInput."""
    for choice in choices:
        if text == choice:
            return choice
    expected = ", ".join(choices)
    raise InvalidInput(f"expected {name} to be one of {expected}; got {text[:40]!r}")


@dataclass(frozen=True)
class Sort:
    """Sort the hits that look most alike by a shop field, ``offers.price`` for one in an object."""

    field: str
    descending: bool = False


@dataclass(frozen=True)
class SearchRequest:
    """The options of a search, for an image and for an indexed product alike.

    Attributes:
        category: Leaf category chosen by the shopper; None = recognise it.
        box: Box drawn by the shopper; None = find the item.
        filters: Filters on shop fields.
        text: Words, alone or beside an image or product; see ``plugin.text_search``.
        query: The shop's own query, a filter as well; of engines that have a query language.
        post_filters: Filters and queries that count for hits, not for facets.
        sort: Sort the 200 best hits by a shop field; None = by looks.
        required: Attribute terms that every hit must have.
        excluded: Attribute terms that no hit may have.
        sold_out: Rank sold-out products after all others of a step (``last``), leave them out
            (``hide``), or rank them as any others (``show``). A product is sold out if its fact
            ``availability`` says "out of stock".
        collapse: Return one hit for all variants of a product, the best of them.
        merge: Return one hit for products that show the same photo (``near-duplicates``), the best
            of them; see ``plugin.columns.near``.
        relax: The furthest step that may fill the page, see ``Relaxed``; "fewer-attributes" keeps
            to the category.
        top: Number of hits, 1 to 200.
        cursor: ``SearchAnswer.next`` of the same search, to go on after its last hit; None = begin
            with the best.
        appearance_weight: Weight of the appearance distance against the colour distance, in
            [0, 1]; 1 = appearance alone, 0 = colour alone.
        attribute_weight: Weight of agreeing attributes in the score, in [0, 1]; None = that of the
            settings.
        rules: Order hits by the shop's merchandising rules; with ``sort`` none applies.
        arm: Name of the arm of an A/B test whose options these are; it changes nothing itself.
        preview: Return the image as it was decoded, to show it.
    """

    category: str | None = None
    box: Box | None = None
    filters: tuple[Filter, ...] = ()
    query: ShopQuery | None = None
    post_filters: tuple[Filter | ShopQuery, ...] = ()
    sort: Sort | None = None
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    sold_out: SoldOut = "last"
    collapse: bool = True
    merge: Merge = "none"
    relax: Relaxed = "any-category"
    top: int = 24
    cursor: str | None = None
    appearance_weight: float = 0.7
    attribute_weight: float | None = None
    rules: bool = True
    arm: str = ""
    preview: bool = False
    text: str = ""


@dataclass(frozen=True)
class AppliedRule:
    """A merchandising rule that has moved a hit, by its name; see ``plugin.merchandising``."""

    rule: str
    action: Action


@dataclass(frozen=True)
class Hit:
    """One product of the answer.

    Attributes:
        score: In [0, 1], higher is better.
        appearance_distance, colour_distance: Of the nearest view, in [0, 1], lower is better.
        view: The product's view that is nearest.
        matched: Attribute terms of the query that the product has.
        variants: Ids of the product's other variants among the candidates, best first.
        merged: Ids of the products that are one hit with it as near-duplicates, best first.
        why: The merchandising rules that have moved it.
        found_by: What has found it.
    """

    product_id: str
    score: float
    appearance_distance: float
    colour_distance: float
    view: View
    matched: tuple[str, ...]
    product: Mapping[str, Fact]
    visual: VisualSummary
    variants: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    why: tuple[AppliedRule, ...] = ()
    found_by: tuple[FoundBy, ...] = ("looks",)


EvidenceSource = Literal["worn", "pictures", "bought", "viewed"]
"""What speaks for two items going together: the product's own picture shows them, pictures of
products that look like it do, or they were bought or viewed in the same sessions."""


@dataclass(frozen=True)
class Evidence:
    """Evidence that an item goes with a product.

    Attributes:
        product_id: The product in whose picture the item is.
        product: Facts of that product.
        view: The picture, and where the item is in it.
        count: Number of pictures, or of sessions, that speak for it.
        total: Number of those that could have.
    """

    source: EvidenceSource
    product_id: str
    product: Mapping[str, Fact]
    view: View
    count: int
    total: int


@dataclass(frozen=True)
class SearchAnswer:
    """The hits of a search, the query's features and the time of each stage.

    Attributes:
        categories: Likely categories of the query, best first.
        attributes: The most likely term of each group.
        box, box_source: Where the item is in the image; None of words alone.
        relaxed: The last step of the attribute query that was run; "none" = the strictest.
        took_ms: Milliseconds by stage.
        items: All detections in the image, best first. Empty if the detector did not run.
        next: Cursor of the next page; None if these are the last hits.
        recall: Share of the best products that are expected among the hits: 1 if every product
            that passes was compared, else what was measured of the engine alone.
        compared: Number of products that were compared with the query.
        notes: How the image differs from its file, such as lines that a broken file lacks.
        preview: The upright image, at most 800 pixels a side, as a JPEG; None if not asked for.
        understood: What was understood of the words; None if there are none.
        evidence: What speaks for the item going with a product; None if that is not the question.
    """

    categories: tuple[ScoredTerm, ...]
    category_source: str
    attributes: tuple[ScoredTerm, ...]
    box: Box | None
    box_source: str | None
    relaxed: Relaxed
    hits: tuple[Hit, ...]
    took_ms: Mapping[str, float]
    model: str
    items: tuple[Detection, ...] = ()
    next: str | None = None
    recall: float = 1.0
    compared: int = 0
    notes: tuple[str, ...] = ()
    preview: bytes | None = None
    understood: TextQuery | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True)
class LookAnswer:
    """The answers of a search for every item of a look.

    Attributes:
        items: One answer for each item: of a photo the most salient first. Each has the hits that
            a search with the item's box and category has.
        took_ms: Milliseconds by stage, of all items together.
        model: Name and version of the networks.
        unknown: Why there are no items; None if there are some.
        preview: As in SearchAnswer.
    """

    items: tuple[SearchAnswer, ...]
    took_ms: Mapping[str, float]
    model: str
    unknown: str | None = None
    preview: bytes | None = None
