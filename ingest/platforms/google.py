"""Google Merchant: TSV, CSV, RSS and Atom."""

from __future__ import annotations

from houndstooth.ingest.platforms.platform import Platform

HIDDEN = frozenset(
    {"hidden", "archived", "staging", "draft", "inactive", "disabled", "unpublished"}
)

COMMON = {
    "id": ("id",),
    "title": ("title", "structured_title"),
    "images": ("additional_image_link",),
    "category": ("product_type", "google_product_category"),
    "price": ("price",),
    "sale_price": ("sale_price",),
    "sale_dates": ("sale_price_effective_date",),
    "availability": ("availability",),
    "brand": ("brand",),
    "url": ("link",),
    "group": ("item_group_id",),
}

GOOGLE = Platform(
    "Google Merchant feed",
    recognised_by=[
        ("id", "title", "image_link", one)
        for one in (
            *("link", "availability", "condition", "gtin", "mpn", "product_type", "age_group"),
            *("google_product_category", "item_group_id", "additional_image_link"),
        )
    ],
    roles={
        **COMMON,
        "image": ("image_link",),
        "currency": ("currency",),
        "stock": ("quantity", "sell_on_google_quantity", "inventory"),
        "status": ("visibility", "status"),
    },
    left_out=HIDDEN,
)
