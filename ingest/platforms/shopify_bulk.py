"""Shopify GraphQL bulk operations: JSON Lines in which children name their parent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from houndstooth.ingest.platforms.layouts import Link, Linked, RoleTexts
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


def _options(cells: Mapping[str, Any]) -> dict[str, str]:
    pairs = [
        (str(option.get("name") or ""), str(option.get("value") or ""))
        for option in cells.get("selectedoptions") or ()
        if isinstance(option, dict)
    ]
    return {name: value for name, value in pairs if name and value not in ("", "Default Title")}


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
        "options": ("selectedOptions",),
        "status": ("status",),
    },
    layout=Linked(_link),
    own=("id", "sku", "price", "compareAtPrice", "inventoryQuantity", "totalInventory"),
    of_product=("title", "__parentId"),
    left_out=frozenset({"draft", "archived", "unlisted"}),
    options=_options,
    adjust_offer=adjust_stock,
)
