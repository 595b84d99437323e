"""Collect what a feed was read as: its columns, and which values its products have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from houndstooth.ingest.columns import Reading
from houndstooth.ingest.feeds import Feed
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.platforms.platform import ATTRIBUTES
from houndstooth.ingest.products import FeedProduct
from houndstooth.mappings.product import Product

MAX_NAMES = 12
"""Columns named in a list; of more only the number is told."""
LINE_LENGTH = 100
"""Characters after which a list of columns goes on in the next line."""
_INSIDE_NAME = "\N{NO-BREAK SPACE}"


class Survey:
    """A survey of what a feed is read as. It fills while products are read.

    Args:
        feed: The open feed.
        reading: How its columns are read.
    """

    def __init__(self, feed: Feed, reading: Reading) -> None:
        self._feed, self._reading = feed, reading
        self._counted = [role for role in reading.roles if role in COUNTED]
        self._products = 0
        self._filled: Counter[str] = Counter()
        self._titles: dict[int, str] = {}

    def add(self, product: Product) -> None:
        """Count what a product has."""
        self._products += 1
        self._filled.update([role for role in self._counted if has_value(product, role)])

    def watch(self, entries: Iterable[FeedProduct | Outcome]) -> Iterator[FeedProduct | Outcome]:
        """Pass entries on and count them; each title is kept until ``title_of`` asks for it."""
        for entry in entries:
            if isinstance(entry, FeedProduct):
                self.add(entry.product)
                self._titles[entry.row] = entry.product.title
            yield entry

    def _expected(self, role: str) -> bool:
        """Tell whether a role is worth a word where no product has it: few feeds have them all."""
        return bool(self._reading.roles[role]) or role not in (*ATTRIBUTES, "box")

    def title_of(self, row: int | None) -> str:
        """Return the title on a line, once; empty if none was read there."""
        return "" if row is None else self._titles.pop(row, "")

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON, for reports and jobs."""
        reading, filled = self._reading, self._filled
        return {
            "read_as": f"{reading.platform.name} ({self._feed.description})",
            "language": reading.language or None,
            "products": self._products,
            "roles": {
                role: {
                    "columns": list(columns),
                    "filled": filled[role] if role in COUNTED else None,
                }
                for role, columns in reading.roles.items()
                if columns
            },
            "empty": [role for role in self._counted if not filled[role] and self._expected(role)],
            "other_columns": list(reading.others),
            "folded": reading.counts.folded,
            "inherited": dict(reading.counts.inherited.most_common()),
        }


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
_OF_FACTS = {"net_price": "price", "sale_price": "price_before", "compare_at": "price_before"}
_FACTS = ("price", "currency", "brand", "availability", "stock", "group", "url")
COUNTED = frozenset({*_OF_PRODUCT, *_OF_FACTS, *_FACTS, *ATTRIBUTES})
"""Roles whose values are counted. The others only help to read these."""


def survey_text(survey: Mapping[str, Any]) -> str:
    """Format the JSON of a survey as lines for people."""
    total, language = survey["products"], survey["language"]
    lines = [
        f"read as {survey['read_as']}" + (f", language {language}" if language else ""),
        f"{'role':<18}{'filled':>20}   read from",
    ]
    for role, found in survey["roles"].items():
        filled = "not counted" if found["filled"] is None else f"{found['filled']:,} of {total:,}"
        lines += _wrapped(f"{role:<18}{filled:>20}   {_names(found['columns'])}", 41)
    lists = {
        "empty": survey["empty"],
        "stored as facts, not understood": survey["other_columns"],
        "variants took from their product": [
            f"{role} ({count:,})" for role, count in survey["inherited"].items()
        ],
    }
    for title, names in lists.items():
        if names:
            lines += _wrapped(f"{title}: {_names(names)}")
    if survey["folded"]:
        rows = "row" if survey["folded"] == 1 else "rows"
        lines.append(f"folded into other rows: {survey['folded']:,} {rows}")
    return "\n".join(lines)


def _wrapped(line: str, indent: int = 2) -> list[str]:
    lines = wrap(line, LINE_LENGTH, subsequent_indent=" " * indent, break_on_hyphens=False)
    return [line.replace(_INSIDE_NAME, " ") for line in lines]


def _names(columns: Sequence[str]) -> str:
    """List names, such that each stays on one line."""
    shown = ", ".join(name.replace(" ", _INSIDE_NAME) for name in columns[:MAX_NAMES])
    more = len(columns) - MAX_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
