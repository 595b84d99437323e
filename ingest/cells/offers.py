"""The offer of a product: what it costs now and cost before, and whether it can be bought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from houndstooth.ingest.cells.availability import read_availability, read_permission
from houndstooth.ingest.cells.currencies import currency_code
from houndstooth.ingest.cells.dates import read_period
from houndstooth.ingest.cells.numbers import read_stock
from houndstooth.ingest.cells.prices import Price, PriceReader
from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.product import IN_STOCK, OUT_OF_STOCK, Note

T = TypeVar("T")

WITHOUT_TAX = "price is without tax"
"""Kind of the note on a product of which no price with tax is known."""


class OfferCells(NamedTuple):
    """The cell values of one product that its offer is read from; None or ``""`` if unknown.

    Attributes:
        price: The full price.
        net_price: The full price without tax; it counts where no price with tax is known.
        sale_price: The reduced price.
        sale_dates: Start and end of the reduced price in one text, as Google writes them.
        sale_start: Start of the reduced price or the discount.
        sale_end: Its end.
        compare_at: The price before, if ``price`` is already the reduced one.
        currency: Currency of prices that name none.
        discount_amount: What is taken off the price.
        discount_percent: What is taken off the price, in percent.
        availability: Whether the product can be bought, in words.
        stock: Number of pieces; 0 or less are none.
        backorders: Whether it can be bought when none is left.
        on_sale: Whether the reduced price or the discount holds; it does if unknown.
    """

    price: Any = None
    net_price: Any = None
    sale_price: Any = None
    sale_dates: Any = None
    sale_start: Any = None
    sale_end: Any = None
    compare_at: Any = None
    currency: Any = None
    discount_amount: Any = None
    discount_percent: Any = None
    availability: Any = None
    stock: Any = None
    backorders: Any = None
    on_sale: Any = None


class Offer(NamedTuple):
    """The price of a product and whether it can be bought; None if unknown.

    Attributes:
        price: What it costs now.
        price_before: The full price, if ``price`` is a reduced one.
        currency: ISO 4217 code of both.
        availability: ``in stock``, ``out of stock`` or ``preorder``.
        stock: Number of pieces; negative if more were sold than there were.
        notes: Cells that could not be read, and prices that are the lowest of a range.
    """

    price: float | None = None
    price_before: float | None = None
    currency: str | None = None
    availability: str | None = None
    stock: int | None = None
    notes: Sequence[Note] = ()


def decide_offer(cells: OfferCells, prices: PriceReader, now: datetime) -> Offer:
    """Decide a product's offer at the moment ``now``, which has a time zone.

    The reduced price holds within its dates, or always if it has none, and only if it is above 0
    and below the full price. A cell that cannot be read counts as empty and is noted.
    """
    reading = _Reading(cells, prices, now)
    price, before = reading.prices_now()
    return Offer(
        price=price.amount if price else None,
        price_before=before.amount if before else None,
        currency=reading.currency(price, before),
        stock=(stock := reading.value("stock left empty", read_stock, cells.stock)),
        availability=reading.availability(stock),
        notes=tuple(reading.notes),
    )


@dataclass(slots=True)
class _Reading:
    cells: OfferCells
    reader: PriceReader
    now: datetime
    notes: list[Note] = field(default_factory=list)

    def value(self, kind: str, read: Callable[[Any], T], value: Any) -> T | None:
        """Read a cell; None if it is empty, or if it cannot be read, which is noted as ``kind``."""
        if isinstance(value, str):
            value = value.strip()
        if value is None or value == "":
            return None
        try:
            if isinstance(value, list | dict):
                raise InvalidProduct(f"expected one value; got {str(value)[:40]}")
            return read(value)
        except InvalidProduct as error:
            self.notes.append(Note(kind, str(error)))
            return None

    def prices_now(self) -> tuple[Price | None, Price | None]:
        """Return the price now and the price before."""
        cells = self.cells
        full = self.price("price left empty", cells.price)
        if full is None and (full := self.price("price left empty", cells.net_price)):
            self.notes.append(Note(WITHOUT_TAX, f"expected one with tax; got {_text(full)}"))
        before = self.price("price before left empty", cells.compare_at)
        reduced = self.price("sale price left empty", cells.sale_price)
        if reduced is not None and not reduced.amount:
            reduced = None  # 0.00 is how some platforms write none
        if full is None:
            return reduced if self.holds() else None, None
        if reduced is None:
            reduced = self.discounted(full)
        if reduced is not None and self.fits(reduced, full) and self.holds():
            return reduced, full
        comparable = before is not None and _same_currency(before, full)
        return full, before if comparable and before and before.amount > full.amount else None

    def price(self, kind: str, value: Any) -> Price | None:
        price = self.value(kind, self.reader.read, value)
        if price is not None and price.lowest:
            self.notes.append(Note("price is a range", f"took the lowest of {str(value)[:60]!r}"))
        return price

    def discounted(self, full: Price) -> Price | None:
        """Take the discount off the full price."""
        cells, kind = self.cells, "discount left empty"
        amount = self.price(kind, cells.discount_amount)
        percent = self.value(kind, self.percent, cells.discount_percent)
        if amount is not None and amount.amount:
            reduced = full.amount - amount.amount
        elif percent:
            reduced = full.amount * (1 - percent / 100)
        else:
            return None
        if reduced > 0:
            return Price(round(reduced, 2), full.currency)
        self.notes.append(Note(kind, f"expected a discount below the price; got {reduced:.2f}"))
        return None

    def percent(self, value: Any) -> float:
        return self.reader.read(value.rstrip(" %") if isinstance(value, str) else value).amount

    def fits(self, reduced: Price, full: Price) -> bool:
        """Tell whether a reduced price is one."""
        if reduced.amount < full.amount and _same_currency(reduced, full):
            return True
        if reduced.amount != full.amount:
            self.notes.append(
                Note(
                    "sale price left empty",
                    f"expected a sale price below {_text(full)}; got {_text(reduced)}",
                )
            )
        return False

    def holds(self) -> bool:
        """Tell whether the reduced price or the discount holds now."""
        cells = self.cells
        if self.value("sale flag left empty", read_permission, cells.on_sale) is False:
            return False
        texts = [
            "" if v is None else str(v).strip()
            for v in (cells.sale_dates, cells.sale_start, cells.sale_end)
        ]
        if not any(texts):
            return True
        try:
            answers = {
                read_period(*texts, month_first=first).includes(self.now) for first in (True, False)
            }
            # Both may agree; else the date is refused.
            return answers.pop() if len(answers) == 1 else read_period(*texts).includes(self.now)
        except InvalidProduct as error:
            self.notes.append(Note("offer left out", str(error)))
            return False

    def currency(self, price: Price | None, before: Price | None) -> str | None:
        for one in (price, before):
            if one is not None and one.currency:
                return one.currency
        return self.value("currency left empty", self.code, self.cells.currency)

    def code(self, value: Any) -> str:
        try:
            code = currency_code(str(value), self.reader.language)
        except KeyError:
            code = None
        if code is None:
            raise InvalidProduct(f"expected a currency such as 'EUR'; got {str(value)[:40]!r}")
        return code

    def availability(self, stock: int | None) -> str | None:
        """Read the availability; where no word says it, the stock does."""
        cells = self.cells
        said = self.value("availability left empty", read_availability, cells.availability)
        if said is not None or stock is None:
            return said
        backorders = self.value("backorders left empty", read_permission, cells.backorders)
        return IN_STOCK if stock > 0 or backorders else OUT_OF_STOCK


def _same_currency(one: Price, other: Price) -> bool:
    return not (one.currency and other.currency) or one.currency == other.currency


def _text(price: Price) -> str:
    return f"{price.amount:g} {price.currency or ''}".strip()
