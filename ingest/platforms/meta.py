"""Meta (Facebook, Instagram) catalogue feeds."""

from __future__ import annotations

from houndstooth.ingest.platforms.google import COMMON, HIDDEN, UNUSED
from houndstooth.ingest.platforms.platform import Platform

META = Platform(
    "Meta catalogue feed",
    recognised_by=[
        ("id", "title", "image[0].url"),
        ("id", "title", "image_link", "fb_product_category"),
        ("id", "title", "image_link", "quantity_to_sell_on_facebook"),
        ("id", "title", "image_link", "visibility"),
        ("id", "title", "image_link", "style[0]"),
    ],
    roles={
        **COMMON,
        "image": ("image_link", "image[#].url"),
        "category": ("product_type", "fb_product_category", "google_product_category"),
        "stock": ("quantity_to_sell_on_facebook", "inventory"),
        "status": ("visibility", "status"),
    },
    left_out=HIDDEN,
    unused=UNUSED,
)
