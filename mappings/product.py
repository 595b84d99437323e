"""A product as a shop's feed gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.features import Box

MAX_ID_BYTES = 512
Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Product:
    """One product of a feed: what is needed to index it, and the shop's own facts.

    Attributes:
        product_id: the shop's id, 1 to 512 bytes; the document's id in the engine.
        title: the seller's text; the category for sale is read from it.
        image: path relative to the feed, or an http(s) URL.
        category_text: the seller's own category words, where the feed has such a column.
        box: the item's box, where the feed gives one.
        facts: everything else the shop wants kept, filtered on and shown (price, brand, …). None
            where the shop keeps them itself: the product must be in its index then.

    Raises:
        InvalidProduct: no id, no image, or an id that is too long.
    """

    product_id: str
    title: str
    image: str
    category_text: str = ""
    box: Box | None = None
    facts: Mapping[str, Scalar] | None = field(default_factory=dict)

    def __post_init__(self) -> None:
        size = len(self.product_id.encode())
        if not 0 < size <= MAX_ID_BYTES:
            raise InvalidProduct(
                f"expected a product id of 1 to {MAX_ID_BYTES} bytes; got {size} bytes"
            )
        if not self.image:
            raise InvalidProduct(f"expected an image path or URL for product {self.product_id!r}")
