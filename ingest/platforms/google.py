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

UNUSED = (
    *("shipping", "tax", "installment", "product_detail", "product_highlight", "loyalty_program"),
    *("loyalty_points", "subscription_cost", "shipping_weight", "shipping_length"),
    *("shipping_width", "shipping_height", "product_weight", "product_length", "product_width"),
    *("product_height", "certification", "unit_pricing_measure", "free_shipping_threshold"),
    *("handling_cutoff_time", "structured_description"),
)

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
    unused=UNUSED,
)
