"""WooCommerce product exports, in four languages, and what its REST interface answers."""

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


_OPTIONS = (
    ("attribute{}name", "attribute{}values"),
    ("attribut{}name", "attribut{}werte"),
    ("nomdelattribut{}", "valeursdelattribut{}"),
    ("nombredelatributo{}", "valoresdelatributo{}"),
)
_OPTION_NAMES = (
    "Attribute # name",
    "Attribut # Name",
    "Nom de l’attribut #",
    "Nombre del atributo #",
)
_OPTION_VALUES = (
    "Attribute # value(s)",
    "Attribut # Wert(e)",
    "Valeur(s) de l’attribut #",
    "Valor(es) del atributo #",
)
_PUBLISHED = ("Published", "Veröffentlicht", "Publié", "Publicado")
_PARENT = ("Parent", "Übergeordnetes Produkt", "Superior", "Principal")
_KIND = ("Type", "Typ", "Tipo")
_ID = ("SKU", "Artikelnummer", "UGS", "ID")


def _options(cells: Mapping[str, Any]) -> dict[str, str]:
    found = (numbered_options(cells, name, value) for name, value in _OPTIONS)
    return next(filter(None, found), {})


WOOCOMMERCE = Platform(
    "WooCommerce product export",
    recognised_by=[
        ("Type", "SKU", "Name", "Regular price"),
        ("Type", "SKU", "Name", "Parent", "Images"),
        ("Type", "Name", "Published", "Images"),
        ("Typ", "Artikelnummer", "Name", "Regulärer Preis"),
        ("Type", "UGS", "Nom", "Tarif régulier"),
        ("Tipo", "SKU", "Nombre", "Precio normal"),
    ],
    roles={
        "id": _ID,
        "title": ("Name", "Nom", "Nombre"),
        "images": ("Images", "Bilder", "Imágenes"),
        "category": ("Categories", "Kategorien", "Catégories", "Categorías"),
        "price": ("Regular price", "Regulärer Preis", "Tarif régulier", "Precio normal", "price"),
        "sale_price": ("Sale price", "Angebotspreis", "Tarif promo", "Precio rebajado"),
        "sale_start": (
            *("Date sale price starts", "Datum, an dem Angebotspreis beginnt"),
            *("Date de début de promo", "Día en que empieza el precio rebajado"),
            "date_on_sale_from",
        ),
        "sale_end": (
            *("Date sale price ends", "Datum, an dem Angebotspreis endet"),
            *("Date de fin de promo", "Día en que termina el precio rebajado"),
            "date_on_sale_to",
        ),
        "availability": (
            *("In stock?", "Vorrätig?", "En stock ?", "¿Existencias?", "¿En inventario?"),
            "stock_status",
        ),
        "stock": ("Stock", "Lager", "Inventario", "stock_quantity"),
        "backorders": (
            *("Backorders allowed?", "Lieferrückstande erlaubt?"),
            "Autoriser les commandes de produits en rupture ?",
            *("¿Permitir reservas de productos agotados?", "backorders"),
        ),
        "brand": ("Brands", "Brand", "Marken", "Marques", "Marcas"),
        "url": ("External URL", "permalink"),
        "parent": _PARENT,
        "kind": _KIND,
        "options": (*_OPTION_NAMES, *_OPTION_VALUES),
        "status": (
            *_PUBLISHED,
            *("Visibility in catalog", "Sichtbarkeit im Katalog", "Visibilité dans le catalogue"),
            *("Visibilidad en el catálogo", "status", "catalog_visibility"),
        ),
    },
    layout=Linked(_link),
    own=(*_ID, *_OPTION_VALUES, *_PUBLISHED, *_PARENT, *_KIND, "Position"),
    inherited=("parent",),
    left_out=frozenset({"0", "-1", "hidden", "draft", "pending", "private", "trash"}),
    category_lists=",",
    options=_options,
)
