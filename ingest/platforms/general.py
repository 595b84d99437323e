"""Tables with plain column names: our own, data sets, and what shops write by hand."""

from __future__ import annotations

from collections.abc import Mapping

from houndstooth.ingest.platforms.google import HIDDEN
from houndstooth.ingest.platforms.layouts import InTurn
from houndstooth.ingest.platforms.nested import SELECTED, Nested, selected_options
from houndstooth.ingest.platforms.platform import Names, Platform
from houndstooth.ingest.platforms.words import WORDS

_ENGLISH: Mapping[str, Names] = {
    "id": ("id", "product_id", "item_id", "handle", "sku"),
    "title": ("title", "product_display_name", "product_name", "product_title", "name"),
    "image": (
        *("image", "image_link", "image_src", "image_url", "image_path", "file", "filename"),
    ),
    "images": ("images", "additional_image_link", "additional_images", "additional_image_urls"),
    "category": (
        *("category", "product_type", "type", "product_category", "categories"),
        "google_product_category",
    ),
    "price": ("price", "variant_price", "regular_price", "price @"),
    "sale_price": ("sale_price", "special_price"),
    "sale_dates": ("sale_price_effective_date",),
    "compare_at": ("compare_at_price", "variant_compare_at_price", "regular_price"),
    "currency": ("currency", "price_currency"),
    "availability": ("availability", "in_stock", "is_in_stock", "stock_status"),
    "stock": ("stock", "variant_inventory_qty", "quantity", "inventory", "qty"),
    "brand": ("brand", "vendor", "manufacturer"),
    "url": ("url", "link", "product_url"),
    "group": ("group", "item_group_id"),
    "variants": ("variants",),
    "options": (SELECTED,),
    "status": ("status", "visibility"),
    "box": ("box", "bounding_box"),
}

GENERAL = Platform(
    "table with plain column names",
    recognised_by=[()],
    roles={role: (*names, *WORDS.get(role, ())) for role, names in _ENGLISH.items()},
    layout=Nested(InTurn(key="id", untitled=True)),
    own=("id", "sku", "gtin", "ean", "barcode"),
    left_out=HIDDEN,
    options=selected_options,
)
