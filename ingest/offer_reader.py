"""Read the offers of a feed: price, price before, currency, availability and stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from houndstooth.ingest.cell_texts import as_text
from houndstooth.ingest.cells.offers import OfferCells, decide_offer
from houndstooth.ingest.cells.prices import PriceReader
from houndstooth.ingest.columns import Reading
from houndstooth.ingest.platforms.platform import OFFER_ROLES
from houndstooth.ingest.positions import Values, getter, text_reader
from houndstooth.mappings.product import Fact, Note

PRICES = ("price", "sale_price", "compare_at", "discount_amount")
_BEFORE = ("sale_price", "compare_at", "discount_amount", "discount_percent")
_REMEMBERED = 1 << 16
"""Offers that are remembered by their texts: many products of a shop have the same."""


class ReadOffer(NamedTuple):
    """An offer as facts, with the notes on cells that could not be read."""

    facts: Mapping[str, Fact]
    notes: Sequence[Note]


class OfferReader:
    """Reads offers from the values of a row, at one moment."""

    def __init__(self, reading: Reading) -> None:
        self._adjust, self._now = reading.platform.adjust_offer, datetime.now(UTC)
        roles = reading.roles
        samples = chain.from_iterable(
            (as_text(row.cell_values.get(column)) for role in PRICES for column in roles[role])
            for row in reading.sample
        )
        self._prices = PriceReader.from_samples([*samples], reading.language)
        self._roles = [role for role in (*OFFER_ROLES, "tracked") if roles[role]]
        priced = [column for role in PRICES for column in roles[role]]
        if all(len(roles[r]) == 1 for r in self._roles) and not any(map(reading.currency, priced)):
            self._texts = getter([reading.columns.index(roles[role][0]) for role in self._roles])
        else:
            readers = [text_reader(reading, role, coded=role in PRICES) for role in self._roles]
            self._texts = lambda values: tuple(read(values) for read in readers)
        there = {
            "price": roles["price"] or roles["sale_price"],
            "price_before": any(roles[role] for role in _BEFORE),
            "currency": roles["currency"],
            "availability": roles["availability"] or roles["stock"],
            "stock": roles["stock"],
        }
        self._names = [name for name, columns in there.items() if columns]
        self._remembered = lru_cache(_REMEMBERED)(self._decide)

    def read(self, values: Values) -> ReadOffer:
        """Read the offer of a row."""
        texts = self._texts(values)
        try:
            return self._remembered(texts)
        except TypeError:  # a list or an object cannot be looked up
            return self._decide(tuple(map(as_text, texts)))

    def _decide(self, texts: Sequence[Any]) -> ReadOffer:
        cells = dict(zip(self._roles, texts, strict=True))
        if self._adjust is not None:
            self._adjust(cells)
        cells.pop("tracked", None)
        offer = decide_offer(OfferCells(**cells), self._prices, self._now)
        facts: dict[str, Fact] = {name: getattr(offer, name) for name in self._names}
        if offer.currency is not None:
            facts["currency"] = offer.currency
        return ReadOffer(facts, offer.notes)
