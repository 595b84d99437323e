"""Collect what a feed was read as: its columns, and which values its products have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.product import Product

ATTRIBUTES = ("colour", "gender", "season", "pattern", "material", "fit", "length")

MAX_NAMES = 12
"""Columns named in a line; of more only the number is told."""


class Survey:
    """A survey of what a feed was read as. It fills while products are read.

    Attributes:
        read_as: The platform and the form of the file, for people.
        roles: For each role the columns that it is read from.
        others: Columns that are nobody's role; they are stored as facts.
        products: Number of products so far.
        filled: Number of products that have a value, by role.
    """

    def __init__(
        self, read_as: str, roles: Mapping[str, Sequence[str]], others: Sequence[str]
    ) -> None:
        self.read_as, self.roles, self.others = read_as, roles, others
        self.products = 0
        self.filled: Counter[str] = Counter()
        self._counted = [role for role in roles if role in COUNTED]
        self._titles: dict[int, str] = {}

    def watch(self, entries: Iterable[FeedProduct | Outcome]) -> Iterator[FeedProduct | Outcome]:
        """Pass entries on, and count what their products have."""
        for entry in entries:
            if isinstance(entry, FeedProduct):
                self.products += 1
                self.filled.update(role for role in self._counted if has_value(entry.product, role))
                self._titles[entry.row] = entry.product.title
            yield entry

    def title_of(self, row: int | None) -> str:
        """Return the title on a line, once; empty if none was read there."""
        return "" if row is None else self._titles.pop(row, "")

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON, for reports and jobs."""
        return {
            "read_as": self.read_as,
            "products": self.products,
            "roles": {
                role: {
                    "columns": list(columns),
                    "filled": self.filled[role] if role in COUNTED else None,
                }
                for role, columns in self.roles.items()
                if columns
            },
            "empty": self.empty,
            "other_columns": list(self.others),
        }

    @property
    def empty(self) -> list[str]:
        """Roles without a column, and roles of which no product has a value."""
        return [role for role in self._counted if not self.filled[role]]

    def text(self) -> str:
        """Format it for people."""
        return survey_text(self.to_json())


def has_value(product: Product, role: str) -> bool:
    """Tell whether a product has a value of one of the ``COUNTED`` roles."""
    if role in _OF_PRODUCT:
        return _OF_PRODUCT[role](product)
    if role in product.attributes:
        return True
    return (product.facts or {}).get(_OF_FACTS.get(role, role)) not in (None, "")


_OF_PRODUCT: Mapping[str, Callable[[Product], bool]] = {
    "id": lambda product: True,
    "title": lambda product: bool(product.title),
    "image": lambda product: True,
    "images": lambda product: len(product.images) > 1,
    "category": lambda product: bool(product.category_text),
    "box": lambda product: product.box is not None,
}
_OF_FACTS = {"sale_price": "price_before", "compare_at": "price_before"}
_FACTS = ("price", "currency", "brand", "availability", "stock", "group", "url")
COUNTED = frozenset({*_OF_PRODUCT, *_OF_FACTS, *_FACTS, *ATTRIBUTES})
"""Roles whose values are counted. The others only help to read these."""


def survey_text(survey: Mapping[str, Any]) -> str:
    """Format the JSON of a survey as lines for people."""
    total = survey["products"]
    lines = [f"read as {survey['read_as']}", f"{'role':<16}{'filled':>16}   read from"]
    for role, found in survey["roles"].items():
        filled = "" if found["filled"] is None else f"{found['filled']:,} of {total:,}"
        lines.append(f"{role:<16}{filled:>16}   {_names(found['columns'])}")
    if survey["empty"]:
        lines.append(f"empty: {', '.join(survey['empty'])}")
    if survey["other_columns"]:
        lines.append(f"stored as facts, not understood: {_names(survey['other_columns'])}")
    return "\n".join(lines)


def _names(columns: Sequence[str]) -> str:
    shown = ", ".join(columns[:MAX_NAMES])
    more = len(columns) - MAX_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
