"""Magento and Adobe Commerce product exports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from houndstooth.ingest.platforms.layouts import Link, Linked, RoleTexts
from houndstooth.ingest.platforms.platform import Platform

_BETWEEN = re.compile(r",(?=[^,=|]+=)")


def _pairs(text: str) -> dict[str, str]:
    parts = (part.partition("=") for part in _BETWEEN.split(text))
    return {name.strip(): value.strip().strip('"') for name, equals, value in parts if equals}


def _link(cells: Mapping[str, Any], reading: RoleTexts) -> Link:
    if reading.text(cells, "store"):
        return Link("")  # a row that translates another
    children = {}
    for part in reading.text(cells, "parent").split("|"):
        pairs = _pairs(part)
        sku = pairs.pop("sku", "")
        if sku:
            stated = ",".join(f"{name}={value}" for name, value in pairs.items())
            children[sku] = {"configurable_variations": stated}
    return Link("variant", [reading.text(cells, "id")], "", children)


def _options(cells: Mapping[str, Any]) -> dict[str, str]:
    stated = str(cells.get("configurablevariations") or "")
    found = _pairs(str(cells.get("additionalattributes") or ""))
    return found if stated.startswith("sku=") else found | _pairs(stated)


MAGENTO = Platform(
    "Magento product export",
    recognised_by=[("sku", "store_view_code", "name"), ("sku", "attribute_set_code", "name")],
    roles={
        "id": ("sku",),
        "title": ("name",),
        "image": ("base_image",),
        "images": ("additional_images",),
        "stored": ("image", "small_image", "thumbnail_image"),
        "category": ("categories",),
        "price": ("price",),
        "sale_price": ("special_price",),
        "sale_start": ("special_price_from_date", "special_from_date"),
        "sale_end": ("special_price_to_date", "special_to_date"),
        "availability": ("is_in_stock",),
        "stock": ("qty",),
        "backorders": ("allow_backorders",),
        "brand": ("brand", "manufacturer"),
        "parent": ("configurable_variations",),
        "kind": ("product_type",),
        "store": ("store_view_code",),
        "options": ("configurable_variations", "additional_attributes"),
        "status": ("product_online", "status"),
    },
    layout=Linked(_link),
    own=("sku", "qty", "is_in_stock", "configurable_variations", "product_type", "visibility"),
    left_out=frozenset({"2", "0", "disabled"}),
    category_lists=",",
    category_levels="/",
    options=_options,
)
