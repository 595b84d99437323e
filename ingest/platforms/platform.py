"""Define a platform: how its exports are recognised, and which role each of its columns has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

from houndstooth.ingest.platforms.layouts import Layout, OneEach

Names = tuple[str, ...]

ROLES: Mapping[str, str] = {
    "id": "id of the product, or of the variant",
    "title": "title",
    "image": "first image",
    "images": "further images",
    "stored": "images, where those columns are empty",
    "category": "the seller's category",
    "price": "price",
    "net_price": "price without tax, where none with tax is known",
    "sale_price": "reduced price",
    "sale_dates": "start and end of the reduced price",
    "sale_start": "start of the reduced price",
    "sale_end": "end of the reduced price",
    "compare_at": "price before, where price is the reduced one",
    "currency": "currency of prices that name none",
    "discount_amount": "what is taken off the price",
    "discount_percent": "the same in percent",
    "on_sale": "whether the reduced price holds",
    "availability": "whether it can be bought",
    "stock": "number of pieces",
    "backorders": "whether it can be bought when none is left",
    "tracked": "whether the stock is counted",
    "brand": "brand",
    "url": "address of its page",
    "group": "what its variants have in common",
    "parent": "the product that a variant belongs to",
    "store": "store for which the row translates another",
    "variants": "list of its variants, each with columns of its own",
    "kind": "what the row describes: product, variant, image",
    "options": "what tells the variant from others",
    "status": "whether it is sold",
    "box": "the item's box in the first image",
    "colour": "stated colour",
    "gender": "stated gender",
    "age_group": "stated age group: with it, male is boys",
    "material": "stated material",
    "pattern": "stated pattern",
    "season": "stated season",
    "fit": "stated fit",
}
"""What each role means, in the order in which roles are shown."""

OFFER_ROLES = (
    *("price", "net_price", "sale_price", "sale_dates", "sale_start", "sale_end", "compare_at"),
    *("currency", "discount_amount", "discount_percent", "availability", "stock", "backorders"),
    "on_sale",
)
ATTRIBUTES: Mapping[str, Names] = {
    "colour": ("color", "colour", "farbe", "couleur", "kleur", "kolor", "colore", "cor"),
    "gender": ("gender", "geschlecht", "genre", "sexe", "genere", "gênero", "género"),
    "age_group": ("age_group", "altersgruppe"),
    "material": ("material", "fabric", "matière", "stof", "materiale", "materiał"),
    "pattern": ("pattern", "muster", "motif"),
    "season": ("season",),
    "fit": ("fit",),
}
"""Attribute groups of the taxonomy, and the columns and options that state them."""


@lru_cache(maxsize=1 << 14)
def normal(name: str) -> str:
    """Reduce a column name to lower-case letters and digits, without accents or ``g:``."""
    plain = unicodedata.normalize("NFD", name.strip().lower())
    return re.sub(r"[\W_]+", "", plain.removeprefix("g:"))


@lru_cache(maxsize=1024)
def attribute_group(option: str) -> str | None:
    """Return the attribute group that a column or option of this name states, if any."""
    name = normal(option)
    return next((g for g, names in ATTRIBUTES.items() if name in map(normal, names)), None)


def numbered_options(
    cells: Mapping[str, Any], name: str = "option{}name", value: str = "option{}value"
) -> dict[str, str]:
    """Read options from pairs of columns such as ``Option1 Name``, ``Option1 Value``.

    Args:
        cells: Cell values by column name in normal form.
        name: The column of a name, with ``{}`` for its number.
        value: The column of a value.
    """
    options: dict[str, str] = {}
    for number in count(1):
        column = name.format(number)
        if column not in cells:
            break
        option = str(cells[column] or "").strip()
        text = str(cells.get(value.format(number)) or "").strip()
        if option and text:
            options[option] = text
    return options


def no_options(_cells: Mapping[str, Any]) -> dict[str, str]:
    """Read no options."""
    return {}


@dataclass(frozen=True)
class Platform:
    """A platform whose exports are understood; a new one is a table of this class.

    Column names match whatever their case, spaces and punctuation. In them ``#`` stands for a
    number and ``@`` for the code of a currency.

    Attributes:
        name: For people, such as ``Shopify product export``.
        recognised_by: Groups of column names; all names of one group must be there.
        first_id: Beginning of the id in the first row, by which it is recognised as well; its
            columns may then come in later rows only.
        roles: The columns of each role. The first that is not empty in a row is used; of image
            columns all are.
        layout: How rows belong together.
        own: Columns whose values a variant never takes from its product; ``*`` stands for any end.
        of_product: Columns whose values a variant always takes from its product.
        inherited: Texts in a variant's cell that say that its product's value holds.
        counting_product: Values of the role ``tracked``, in lower case, that say that the product's
            stock counts for all of its variants.
        left_out: Values of the role ``status``, in lower case, that say it is not sold.
        unused: Columns whose objects are of no use; they are left out without a note.
        category_lists: What separates the category paths in one cell; ``""`` if it holds one.
        category_levels: What separates the levels of a path.
        category_numbers: Whether a number is a category of Google's taxonomy.
        options: Reads a variant's options, such as ``{"Size": "M"}``, from the cell values of the
            role ``options`` by column name in normal form.
        adjust_offer: Changes the texts of an offer by role where a platform gives them a meaning
            of its own.
    """

    name: str
    recognised_by: Sequence[Names]
    roles: Mapping[str, Names]
    first_id: str = ""
    layout: Layout = field(default_factory=OneEach)
    own: Names = ()
    of_product: Names = ()
    inherited: Names = ()
    counting_product: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    unused: Names = ()
    category_lists: str = ""
    category_levels: str = ">"
    category_numbers: bool = True
    options: Callable[[Mapping[str, Any]], dict[str, str]] = no_options
    adjust_offer: Callable[[dict[str, Any]], None] | None = None

    def has_id(self, first_id: str) -> bool:
        """Tell whether the id in a feed's first row is one of this platform's."""
        return bool(self.first_id) and first_id.startswith(self.first_id)

    def recognises(self, names: frozenset[str]) -> bool:
        """Tell whether a feed with these column names, in normal form, is this platform's."""
        return any(names.issuperset(map(normal, group)) for group in self.recognised_by)
