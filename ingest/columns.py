"""Which column of a feed is what, and rows as products.

Columns are recognised by the names that common feeds give them: Google Merchant, a Shopify product
export, the studio's own feed, and plain data sets with a name and a file in each row. Only a
column that is known to hold the seller's own category is read as category text; every other
column is a fact that is kept, shown and filtered on, and never reaches category or attributes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from houndstooth.ingest.cell_values import parse_integer, parse_price
from houndstooth.mappings.document import is_visual
from houndstooth.mappings.errors import InvalidFeed, InvalidProduct
from houndstooth.mappings.features import Box
from houndstooth.mappings.product import Product, Scalar

# Of the required roles the first name is certain; two of the others at once are ambiguous.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "product_id", "item_id", "handle", "sku"),
    "title": ("title", "product_display_name", "product_name", "product_title", "name"),
    "image": ("image", "image_link", "image_src", "image_url", "image_path", "file", "filename"),
}
# Of the optional ones all count, and the first that is not empty in a row is taken.
OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "category": (
        "category",
        "product_type",
        "type",
        "product_category",
        "google_product_category",
    ),
    "price": ("price", "variant_price"),
    "currency": ("currency", "price_currency"),
    "brand": ("brand", "vendor", "manufacturer"),
    "stock": ("stock", "variant_inventory_qty", "quantity", "inventory"),
    "group": ("group", "item_group_id"),
    "url": ("url", "link", "product_url"),
    "box": ("box", "bounding_box"),
}
_ROLES = (*REQUIRED, *OPTIONAL)
_FACT_ROLES = frozenset({"title", "brand", "price", "currency", "stock", "image", "group", "url"})
_RESERVED = _FACT_ROLES | {"product_id"}


@dataclass(frozen=True)
class Columns:
    """The columns of each role, in the order in which they are asked; a role may have none.

    Attributes:
        facts: whether products get them: all columns but the id and the box.
    """

    roles: Mapping[str, tuple[str, ...]]
    facts: bool = True

    def product(self, cells: Mapping[str, Any]) -> Product:
        """One row as a product.

        Raises:
            InvalidProduct: no id, no image, or a price, stock or cell that is none.
            InvalidBox: a box column without a box.
        """
        box = self.text(cells, "box")
        return Product(
            product_id=self.text(cells, "id"),
            title=self.text(cells, "title"),
            image=self.text(cells, "image"),
            category_text=self.text(cells, "category"),
            box=Box.parse(box) if box else None,
            facts=self._other_facts(cells) | self._known_facts(cells) if self.facts else None,
        )

    def text(self, cells: Mapping[str, Any], role: str) -> str:
        """The first cell of a role that is not empty, as text; ``""`` where there is none."""
        for column in self.roles.get(role, ()):
            value = cells.get(column)
            if role == "box" and isinstance(value, list):
                value = ",".join(map(str, value))
            if isinstance(value, list | dict):
                raise InvalidProduct(f"expected text in column {column!r}; got {str(value)[:40]}")
            text = "" if value is None else str(value).strip()
            if text:
                return text
        return ""

    def _known_facts(self, cells: Mapping[str, Any]) -> dict[str, Scalar]:
        facts: dict[str, Scalar] = {
            role: self.text(cells, role) or None
            for role in ("title", "brand", "currency", "image", "group", "url")
            if self.roles.get(role)
        }
        if self.roles.get("price"):
            text = self.text(cells, "price")
            amount, currency = parse_price(text) if text else (None, None)
            facts["price"] = amount
            if currency and not facts.get("currency"):
                facts["currency"] = currency
        if self.roles.get("stock"):
            stock = self.text(cells, "stock")
            facts["stock"] = parse_integer(stock, "stock") if stock else None
        return facts

    def _other_facts(self, cells: Mapping[str, Any]) -> dict[str, Scalar]:
        # An empty cell is None and not left out: that is what clears an older value.
        taken = {c for role, columns in self.roles.items() if role != "category" for c in columns}
        return {
            fact_name(column): _scalar(column, value)
            for column, value in cells.items()
            if column and column not in taken and not isinstance(value, list | dict)
        }


def detect_columns(
    found: Sequence[str], chosen: Mapping[str, str] | None = None, facts: bool = True
) -> Columns:
    """The columns of a feed by their well-known names, ``chosen`` ones (role to column) first.

    Args:
        chosen: a column of ``""`` says that an optional role has none.
        facts: see Columns.

    Raises:
        InvalidFeed: a role or column that is not there, or a required role that no column, or more
            than one, may have; the message lists the columns and shows the flag to write.
    """
    chosen = chosen or {}
    _check_chosen(found, chosen)
    by_name: dict[str, list[str]] = {}
    for column in found:
        by_name.setdefault(_normal(column), []).append(column)
    roles: dict[str, tuple[str, ...]] = {}
    for role in _ROLES:
        if role in chosen:
            roles[role] = (chosen[role],) if chosen[role] else ()
        else:
            names = REQUIRED.get(role) or OPTIONAL[role]
            groups = [by_name[_normal(n)] for n in names if _normal(n) in by_name]
            certain = role in REQUIRED and groups and _normal(role) in by_name
            roles[role] = tuple(c for group in groups[: 1 if certain else None] for c in group)
    for role in REQUIRED:
        if len(roles[role]) != 1:
            raise InvalidFeed(_unclear(role, found, roles))
    for role in OPTIONAL:
        if len(set(roles[role])) != len(roles[role]):
            raise InvalidFeed(_unclear(role, found, roles))
    return Columns(roles, facts)


def parse_columns(flag: str) -> dict[str, str]:
    """``id=id,title=productDisplayName`` as roles and their columns.

    Raises:
        InvalidFeed: not of that form.
    """
    pairs = [part.partition("=") for part in flag.split(",")]
    if not all(equals and role.strip() for role, equals, _ in pairs):
        raise InvalidFeed(f"expected columns as id=COLUMN,title=COLUMN,…; got {flag!r}")
    return {role.strip(): column.strip() for role, _, column in pairs}


@lru_cache(maxsize=4096)
def fact_name(column: str) -> str:
    """A column's name as a field's: without dots and spaces, and none of Houndstooth's own."""
    name = re.sub(r"[^\w-]+", "_", column).strip("_") or "column"
    return f"{name}_" if name in _RESERVED or is_visual(name) else name


