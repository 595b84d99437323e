"""Shopify's products as JSON: ``products.json`` of a shop, and what its REST interface answers."""

from __future__ import annotations

from houndstooth.ingest.platforms.nested import SELECTED, Nested, selected_options
from houndstooth.ingest.platforms.platform import Platform
from houndstooth.ingest.platforms.shopify import adjust_stock

SHOPIFY_JSON = Platform(
    "Shopify product JSON",
    recognised_by=[
        ("id", "title", "variants", one)
        for one in ("handle", "body_html", "vendor", "product_type", "productType")
    ],
    roles={
        "id": ("sku", "id"),
        "title": ("title",),
        "image": ("featured_image", "image", "featuredImage"),
        "images": ("images", "media"),
        "category": ("product_type", "productType", "category"),
        "price": ("price",),
        "compare_at": ("compare_at_price", "compareAtPrice"),
        "availability": ("available", "availableForSale"),
        "stock": ("inventory_quantity", "inventoryQuantity"),
        "backorders": ("inventory_policy", "inventoryPolicy"),
        "tracked": ("inventory_management",),
        "brand": ("vendor",),
        "url": ("online_store_url", "onlineStoreUrl"),
        "group": ("handle",),
        "variants": ("variants",),
        "options": (SELECTED,),
        "status": ("status",),
    },
    layout=Nested(),
    own=(
        *("id", "sku", "barcode", "price", "compare_at_price", "compareAtPrice"),
        *("inventory_quantity", "inventoryQuantity", "admin_graphql_api_id"),
    ),
    left_out=frozenset({"draft", "archived", "unlisted"}),
    unused=("options", "media", "presentment_prices"),
    options=selected_options,
    adjust_offer=adjust_stock,
)
