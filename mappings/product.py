"""Define a product of a shop's feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.features import Box

MAX_ID_BYTES = 512
IN_STOCK, OUT_OF_STOCK, PREORDER = "in stock", "out of stock", "preorder"
"""Values of the fact ``availability``; ``preorder`` can be ordered and comes later."""

Scalar = str | int | float | bool | None
Fact = Scalar | Sequence[str]
"""The value of one field of a shop's document: one value, or several texts such as its images."""


@dataclass(frozen=True, slots=True)
class Note:
    """A value that was left out of a product or added to it; the product was ingested.

    Attributes:
        kind: A few words by which notes are counted, such as ``price left empty``.
        detail: What was expected and what came, or where a value came from.
    """

    kind: str
    detail: str = ""


@dataclass(frozen=True)
class Product:
    """One sellable product of a feed: its text, its images and the shop's own facts.

    Attributes:
        product_id: The shop's id, 1 to 512 bytes. It is the document's id in the engine.
        title: The seller's title, from which the category is read.
        images: Paths relative to the feed, or http(s) URLs; the first shows the product best, the
            others are further views of it.
        category_text: The seller's own category, if the feed has such a column.
        box: The item's box in the first image, if the feed has such a column.
        facts: All other fields to store, filter on and show (price, brand, …). None if the shop
            writes them itself; the product must be in its index then.
        attributes: What the seller's own columns say, by attribute group, such as
            ``{"colour": "Navy/White", "gender": "female"}``.
        language: Language of the texts, ISO 639-1 such as ``de``; empty if unknown.
        notes: What was left out of it or added to it while it was read.
        as_of: Time of the state of the shop that it shows, in milliseconds since 1970; None if
            that is the time of its feed.

    Raises:
        InvalidProduct: The id or the image is missing, or the id is too long.
    """

    product_id: str
    title: str
    images: Sequence[str]
    category_text: str = ""
    box: Box | None = None
    facts: Mapping[str, Fact] | None = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    notes: Sequence[Note] = ()
    as_of: int | None = None

    def __post_init__(self) -> None:
        # A character has at most four bytes: most ids need no encoding to be known as short.
        size = len(self.product_id)
        if 4 * size > MAX_ID_BYTES:
            size = len(self.product_id.encode())
        if not 0 < size <= MAX_ID_BYTES:
            raise InvalidProduct(
                f"expected a product id of 1 to {MAX_ID_BYTES} bytes; got {size} bytes"
            )
        if not self.images:
            raise InvalidProduct(f"expected an image path or URL for product {self.product_id!r}")

    @property
    def image(self) -> str:
        """Return the reference of the first image."""
        return self.images[0]


def make_product(**fields: Any) -> Product:
    """Make a product of all its fields, in half the time that its constructor takes.

    The constructor of a frozen class sets each field by a call of its own.

    Raises:
        InvalidProduct: See Product.
    """
    product = object.__new__(Product)
    product.__dict__.update(fields)
    product.__post_init__()
    return product
