"""Detect the role of each column of a feed, and convert rows to products.

Roles are detected by the column names of common feeds: Google Merchant, a Shopify product export,
the feed that Houndstooth draws, and plain data sets with a name and a file in each row. Only a
known category column is read as category text. Every other column is a fact: it is stored, shown
and filtered on, and never used to find the category or attributes.
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

# A required role has one column. Its first name decides; two of the other names are ambiguous.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "product_id", "item_id", "handle", "sku"),
    "title": ("title", "product_display_name", "product_name", "product_title", "name"),
    "image": ("image", "image_link", "image_src", "image_url", "image_path", "file", "filename"),
}
# An optional role may have several columns; the first that is not empty in a row is used.
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
    """The columns of each role.

    Attributes:
        roles: Column names by role, in the order in which they are read; a role may have none.
        facts: Whether to read facts: all columns but the id and the box.
    """

    roles: Mapping[str, tuple[str, ...]]
    facts: bool = True

    def product(self, values: Mapping[str, Any]) -> Product:
        """Convert the cell values of a row to a product.

        Raises:
            InvalidProduct: The id or image is missing, or a price, stock or other value is
                malformed.
            InvalidBox: The box is malformed.
        """
        box = self.text(values, "box")
        return Product(
            product_id=self.text(values, "id"),
            title=self.text(values, "title"),
            images=tuple(filter(None, [self.text(values, "image")])),
            category_text=self.text(values, "category"),
            box=Box.parse(box) if box else None,
            facts=self._other_facts(values) | self._known_facts(values) if self.facts else None,
        )

    def text(self, values: Mapping[str, Any], role: str) -> str:
        """Return the first value of a role that is not empty, as text, else ``""``."""
        for column in self.roles.get(role, ()):
            value = values.get(column)
            if role == "box" and isinstance(value, list):
                value = ",".join(map(str, value))
            if isinstance(value, list | dict):
                raise InvalidProduct(f"expected text in column {column!r}; got {str(value)[:40]}")
            text = "" if value is None else str(value).strip()
            if text:
                return text
        return ""

    def _known_facts(self, values: Mapping[str, Any]) -> dict[str, Scalar]:
        facts: dict[str, Scalar] = {
            role: self.text(values, role) or None
            for role in ("title", "brand", "currency", "image", "group", "url")
            if self.roles.get(role)
        }
        if self.roles.get("price"):
            text = self.text(values, "price")
            amount, currency = parse_price(text) if text else (None, None)
            facts["price"] = amount
            if currency and not facts.get("currency"):
                facts["currency"] = currency
        if self.roles.get("stock"):
            stock = self.text(values, "stock")
            facts["stock"] = parse_integer(stock, "stock") if stock else None
        return facts

    def _other_facts(self, values: Mapping[str, Any]) -> dict[str, Scalar]:
        # An empty value becomes None, which clears the stored value.
        used = {c for role, columns in self.roles.items() if role != "category" for c in columns}
        return {
            fact_name(column): _scalar(column, value)
            for column, value in values.items()
            if column and column not in used and not isinstance(value, list | dict)
        }


def detect_columns(
    names: Sequence[str], chosen: Mapping[str, str] | None = None, facts: bool = True
) -> Columns:
    """Detect the role of each column by its name.

    Args:
        names: Column names of the feed.
        chosen: Column by role, for roles that the user has set; ``""`` = no such column.
        facts: See Columns.

    Raises:
        InvalidFeed: There is no such role or column, or a required role has no column or several
            possible ones. The message lists the columns and the flag to use.
    """
    chosen = chosen or {}
    _check_chosen(names, chosen)
    by_name: dict[str, list[str]] = {}
    for column in names:
        by_name.setdefault(_normal(column), []).append(column)
    roles: dict[str, tuple[str, ...]] = {}
    for role in _ROLES:
        if role in chosen:
            roles[role] = (chosen[role],) if chosen[role] else ()
        else:
            known = map(_normal, REQUIRED.get(role) or OPTIONAL[role])
            matches = [by_name[name] for name in known if name in by_name]
            certain = role in REQUIRED and matches and _normal(role) in by_name
            roles[role] = tuple(c for same in matches[: 1 if certain else None] for c in same)
    for role in REQUIRED:
        if len(roles[role]) != 1:
            raise InvalidFeed(_ambiguity(role, names, roles))
    for role in OPTIONAL:
        if len(set(roles[role])) != len(roles[role]):
            raise InvalidFeed(_ambiguity(role, names, roles))
    return Columns(roles, facts)


def parse_columns(flag: str) -> dict[str, str]:
    """Parse ``id=id,title=productDisplayName`` to the column of each role.

    Raises:
        InvalidFeed: The text does not have this form.
    """
    pairs = [part.partition("=") for part in flag.split(",")]
    if not all(equals and role.strip() for role, equals, _ in pairs):
        raise InvalidFeed(f"expected columns as id=COLUMN,title=COLUMN,…; got {flag!r}")
    return {role.strip(): column.strip() for role, _, column in pairs}


@lru_cache(maxsize=4096)
def fact_name(column: str) -> str:
    """Convert a column name to a field name without dots and spaces that is not reserved."""
    name = re.sub(r"[^\w-]+", "_", column).strip("_") or "column"
    return f"{name}_" if name in _RESERVED or is_visual(name) else name


def _scalar(column: str, value: Scalar) -> Scalar:
    if isinstance(value, int) and abs(value) >= 2**63:
        raise InvalidProduct(f"expected a number of 64 bits in column {column!r}; got a larger one")
    return None if value == "" else value


def _normal(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.strip().lower().removeprefix("g:"))


def _check_chosen(names: Sequence[str], chosen: Mapping[str, str]) -> None:
    for role, column in chosen.items():
        if role not in _ROLES:
            raise InvalidFeed(f"expected one of {', '.join(_ROLES)} in --columns; got {role!r}")
        if names.count(column) != 1 and (column or role in REQUIRED):
            raise InvalidFeed(
                f"expected one column {column!r} as {role}; columns found: {', '.join(names)}"
            )


def _ambiguity(role: str, names: Sequence[str], roles: Mapping[str, tuple[str, ...]]) -> str:
    several = roles[role]
    problem = (
        f"more than one column may be the {role}: {', '.join(several)}"
        if several
        else f"no column is known as the {role} ({', '.join(REQUIRED[role])})"
    )
    flags = ",".join(
        f"{other}={columns[0] if len(columns) == 1 else 'COLUMN'}"
        for other, columns in roles.items()
        if other in REQUIRED or other == role
    )
    return f"{problem}\ncolumns found: {', '.join(names)}\nsay which it is: --columns {flags}"
