"""What a product costs and whether it can be bought, from the cells of each platform."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.cells.availability import read_availability, read_permission
from houndstooth.ingest.cells.dates import read_period
from houndstooth.ingest.cells.ids import check_id
from houndstooth.ingest.cells.offers import Offer, OfferCells, decide_offer
from houndstooth.ingest.cells.prices import PriceReader
from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.product import IN_STOCK, OUT_OF_STOCK, PREORDER

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


def offer(language: str = "", **cells: Any) -> Offer:
    return decide_offer(OfferCells(**cells), PriceReader.from_samples((), language), NOW)


def prices(**cells: Any) -> tuple[float | None, float | None]:
    found = offer(**cells)
    return found.price, found.price_before


def kinds(found: Offer) -> list[str]:
    return [note.kind for note in found.notes]


GOOGLE = {"price": "20.00 EUR", "sale_price": "10.00 EUR"}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, (None, None)),
        ({"price": "20.00 EUR"}, (20, None)),
        (GOOGLE, (10, 20)),
        (GOOGLE | {"sale_dates": "2020-01-01T00:00Z/2030-01-01T00:00Z"}, (10, 20)),
        (GOOGLE | {"sale_dates": "2020-01-01T00:00-0800/2030-01-01T00:00-0800"}, (10, 20)),
        (GOOGLE | {"sale_dates": "2020-01-01T00:00Z/2021-01-01T00:00Z"}, (20, None)),
        (GOOGLE | {"sale_dates": "2027-01-01T00:00Z/2028-01-01T00:00Z"}, (20, None)),
        (GOOGLE | {"sale_price": ""}, (20, None)),
        (GOOGLE | {"sale_price": "0.00"}, (20, None)),
        (GOOGLE | {"sale_price": "20.00 EUR"}, (20, None)),
        # Magento
        ({"price": "22.0000", "special": "12.5000"}, (12.5, 22)),
        ({"price": "22.0000", "special": "12.5000", "to": "2026-03-14"}, (22, None)),
        ({"price": "22.0000", "special": "12.5000", "to": "2026-03-15"}, (12.5, 22)),
        ({"price": "22.0000", "special": "12.5000", "to": "2026-03-15 00:00:00"}, (12.5, 22)),
        ({"price": "22.0000", "special": "12.5000", "to": "2026-03-15T00:00Z"}, (22, None)),
        ({"price": "22.0000", "special": "12.5000", "from": "2026-03-16"}, (22, None)),
        ({"price": "22.0000", "special": "12.5000", "from": "3/1/26"}, (12.5, 22)),
        ({"price": "22.0000", "special": "12.5000", "from": "1/31/26"}, (12.5, 22)),
        ({"price": "22", "special": "12", "from": "2/1/26", "to": "5/4/26"}, (12, 22)),
        ({"price": "22", "special": "12", "from": "2/1/25", "to": "1/3/26"}, (22, None)),
        # Shopify
        ({"price": "20.09", "compare_at": "100.09"}, (20.09, 100.09)),
        ({"price": "20.09", "compare_at": "20.09"}, (20.09, None)),
        ({"price": "20.09", "compare_at": "0.00"}, (20.09, None)),
        ({"price": "20.09", "compare_at": "5"}, (20.09, None)),
        ({"price": 20.09, "compare_at": 100}, (20.09, 100)),
        # WooCommerce
        ({"price": "20", "sale_price": "18"}, (18, 20)),
        ({"price": "", "sale_price": "18"}, (18, None)),
        ({"price": "20", "sale_price": "18", "on_sale": False}, (20, None)),
        # PrestaShop
        ({"price": "20.09", "on_sale": "1", "discount_percent": "20"}, (16.07, 20.09)),
        ({"price": "20.09", "on_sale": "1", "discount_percent": "20 %"}, (16.07, 20.09)),
        ({"price": "20.09", "on_sale": "1", "discount_amount": "5"}, (15.09, 20.09)),
        ({"price": "20.09", "on_sale": "0", "discount_percent": "20"}, (20.09, None)),
        ({"price": "20.09", "on_sale": "1"}, (20.09, None)),
        ({"price": "20.09", "discount_amount": "0.00", "discount_percent": "0"}, (20.09, None)),
    ],
)
def test_the_price_now_and_the_price_before(
    cells: dict[str, Any], expected: tuple[float | None, float | None]
) -> None:
    magento = {"special": "sale_price", "from": "sale_start", "to": "sale_end"}
    assert prices(**{magento.get(name, name): cell for name, cell in cells.items()}) == expected


@pytest.mark.parametrize(
    ("cells", "expected", "kind"),
    [
        ({"price": "POA"}, (None, None), "price left empty"),
        ({"price": "1.299"}, (None, None), "price left empty"),
        ({"price": "-5"}, (None, None), "price left empty"),
        ({"price": ["5"]}, (None, None), "price left empty"),
        ({"price": "POA", "sale_price": "5"}, (5, None), "price left empty"),
        ({"price": "5 - 7"}, (5, None), "price is a range"),
        ({"price": "20", "sale_price": "soon"}, (20, None), "sale price left empty"),
        ({"price": "20", "sale_price": "25"}, (20, None), "sale price left empty"),
        ({"price": "20 EUR", "sale_price": "5 USD"}, (20, None), "sale price left empty"),
        ({"price": "20", "compare_at": "more"}, (20, None), "price before left empty"),
        ({"price": "9", "sale_price": "5", "sale_end": "4/2/26"}, (9, None), "offer left out"),
        (GOOGLE | {"sale_dates": "spring"}, (20, None), "offer left out"),
        (GOOGLE | {"sale_start": "4/2/26"}, (20, None), "offer left out"),
        (GOOGLE | {"on_sale": "perhaps"}, (10, 20), "sale flag left empty"),
        ({"price": "20", "discount_percent": "120"}, (20, None), "discount left empty"),
        ({"price": "20", "discount_amount": "much"}, (20, None), "discount left empty"),
        ({"price": "20", "currency": "money"}, (20, None), "currency left empty"),
        ({"price": "20", "currency": "$"}, (20, None), "currency left empty"),
        ({"price": "20", "stock": "some"}, (20, None), "stock left empty"),
        ({"price": "20", "stock": True}, (20, None), "stock left empty"),
        ({"price": "20", "availability": ["in stock"]}, (20, None), "availability left empty"),
        ({"price": "20", "availability": "in 3 days"}, (20, None), "availability left empty"),
        ({"price": "20", "stock": "0", "backorders": "?"}, (20, None), "backorders left empty"),
    ],
)
def test_a_cell_that_cannot_be_read_is_noted_and_costs_only_itself(
    cells: dict[str, Any], expected: tuple[float | None, float | None], kind: str
) -> None:
    found = offer(**cells)
    assert (found.price, found.price_before) == expected
    assert kinds(found) == [kind]


def test_a_note_names_the_value() -> None:
    (note,) = offer(price="POA").notes
    assert note.detail == "expected a price such as '12.99 EUR'; got 'POA'"
    (note,) = offer(price="1.299 €").notes
    assert "may be 1299 or 1.299" in note.detail


def test_the_language_of_the_feed_reads_its_prices() -> None:
    assert offer("de", price="1.299 €", sale_price="999 €").price_before == 1299


@pytest.mark.parametrize(
    ("cells", "currency"),
    [
        ({"price": "5 EUR", "currency": "USD"}, "EUR"),
        ({"price": "5", "currency": "USD"}, "USD"),
        ({"price": "5", "currency": "usd"}, "USD"),
        ({"price": "5", "currency": "€"}, "EUR"),
        ({"price": "$5", "currency": "CAD"}, "CAD"),
        ({"price": "20", "sale_price": "5 EUR"}, "EUR"),
        ({"price": "20 EUR", "sale_price": "5"}, "EUR"),
        ({"currency": "EUR"}, "EUR"),
        ({"price": "$5"}, None),
    ],
)
def test_the_currency_is_that_of_the_price_else_of_its_cell(
    cells: dict[str, Any], currency: str | None
) -> None:
    assert offer(**cells).currency == currency


@pytest.mark.parametrize(
    ("cells", "availability", "stock"),
    [
        ({}, None, None),
        ({"availability": "in_stock", "stock": "7.0000"}, IN_STOCK, 7),
        ({"availability": "in stock", "stock": "0"}, IN_STOCK, 0),  # does not track its stock
        ({"availability": "out_of_stock", "stock": 5}, OUT_OF_STOCK, 5),
        ({"availability": "0", "stock": ""}, OUT_OF_STOCK, None),
        ({"availability": "Preorder", "stock": "0"}, PREORDER, 0),
        ({"stock": "3"}, IN_STOCK, 3),
        ({"stock": 0}, OUT_OF_STOCK, 0),
        ({"stock": "-2"}, OUT_OF_STOCK, -2),
        ({"stock": "0", "backorders": "continue"}, IN_STOCK, 0),
        ({"stock": "0", "backorders": "notify"}, IN_STOCK, 0),
        ({"stock": "0", "backorders": True}, IN_STOCK, 0),
        ({"stock": "0", "backorders": "deny"}, OUT_OF_STOCK, 0),
        ({"stock": "0", "backorders": "0"}, OUT_OF_STOCK, 0),
        ({"availability": "no", "stock": "0", "backorders": "yes"}, OUT_OF_STOCK, 0),
    ],
)
def test_availability_is_what_a_word_says_else_what_the_stock_says(
    cells: dict[str, Any], availability: str | None, stock: int | None
) -> None:
    found = offer(**cells)
    assert (found.availability, found.stock, kinds(found)) == (availability, stock, [])


WORDS = {
    IN_STOCK: "in stock, In Stock, in-stock, 1, 12, True, yes, Y, available, auf Lager, verfügbar, "
    "https://schema.org/InStock, Sofort lieferbar, ja, En stock, oui, disponible, sí, Disponibile, "
    "op voorraad, em estoque, Disponível, w magazynie, Dostępny, tak",
    OUT_OF_STOCK: "out of stock, OutOfStock, sold out, 0, 0.00, False, no, disabled, ausverkauft, "
    "http://schema.org/OutOfStock, nicht auf Lager, nein, rupture de stock, Épuisé, non, agotado, "
    "sin stock, esaurito, uitverkocht, niet op voorraad, esgotado, não, wyprzedane, nie",
    PREORDER: "preorder, pre-order, available for order, backorder, Vorbestellbar",
}


@pytest.mark.parametrize("availability", WORDS)
def test_words_for_availability(availability: str) -> None:
    words = WORDS[availability].split(", ")
    assert {word: read_availability(word) for word in words} == dict.fromkeys(words, availability)


def test_booleans_and_numbers_of_json_for_availability() -> None:
    assert [read_availability(value) for value in (True, 1, 7.0)] == [IN_STOCK] * 3
    assert [read_availability(value) for value in (False, 0, -1)] == [OUT_OF_STOCK] * 3


def test_yes_and_no_in_words_of_platforms() -> None:
    assert [read_permission(word) for word in ("continue", "TRUE", "1", "2", 1)] == [True] * 5
    assert [read_permission(word) for word in ("deny", "False", "0", "no", 0)] == [False] * 5


@pytest.mark.parametrize(
    ("cells", "start", "end"),
    [
        ({"start": "2024-01-31"}, datetime(2024, 1, 31), None),
        ({"end": "2024-01-31"}, None, datetime(2024, 2, 1)),
        ({"end": "2024-01-31 23:59:59"}, None, datetime(2024, 1, 31, 23, 59, 59)),
        ({"start": "31.01.2024", "end": "1.2.24"}, datetime(2024, 1, 31), datetime(2024, 2, 2)),
        ({"start": "1/31/24, 1:30 PM"}, datetime(2024, 1, 31, 13, 30), None),
        ({"start": "31/1/2024 12:00 am"}, datetime(2024, 1, 31), None),
        ({"start": "2/2/24"}, datetime(2024, 2, 2), None),
        ({"start": "0000-00-00", "end": "0000-00-00 00:00:00"}, None, None),
        ({"end": "9999-12-31"}, None, None),
        ({"start": "1706659200"}, datetime(2024, 1, 31), None),
        ({"dates": "2024-01-31T08:00+0800 / "}, datetime(2024, 1, 31), None),
    ],
)
def test_dates(cells: dict[str, str], start: datetime | None, end: datetime | None) -> None:
    expected = [moment and moment.replace(tzinfo=UTC) for moment in (start, end)]
    assert list(read_period(**cells)) == expected


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"start": "1/2/24"}, "day and month cannot be told apart"),
        ({"start": "01-02-2024"}, "day and month cannot be told apart"),
        ({"start": "31.31.2024"}, "expected a date"),
        ({"start": "soon"}, "expected a date"),
        ({"start": "1/31/24 99:00"}, "expected a date"),
        ({"dates": "2024-01-31"}, "expected two dates"),
    ],
)
def test_what_is_no_date(cells: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidProduct, match=said):
        read_period(**cells)


@pytest.mark.parametrize("text", ["1.23457E+12", "1,23457E+12", "1E+12", "-1.5e+15"])
def test_ids_that_excel_has_shortened_are_refused(text: str) -> None:
    with pytest.raises(InvalidProduct, match="which Excel has shortened"):
        check_id(text)


@pytest.mark.parametrize("text", ["1234567890123", "12E5", "A/B 1", "50%", "", "1.2E", "12E+5"])
def test_other_ids_stay_as_they_are(text: str) -> None:
    assert check_id(text) == text


ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just([]))


@given(st.fixed_dictionaries(dict.fromkeys(OfferCells._fields, ANY)))
def test_no_cell_costs_the_product(cells: dict[str, Any]) -> None:
    assert isinstance(offer(**cells), Offer)
