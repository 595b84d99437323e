"""Read the offers of a feed: price, price before, currency, availability and stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from houndstooth.ingest.cells.offers import OfferCells, decide_offer
from houndstooth.ingest.cells.prices import PriceReader
from houndstooth.ingest.cells.texts import as_text
from houndstooth.ingest.columns import Reading
from houndstooth.ingest.platforms.platform import OFFER_ROLES
from houndstooth.ingest.positions import Values, text_reader
from houndstooth.mappings.product import Fact, Note

PRICES = ("price", "net_price", "sale_price", "compare_at", "discount_amount")
_BEFORE = ("sale_price", "compare_at", "discount_amount", "discount_percent")
_REMEMBERED = 1 << 16
"""Offers that are remembered by their texts: many products of a shop have the same."""


class ReadOffer(NamedTuple):
    """An offer: the values of its facts, and notes on cells that could not be read."""

    facts: tuple[Fact, ...]
    notes: Sequence[Note]


class OfferReader:
    """Reads the offers of rows, at one moment.

    Attributes:
        names: Names of the facts of an offer.
    """

    def __init__(self, reading: Reading) -> None:
        self._adjust, self._now = reading.platform.adjust_offer, datetime.now(UTC)
        roles = reading.roles
        samples = chain.from_iterable(
            (as_text(row.cell_values.get(column)) for role in PRICES for column in roles[role])
            for row in reading.sample
        )
        self._prices = PriceReader.from_samples([*samples], reading.language)
        self._roles = [role for role in (*OFFER_ROLES, "tracked") if roles[role]]
        coded = any(reading.currency(column) for role in PRICES for column in roles[role])
        simple = not coded and all(len(roles[role]) == 1 for role in self._roles)
        self._places = [reading.columns.index(roles[r][0]) for r in self._roles] if simple else []
        self._readers = [text_reader(reading, role, coded=role in PRICES) for role in self._roles]
        priced = roles["price"] or roles["net_price"] or roles["sale_price"]
        there = {
            "price": priced,
            "price_before": any(roles[role] for role in _BEFORE),
            "currency": roles["currency"] or priced,
            "availability": roles["availability"] or roles["stock"],
            "stock": roles["stock"],
        }
        self.names = [name for name, columns in there.items() if columns]
        self._remembered = lru_cache(_REMEMBERED)(self._decide)

    def read(self, rows: Sequence[Values], columns: Sequence[Values]) -> list[ReadOffer]:
        """Read the offers of rows.

        Args:
            rows: The values of each row.
            columns: The same by column.
        """
        if not self._roles:
            return [ReadOffer((), ())] * len(rows)
        if self._places:
            texts = [*zip(*map(columns.__getitem__, self._places), strict=True)]
        else:
            texts = [tuple(read(values) for read in self._readers) for values in rows]
        try:
            return [*map(self._remembered, texts)]
        except TypeError:  # a list or an object cannot be looked up
            return [self._decide([as_text(value) or value or "" for value in row]) for row in texts]

    def _decide(self, texts: Sequence[Any]) -> ReadOffer:
        cells = dict(zip(self._roles, texts, strict=True))
        if self._adjust is not None:
            self._adjust(cells)
        cells.pop("tracked", None)
        offer = decide_offer(OfferCells(**cells), self._prices, self._now)
        return ReadOffer(tuple(getattr(offer, name) for name in self.names), offer.notes)
