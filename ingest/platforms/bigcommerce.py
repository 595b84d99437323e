"""BigCommerce product exports of its versions 2 and 3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from houndstooth.ingest.platforms.layouts import Typed
from houndstooth.ingest.platforms.platform import Platform

_V2 = re.compile(r"\[[A-Z]+\]([^=\[\]]+)=((?:(?!,\[[A-Z]+\]).)*)")
_V3 = re.compile(r"Name=([^|]+)\|Value=(.*?)(?=[\s|]*Type=|$)")
_SWATCH = re.compile(r"(?::#.*|\[#.*\])$")


def _options(cells: Mapping[str, Any]) -> dict[str, str]:
    pairs = [
        *_V2.findall(str(cells.get("productname") or "")),
        *_V3.findall(str(cells.get("options") or "")),
    ]
    return {name.strip(): _SWATCH.sub("", value).strip() for name, value in pairs}


def _adjust_offer(offer: dict[str, Any]) -> None:
    """Let the stock decide on whatever may be bought, if it is counted."""
    counted = str(offer.pop("tracked", "by")).strip().lower() not in ("none", "")
    if not counted:
        offer["stock"] = ""
    if str(offer.get("availability") or "").strip().lower() in ("", "y", "yes", "true"):
        offer["availability"] = "" if counted else "in stock"


BIGCOMMERCE = Platform(
    "BigCommerce product export",
    recognised_by=[
        ("Item Type", "Product Name", "Product Code/SKU"),
        ("Item", "SKU", "Internal Image URL (Export)"),
        ("Item", "SKU", "Image URL (Import)"),
        ("Item", "SKU", "Options", "Is Visible"),
    ],
    roles={
        "id": ("Product Code/SKU", "Product SKU", "SKU", "Product ID", "ID"),
        "title": ("Product Name", "Name"),
        "image": ("Variant Image URL",),
        "images": (
            *("Product Image URL - #", "Internal Image URL (Export)", "Image URL (Import)"),
        ),
        "stored": ("Product Image File - #",),
        "category": ("Category", "Category String", "Categories"),
        "price": ("Price",),
        "sale_price": ("Sale Price",),
        "availability": ("Allow Purchases?",),
        "stock": ("Current Stock Level", "Stock Level", "Current Stock"),
        "tracked": ("Track Inventory", "Inventory Tracking"),
        "brand": ("Brand Name", "Brand"),
        "url": ("Product URL",),
        "kind": ("Item Type", "Item"),
        "options": ("Product Name", "Options"),
        "status": ("Product Visible?", "Product Visible", "Is Visible"),
    },
    layout=Typed({"product": "product", "sku": "variant", "variant": "variant", "image": "image"}),
    own=("Product Code/SKU", "Product SKU", "SKU", "Product ID", "ID", "Options", "Item*"),
    of_product=("Product Name", "Name"),
    counting_product=frozenset({"by product", "product"}),
    left_out=frozenset({"n", "no", "false", "0"}),
    category_lists=";",
    category_levels="/",
    category_numbers=False,
    options=_options,
    adjust_offer=_adjust_offer,
)
