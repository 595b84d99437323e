"""Refuse feeds that have no product, or far fewer than the last time."""

from __future__ import annotations

from houndstooth.mappings.errors import FewerProducts

ALLOW = "if that is right, give --allow-fewer"


def check_products(products: int, before: int = 0) -> None:
    """Return if a feed has enough products.

    Args:
        products: Number of its products that are sold and can be read.
        before: Number the last time; 0 if it is not known.

    Raises:
        FewerProducts: There is none, or fewer than half of those of the last time.
    """
    if not products:
        raise FewerProducts(f"expected products in the feed; it has none: {ALLOW}")
    if 2 * products < before:
        raise FewerProducts(
            f"expected about {before:,} products in the feed, as the last time; got {products:,}: "
            f"{ALLOW}"
        )