def _scalar(column: str, value: Scalar) -> Scalar:
    if isinstance(value, int) and abs(value) >= 2**63:
        raise InvalidProduct(f"expected a number of 64 bits in column {column!r}; got a larger one")
    return None if value == "" else value


def _normal(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.strip().lower().removeprefix("g:"))


def _check_chosen(found: Sequence[str], chosen: Mapping[str, str]) -> None:
    for role, column in chosen.items():
        if role not in _ROLES:
            raise InvalidFeed(f"expected one of {', '.join(_ROLES)} in --columns; got {role!r}")
        if found.count(column) != 1 and (column or role in REQUIRED):
            raise InvalidFeed(
                f"expected one column {column!r} as {role}; columns found: {', '.join(found)}"
            )


def _unclear(role: str, found: Sequence[str], roles: Mapping[str, tuple[str, ...]]) -> str:
    several = roles[role]
    problem = (
        f"more than one column may be the {role}: {', '.join(several)}"
        if several
        else f"no column is known as the {role} ({', '.join(REQUIRED[role])})"
    )
    flags = ",".join(
        f"{name}={columns[0] if len(columns) == 1 else 'COLUMN'}"
        for name, columns in roles.items()
        if name in REQUIRED or name == role
    )
    return f"{problem}\ncolumns found: {', '.join(found)}\nsay which it is: --columns {flags}"
