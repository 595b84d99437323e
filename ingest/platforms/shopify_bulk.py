"""Shopify's GraphQL: children are rows that name their parent, or are listed in its row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from houndstooth.ingest.platforms.layouts import Link, Linked, RoleTexts
from houndstooth.ingest.platforms.nested import SELECTED, Nested, selected_options
from houndstooth.ingest.platforms.platform import Platform
from houndstooth.ingest.platforms.shopify import adjust_stock

_KINDS = {
    "Product": "product",
    "ProductVariant": "variant",
    "ProductImage": "image",
    "MediaImage": "image",
    "ImageSource": "image",
}
_TYPE = re.compile(r"gid://shopify/(\w+)/")


def _link(cells: Mapping[str, Any], _reading: RoleTexts) -> Link:
    own, parent = str(cells.get("id") or ""), str(cells.get("__parentId") or "")
    match = _TYPE.match(own)
    if match:
        kind = _KINDS.get(match[1], "")
    elif not parent:
        kind = "product"
    elif cells.keys() & {"price", "sku", "selectedOptions"}:
        kind = "variant"
    else:
        kind = "image" if cells.keys() & {"url", "src", "originalSrc", "image", "preview"} else ""
    return Link(kind, (own,) if own else (), parent)


SHOPIFY_BULK = Platform(
    "Shopify bulk export (JSON Lines)",
    recognised_by=[
        ("id", "__parentId"),
        ("id", "title", "featuredImage"),
        ("id", "title", "featuredMedia"),
        ("id", "title", "vendor", "productType"),
    ],
    first_id="gid://shopify/",
    roles={
        "id": ("sku", "id"),
        "title": ("title",),
        "image": ("image", "media", "featuredImage", "featuredMedia"),
        "images": ("images", "media", "url", "src", "originalSrc", "preview"),
        "category": ("productType", "category", "productCategory"),
        "price": ("price", "priceRangeV2", "priceRange"),
        "compare_at": ("compareAtPrice",),
        "availability": ("availableForSale",),
        "stock": ("inventoryQuantity", "totalInventory"),
        "backorders": ("inventoryPolicy",),
        "tracked": ("inventoryItem",),
        "brand": ("vendor",),
        "url": ("onlineStoreUrl",),
        "group": ("handle",),
        "parent": ("__parentId",),
        "variants": ("variants",),
        "options": (SELECTED,),
        "status": ("status",),
    },
    layout=Nested(Linked(_link)),
    own=("id", "sku", "price", "compareAtPrice", "inventoryQuantity", "totalInventory"),
    of_product=("title", "__parentId"),
    left_out=frozenset({"draft", "archived", "unlisted"}),
    unused=("options",),
    options=selected_options,
    adjust_offer=adjust_stock,
)
