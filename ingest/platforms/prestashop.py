"""PrestaShop: the export of the product list, and the table for its import."""

from __future__ import annotations

import re
from typing import Any

from houndstooth.ingest.platforms.platform import Platform

_NUMBER = re.compile(r"[\d\s.,'-]+")


def _adjust_offer(offer: dict[str, Any]) -> None:
    """Take the currency from the price without tax; the one with tax names none."""
    offer["currency"] = _NUMBER.sub("", str(offer.get("currency") or ""))


def _adjust_import(offer: dict[str, Any]) -> None:
    """Let the stock decide on whatever may be ordered; 2 is the shop's default on backorders."""
    if str(offer.get("backorders") or "").strip() != "1":
        offer["backorders"] = ""
    if str(offer.get("availability") or "").strip() == "1":
        offer["availability"] = ""


PRESTASHOP = Platform(
    "PrestaShop product list",
    recognised_by=[
        ("Product ID", "Name", "Price (tax excl.)"),
        ("Product ID", "Name", "Price (tax incl.)"),
        ("ID", "Name", "Reference", "Price (tax excl.)"),
        ("ID produit", "Nom", "Prix (HT)"),
        ("ID produit", "Nom", "Prix (TTC)"),
    ],
    roles={
        "id": ("Product ID", "ID produit", "ID"),
        "title": ("Name", "Nom"),
        "image": ("Image", "Cover"),
        "category": ("Category", "Catégorie"),
        "price": ("Price (tax incl.)", "Prix (TTC)", "Final price"),
        "net_price": ("Price (tax excl.)", "Prix (HT)"),
        "currency": ("Price (tax excl.)", "Prix (HT)"),
        "stock": ("Quantity", "Quantité"),
        "status": ("Status", "Statut", "Active"),
    },
    left_out=frozenset({"0", "no", "disabled", "inactive"}),
    category_lists=",",
    category_levels="/",
    adjust_offer=_adjust_offer,
)

PRESTASHOP_IMPORT = Platform(
    "PrestaShop import table",
    recognised_by=[
        ("Name *", "Categories (x,y,z...)", "Image URLs (x,y,z...)"),
        ("Name", "Categories (x,y,z...)", "Image URLs (x,y,z...)"),
        ("Active (0/1)", "Name *", "Image URLs (x,y,z...)"),
    ],
    roles={
        "id": ("Product ID", "ID", "Reference #"),
        "title": ("Name *", "Name"),
        "images": ("Image URLs (x,y,z...)",),
        "category": ("Categories (x,y,z...)",),
        "price": ("Price tax included",),
        "net_price": ("Price tax excluded",),
        "sale_start": ("Discount from (yyyy-mm-dd)",),
        "sale_end": ("Discount to (yyyy-mm-dd)",),
        "discount_amount": ("Discount amount",),
        "discount_percent": ("Discount percent",),
        "availability": ("Available for order (0 = No, 1 = Yes)",),
        "stock": ("Quantity",),
        "backorders": ("Out of stock action",),
        "brand": ("Brand", "Manufacturer"),
        "status": ("Active (0/1)", "Visibility"),
    },
    left_out=frozenset({"0", "none"}),
    category_lists=",",
    category_levels="/",
    adjust_offer=_adjust_import,
)
