"""Shopify product exports: CSV with the old and the present column names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from houndstooth.ingest.platforms.layouts import InTurn
from houndstooth.ingest.platforms.platform import Platform, numbered_options


def _options(cells: Mapping[str, Any]) -> dict[str, str]:
    found = numbered_options(cells)
    return {} if [*found.values()] == ["Default Title"] else found


def adjust_stock(offer: dict[str, Any]) -> None:
    """Leave the stock empty where Shopify does not count it: then there is always some.

    A tool that writes such a file may leave both columns empty; then the stock counts.
    """
    tracked = str(offer.pop("tracked", "?")).strip().lower()
    if tracked == "false" or (tracked == "" and offer.get("backorders")):
        offer |= {"stock": "", "availability": "in stock"}


SHOPIFY = Platform(
    "Shopify product export",
    recognised_by=[
        ("Handle", "Title", "Image Src"),
        ("Handle", "Title", "Variant Price"),
        ("URL handle", "Title", "Product image URL"),
        ("URL handle", "Title", "Inventory quantity"),
    ],
    roles={
        "id": ("Variant SKU", "SKU"),
        "title": ("Title",),
        "image": ("Variant Image", "Variant image URL"),
        "images": ("Image Src", "Product image URL"),
        "category": (
            *("Type", "Custom Product Type", "Product Category", "Standardized Product Type"),
            "Google Shopping / Google Product Category",
        ),
        "price": ("Variant Price", "Price"),
        "compare_at": ("Variant Compare At Price", "Compare-at price"),
        "stock": ("Variant Inventory Qty", "Inventory quantity"),
        "backorders": ("Variant Inventory Policy", "Continue selling when out of stock"),
        "tracked": ("Variant Inventory Tracker", "Inventory tracker"),
        "brand": ("Vendor",),
        "group": ("Handle", "URL handle"),
        "options": ("Option# Name", "Option# Value"),
        "status": ("Status", "Published", "Published on online store"),
        "colour": ("Color (product.metafields.shopify.color-pattern)",),
        "gender": (
            "Google Shopping / Gender",
            "Target gender (product.metafields.shopify.target-gender)",
        ),
        "material": ("Fabric (product.metafields.shopify.fabric)",),
    },
    layout=InTurn(key="group", variant=("id", "price", "options"), order="Image Position"),
    own=(
        *("Option# Value", "Option# Linked To", "Price", "Compare-at price", "Inventory quantity"),
        *("Inventory tracker", "Continue selling when out of stock", "SKU", "Barcode"),
        *("Cost per item", "Weight value (grams)", "Image Position", "Image Alt Text"),
        *("Variant Image", "Variant image URL", "Image Src", "Product image URL", "Variant *"),
    ),
    left_out=frozenset({"draft", "archived", "unlisted", "false"}),
    options=_options,
    adjust_offer=adjust_stock,
)
