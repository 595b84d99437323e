"""Medusa product exports of its versions 1 and 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from houndstooth.ingest.platforms.layouts import InTurn
from houndstooth.ingest.platforms.platform import Platform, numbered_options


def _options(cells: Mapping[str, Any]) -> dict[str, str]:
    return numbered_options(cells, "variantoption{}name", "variantoption{}value") or (
        numbered_options(cells)
    )


def _adjust_offer(offer: dict[str, Any]) -> None:
    if str(offer.pop("tracked", "")).strip().lower() in ("false", "0"):
        offer |= {"stock": "", "availability": "in stock"}


MEDUSA = Platform(
    "Medusa product export",
    recognised_by=[
        ("Product Handle", "Product Title", "Variant Id"),
        ("Product Handle", "Product Title", "Variant Title"),
    ],
    roles={
        "id": ("Variant Sku", "Variant Id"),
        "title": ("Product Title",),
        "image": ("Variant Image 1 Url", "Variant Image 1", "Product Thumbnail"),
        "images": (
            *("Product Image # Url", "Product Image #", "Image # Url", "Variant Image # Url"),
        ),
        "category": ("Product Category # Name", "Product Type", "Product Collection Title"),
        "price": ("Variant Price @", "Price @"),
        "stock": ("Variant Inventory Quantity",),
        "backorders": ("Variant Allow Backorder",),
        "tracked": ("Variant Manage Inventory",),
        "brand": ("Product Brand",),
        "group": ("Product Handle", "Product Id"),
        "options": (
            "Variant Option # Name",
            "Variant Option # Value",
            "Option # Name",
            "Option # Value",
        ),
        "status": ("Product Status",),
        "material": ("Variant Material", "Product Material"),
    },
    layout=InTurn(key="group", variant=("id", "price", "options")),
    own=("Variant *", "Price @", "Option # Value"),
    left_out=frozenset({"draft", "proposed", "rejected"}),
    options=_options,
    adjust_offer=_adjust_offer,
)
