"""Define a product of a shop's feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.features import Box

MAX_ID_BYTES = 512
Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Product:
    """One product of a feed: its text, its image and the shop's own facts.

    Attributes:
        product_id: The shop's id, 1 to 512 bytes. It is the document's id in the engine.
        title: The seller's title, from which the category is read.
        image: Path relative to the feed, or an http(s) URL.
        category_text: The seller's own category, if the feed has such a column.
        box: The item's box, if the feed has such a column.
        facts: All other fields to store, filter on and show (price, brand, …). None if the shop
            writes them itself; the product must be in its index then.

    Raises:
        InvalidProduct: The id or the image is missing, or the id is too long.
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
