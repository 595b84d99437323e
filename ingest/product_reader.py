"""Convert the cell values of a product to a Product, by positions that are found once a feed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from houndstooth.ingest.category_paths import read_category
from houndstooth.ingest.cell_texts import as_text
from houndstooth.ingest.cells.ids import check_id
from houndstooth.ingest.cells.offers import Offer, OfferCells, decide_offer
from houndstooth.ingest.cells.prices import PriceReader
from houndstooth.ingest.columns import Reading, fact_name
from houndstooth.ingest.platforms import normal
from houndstooth.ingest.platforms.platform import (
    ATTRIBUTES,
    OFFER_ROLES,
    attribute_group,
    no_options,
)
from houndstooth.ingest.references import complete, picture_key, read_references
from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.features import Box
from houndstooth.mappings.product import Fact, Note, Product

Values = Sequence[Any]
PRICE_ROLES = ("price", "sale_price", "compare_at", "discount_amount")
_BEFORE_ROLES = ("sale_price", "compare_at", "discount_amount", "discount_percent")
_KEPT = frozenset({"category", "status", "tracked", "kind", *ATTRIBUTES})
"""Roles whose columns are facts too, under their own names."""
_TAG = re.compile(r"<[A-Za-z/][^<>]*>")
_MAX_INTEGER = 2**63


class ProductReader:
    """Converts cell values to products, as a ``Reading`` says.

    Attributes:
        reading: How the columns are read.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._now = datetime.now(UTC)
        samples = chain.from_iterable(
            (as_text(row.cell_values.get(column)) for role in PRICE_ROLES for column in reading.roles[role])
            for row in reading.sample
        )
        self._prices = PriceReader.from_samples(list(samples), reading.language)
        self._offer = lru_cache(maxsize=1 << 16)(self._decide)
        self._compile()

    def product(
        self,
        cells: Mapping[str, Any],
        *,
        product_id: str | None = None,
        images: Sequence[str] | None = None,
        options: Mapping[str, str] | None = None,
        group: str | None = None,
        notes: Sequence[Note] = (),
    ) -> Product:
        """Convert cell values to a product.

        Args:
            cells: Cell values by column name.
            product_id, images, options, group: Known values; None reads them from the cells.
            notes: What is known to be added or left out.

        Raises:
            InvalidProduct: The id or image is missing.
            InvalidBox: The box is malformed.
        """
        values, noted = self._values(cells), [*notes]
        if product_id is None:
            product_id = check_id(self._id(values))
        if images is None:
            images = self.images(self._image_values(values), noted)
        if options is None:
            options = self.options(cells) if self._has_options else {}
        title = self._title(values)
        if "&" in title or "<" in title:
            title = " ".join(_TAG.sub(" ", html.unescape(title)).split())
        attributes = {name: text for name, read in self._attributes if (text := read(values))}
        for name, text in options.items():
            stated = attribute_group(name)
            if stated:
                attributes[stated] = text
        offer = self._offer_of(values)
        if offer is not None:
            noted += offer.notes
        facts: dict[str, Fact] | None = None
        if self.reading.facts:
            facts = self._facts(values, noted)
            facts["title"] = title or None
            for name, read in self._plain:
                facts[name] = read(values) or None
            if group is not None:
                facts["group"] = group or None
            if offer is not None:
                for name in self._offer_facts:
                    facts[name] = getattr(offer, name)
                if offer.currency is not None:
                    facts["currency"] = offer.currency
            facts["image"] = images[0] if images else None
            if len(images) > 1:
                facts["images"] = images
            elif self._several_images:
                facts["images"] = None
            for name, text in options.items():
                facts[fact_name(name.lower())] = text
        return Product(
            product_id,
            title,
            images,
            self._category(values),
            self._box(values),
            facts,
            attributes,
            self.reading.language,
            noted,
        )

    def images(self, values: Sequence[Any], notes: list[Note]) -> tuple[str, ...]:
        """Read the image references in cell values, each once; note those that cannot be used.

        Raises:
            InvalidProduct: None of several can be used.
        """
        found: dict[str, str] = {}
        problem: InvalidProduct | None = None
        for value in values:
            if not value:
                continue
            for reference in read_references(value):
                try:
                    whole = complete(reference, self.reading.image_base)
                except InvalidProduct as error:
                    notes.append(Note("image left out", str(error)))
                    problem = problem or error
                else:
                    found.setdefault(picture_key(whole), whole)
        if problem and not found:
            raise problem
        return tuple(found.values())

    def options(self, cells: Mapping[str, Any]) -> dict[str, str]:
        """Read the options of a variant."""
        return self.reading.platform.options({n: cells.get(c) for n, c in self._option_columns})

    # --- what is found once a feed ------------------------------------------------------------

    def _compile(self) -> None:
        reading, roles = self.reading, self.reading.roles
        self._columns = reading.columns
        self._known = frozenset(self._columns)
        self._get = _getter(self._columns)
        self._places = {column: place for place, column in enumerate(self._columns)}
        self._id, self._title = self._text("id"), self._text("title")
        self._plain = [(r, self._text(r)) for r in ("brand", "url", "group") if roles[r]]
        image_columns = [*roles["image"], *roles["images"]]
        self._image_values = _getter([self._places[column] for column in image_columns])
        self._several_images = bool(roles["images"]) or len(roles["image"]) > 1
        self._attributes = [(g, self._text(g)) for g in ATTRIBUTES if roles[g]]
        self._option_columns = [(normal(column), column) for column in roles["options"]]
        self._has_options = reading.platform.options is not no_options and self._option_columns
        self._category_places = [self._places[column] for column in roles["category"]]
        self._box_places = [self._places[column] for column in roles["box"]]
        self._compile_offer()
        used = {c for role, columns in roles.items() if role not in _KEPT for c in columns}
        others = [column for column in self._columns if column and column not in used]
        self._fact_names = [fact_name(column) for column in others]
        self._fact_values = _getter([self._places[column] for column in others])

    def _compile_offer(self) -> None:
        roles = self.reading.roles
        self._offer_roles = [role for role in (*OFFER_ROLES, "tracked") if roles[role]]
        if all(len(roles[role]) == 1 for role in self._offer_roles) and not any(
            self.reading.currency(column) for role in PRICE_ROLES for column in roles[role]
        ):
            self._offer_values = _getter([self._places[roles[r][0]] for r in self._offer_roles])
        else:
            readers = [self._text(role) for role in self._offer_roles]
            self._offer_values = lambda values: tuple(read(values) for read in readers)
        facts = {
            "price": bool(roles["price"] or roles["sale_price"]),
            "price_before": any(roles[role] for role in _BEFORE_ROLES),
            "currency": bool(roles["currency"]),
            "availability": bool(roles["availability"] or roles["stock"]),
            "stock": bool(roles["stock"]),
        }
        self._offer_facts = [name for name, there in facts.items() if there]

    def _text(self, role: str) -> Callable[[Values], str]:
        """Return the reader of a role's first text that is not empty."""
        columns = self.reading.roles[role]
        codes = [self.reading.currency(c) if role in PRICE_ROLES else "" for c in columns]
        places = [self._places[column] for column in columns]
        if len(places) == 1 and not any(codes):
            (place,) = places
            return lambda values: as_text(values[place])

        def first(values: Values) -> str:
            for place, code in zip(places, codes, strict=True):
                text = as_text(values[place])
                if text:
                    return f"{text} {code}" if code and text[-1].isdigit() else text
            return ""

        return first

    # --- one product --------------------------------------------------------------------------

    def _values(self, cells: Mapping[str, Any]) -> Values:
        if len(cells) == len(self._columns):
            try:
                return self._get(cells)
            except KeyError:
                pass
        if not self._known.issuperset(cells):
            self.reading.add_columns([name for name in cells if name not in self._known])
            self._compile()
        return [*map(cells.get, self._columns)]

    def _facts(self, values: Values, notes: list[Note]) -> dict[str, Fact]:
        # An empty value becomes None, which clears the stored value.
        pairs = zip(self._fact_names, self._fact_values(values), strict=True)
        return {
            name: (value or None) if value.__class__ is str else _fact(name, value, notes)
            for name, value in pairs
        }

    def _category(self, values: Values) -> str:
        platform = self.reading.platform
        lines: dict[str, None] = {}
        for place in self._category_places:
            value = values[place]
            if value:
                for text in value if isinstance(value, list) else [value]:
                    found = read_category(
                        as_text(text),
                        platform.category_lists,
                        platform.category_levels,
                        platform.category_numbers,
                    )
                    if found:
                        lines[found] = None
        return "\n".join(lines)

    def _box(self, values: Values) -> Box | None:
        for place in self._box_places:
            value = values[place]
            text = ",".join(map(str, value)) if isinstance(value, list) else as_text(value)
            if text:
                return Box.parse(text)
        return None

    def _offer_of(self, values: Values) -> Offer | None:
        if not self._offer_roles:
            return None
        key = self._offer_values(values)
        try:
            return self._offer(key)
        except TypeError:  # a list or an object is no key
            return self._decide(tuple(map(as_text, key)))

    def _decide(self, texts: Sequence[Any]) -> Offer:
        cells = dict(zip(self._offer_roles, texts, strict=True))
        if self.reading.platform.adjust_offer is not None:
            self.reading.platform.adjust_offer(cells)
        cells.pop("tracked", None)
        return decide_offer(OfferCells(**cells), self._prices, self._now)


def _getter(keys: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return the function that gets the values of keys as a tuple."""
    if len(keys) > 1:
        return itemgetter(*keys)
    if keys:
        (key,) = keys
        return lambda values: (values[key],)
    return lambda _values: ()


def _fact(name: str, value: Any, notes: list[Note]) -> Fact:
    """Convert a value that is no text to a fact; one that cannot be stored is noted."""
    if isinstance(value, list):
        if all(isinstance(one, str | int | float) for one in value):
            return [str(one) for one in value] or None
    elif value is None or isinstance(value, bool | float):
        return value
    elif isinstance(value, int) and abs(value) < _MAX_INTEGER:
        return value
    notes.append(Note("field left out", f"expected one value in {name}; got {str(value)[:60]}"))
    return None
