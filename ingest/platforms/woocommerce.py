"""WooCommerce product exports, in English and German, and what its REST interface answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from houndstooth.ingest.platforms.layouts import Link, Linked, RoleTexts
from houndstooth.ingest.platforms.platform import Platform, normal, numbered_options


def _link(cells: Mapping[str, Any], reading: RoleTexts) -> Link:
    kind = reading.text(cells, "kind").lower()
    names = [
        f"id:{name}" if normal(column) == "id" else name
        for column in reading.roles["id"]
        if (name := str(cells.get(column) or "").strip())
    ]
    variation = "variation" in kind.replace("variations", "")
    parent = reading.text(cells, "parent") if variation else ""
    alone = not variation and "variable" not in kind
    return Link("variant" if variation else "product", names, parent, alone=alone)


def _options(cells: Mapping[str, Any]) -> dict[str, str]:
    english = numbered_options(cells, "attribute{}name", "attribute{}values")
    return english or numbered_options(cells, "attribut{}name", "attribut{}werte")


WOOCOMMERCE = Platform(
    "WooCommerce product export",
    recognised_by=[
        ("Type", "SKU", "Name", "Regular price"),
        ("Type", "SKU", "Name", "Parent", "Images"),
        ("Type", "Name", "Published", "Images"),
        ("Typ", "Artikelnummer", "Name", "Regulärer Preis"),
    ],
    roles={
        "id": ("SKU", "Artikelnummer", "ID"),
        "title": ("Name",),
        "images": ("Images", "Bilder"),
        "category": ("Categories", "Kategorien"),
        "price": ("Regular price", "Regulärer Preis", "price"),
        "sale_price": ("Sale price", "Angebotspreis"),
        "sale_start": (
            *("Date sale price starts", "Datum, an dem Angebotspreis beginnt"),
            "date_on_sale_from",
        ),
        "sale_end": (
            *("Date sale price ends", "Datum, an dem Angebotspreis endet"),
            "date_on_sale_to",
        ),
        "availability": ("In stock?", "Vorrätig?", "stock_status"),
        "stock": ("Stock", "Lager", "stock_quantity"),
        "backorders": ("Backorders allowed?", "Lieferrückstande erlaubt?", "backorders"),
        "brand": ("Brands", "Brand", "Marken"),
        "url": ("External URL", "permalink"),
        "parent": ("Parent", "Übergeordnetes Produkt"),
        "kind": ("Type", "Typ"),
        "options": (
            *("Attribute # name", "Attribute # value(s)"),
            *("Attribut # Name", "Attribut # Wert(e)"),
        ),
        "status": (
            *("Published", "Visibility in catalog", "Veröffentlicht"),
            *("Sichtbarkeit im Katalog", "status", "catalog_visibility"),
        ),
    },
    layout=Linked(_link),
    own=("ID", "SKU", "Attribute # value(s)", "Published", "Parent", "Type", "Position"),
    inherited=("parent",),
    left_out=frozenset({"0", "-1", "hidden", "draft", "pending", "private", "trash"}),
    category_lists=",",
    options=_options,
)
