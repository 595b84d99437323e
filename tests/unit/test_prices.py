"""Prices as shops write them, read to an amount and a currency."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.cells.numbers import read_stock
from houndstooth.ingest.cells.prices import Price, PriceReader
from houndstooth.mappings.errors import InvalidProduct

UNKNOWN = PriceReader.from_samples(())


def reader(*samples: str, language: str = "") -> PriceReader:
    return PriceReader.from_samples(samples, language)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        # Machine feeds.
        ("12.99 EUR", 12.99, "EUR"),
        ("12.99EUR", 12.99, "EUR"),
        ("1299.00 EUR", 1299.0, "EUR"),
        ("22.0000", 22.0, None),
        ("83.190000", 83.19, None),
        ("0.00", 0.0, None),
        ("500 JPY", 500.0, "JPY"),
        ("eur 5", 5.0, "EUR"),
        # What stands around a price, or within.
        ("49,90 € inkl. MwSt.", 49.9, "EUR"),
        ("49,90 € inkl. 19 % MwSt.", 49.9, "EUR"),
        ("49,90 TTC", 49.9, None),
        ("€ 49,95 incl. btw", 49.95, "EUR"),
        ("49,90 € (IVA incluido)", 49.9, "EUR"),
        ("£12.99 inc VAT", 12.99, "GBP"),
        ("12€99", 12.99, "EUR"),
        # Decimal and thousands separators.
        ("19,90", 19.9, None),
        ("1,299.50", 1299.5, None),
        ("1299.50.", 1299.5, None),
        ("1.299,90 €", 1299.9, "EUR"),
        ("1.299.000 VND", 1_299_000.0, "VND"),
        ("1,29,999.00", 129_999.0, None),
        ("₹ 1,29,999", 129_999.0, "INR"),
        ("0,299", 0.299, None),
        (".99", 0.99, None),
        ("1’299.00 CHF", 1299.0, "CHF"),
        ("CHF 1'299.–", 1299.0, "CHF"),
        ("1 299,00 kr", 1299.0, None),
        ("1\u00a0299,00 kr", 1299.0, None),
        ("1\u202f200,90\u00a0€", 1200.9, "EUR"),
        ("1.299,- kr", 1299.0, None),
        ("EUR 1.299,--", 1299.0, "EUR"),
        ("1 299:- SEK", 1299.0, "SEK"),
        # Without a dot feed or a comma feed, three digits after a comma are thousands.
        ("Rs. 1,299", 1299.0, None),
        ("Rs.1,299.50", 1299.5, None),
        ("1,299 TL", 1299.0, "TRY"),
        # Currencies without decimals, or with three.
        ("12,990원", 12990.0, "KRW"),
        ("₩12.990", 12990.0, "KRW"),
        ("12.500 KWD", 12.5, "KWD"),
        # Signs and words.
        ("€12,99", 12.99, "EUR"),
        ("&euro;12.99", 12.99, "EUR"),
        ("R$ 1.299,90", 1299.9, "BRL"),
        ("US$ 12.99", 12.99, "USD"),
        ("US $12.99", 12.99, "USD"),
        ("$ 12.99 CAD", 12.99, "CAD"),
        ("$12.99", 12.99, None),
        ("¥1000", 1000.0, None),
        ("₺1.299,00", 1299.0, "TRY"),
        ("129,99 zł", 129.99, "PLN"),
        ("1 299 Kč", 1299.0, "CZK"),
        ("Fr. 12.50", 12.5, "CHF"),
        ("19.99 €*", 19.99, "EUR"),
        ("  19.99   EUR ", 19.99, "EUR"),
        # Digits of other scripts.
        ("١٢٫٩٩ ر.س", 12.99, "SAR"),
        ("１２.９９", 12.99, None),
    ],
)
def test_prices(text: str, amount: float, currency: str | None) -> None:
    assert UNKNOWN.read(text) == Price(amount, currency)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("From £12.99", 12.99, "GBP"),
        ("ab 12,99 €", 12.99, "EUR"),
        ("à partir de 12,99 €", 12.99, "EUR"),
        ("Desde 12,99 €", 12.99, "EUR"),
        ("a partir de R$ 12,99", 12.99, "BRL"),
        ("da 12,99 €", 12.99, "EUR"),
        ("a partire da: 12,99 €", 12.99, "EUR"),
        ("vanaf € 12,99", 12.99, "EUR"),
        ("Od 12,99 zł", 12.99, "PLN"),
        ("12.99 - 24.99 EUR", 12.99, "EUR"),
        ("12,99 € – 24,99 €", 12.99, "EUR"),
        ("£24.99-12.99", 12.99, "GBP"),
        ("von 12,99 bis 24,99 €", 12.99, "EUR"),
        ("de 12,99 à 24,99 €", 12.99, "EUR"),
    ],
)
def test_the_price_of_a_range_is_its_lowest(text: str, amount: float, currency: str) -> None:
    assert UNKNOWN.read(text) == Price(amount, currency, lowest=True)


@pytest.mark.parametrize("value", [12, 12.0, 0, 19.99])
def test_numbers_of_json_are_prices(value: float) -> None:
    assert UNKNOWN.read(value) == Price(float(value))


@pytest.mark.parametrize(
    "value",
    [
        *(
            "POA",
            "",
            "free",
            "nan",
            "1e5",
            "12 99",
            "1.2 99",
            "12/99",
            "1.2.3",
            "1,2,3",
            "12 EUR or so",
        ),
        *("12.99 pcs", "12.99 PCS", "€12 USD", "10% off", "10-20%", "12-13-14", "9" * 90),
        *(True, None, [], {}, float("nan"), float("inf"), 10**400, "12.99 EUR - 13.99 USD"),
    ],
)
def test_what_is_no_price(value: Any) -> None:
    with pytest.raises(InvalidProduct, match="expected a price"):
        UNKNOWN.read(value)


@pytest.mark.parametrize("value", ["-12.99", "€ -5", "-5 EUR", "−5", -5, -0.01])
def test_negative_prices_are_refused(value: Any) -> None:
    with pytest.raises(InvalidProduct, match="expected a price of 0 or more"):
        UNKNOWN.read(value)


@pytest.mark.parametrize(
    ("samples", "language"),
    [
        (["19,90"], ""),
        (["1.299,90 €"], ""),
        (["1.299.000"], ""),
        (["5,- €", "POA", ""], "en"),
        (["ab 19,90 €"], ""),
        (["1.299", "2.499"], "de"),
        *(([], language) for language in ("de", "fr", "es", "it", "nl", "pt", "pl")),
    ],
)
def test_a_dot_separates_thousands_where_the_feed_or_its_language_says_so(
    samples: list[str], language: str
) -> None:
    assert reader(*samples, language=language).read("1.299 €") == Price(1299.0, "EUR")


@pytest.mark.parametrize(
    ("samples", "language"),
    [
        ([], ""),
        ([], "en"),
        (["1.299", "2.499"], ""),
        (["12.99", "19.99"], "de"),  # the feed knows better than its language
        (["12.99", "19,99"], "de"),  # the feed contradicts itself
    ],
)
def test_a_price_of_two_readings_is_refused_with_both(samples: list[str], language: str) -> None:
    with pytest.raises(InvalidProduct, match=r"'1\.299', which may be 1299 or 1\.299"):
        reader(*samples, language=language).read("1.299 €")


@pytest.mark.parametrize(
    ("samples", "text", "amount"),
    [
        (["1299.500", "12.99"], "1.299", 1.299),  # a program that writes three decimals
        (["31.5"], "24.108", 24.108),
        (["19,5"], "24,108", 24.108),
        (["12.99"], "1,299", 1299.0),
        (["12.99"] * 30 + ["12,99"], "1,299 €", 1299.0),  # one slip contradicts nothing
    ],
)
def test_the_other_prices_tell_decimals_from_thousands(
    samples: list[str], text: str, amount: float
) -> None:
    assert reader(*samples).read(text).amount == amount


def test_three_digits_after_a_comma_have_two_readings_where_commas_are_decimal() -> None:
    with pytest.raises(InvalidProduct, match=r"'1,299', which may be 1299 or 1\.299"):
        reader("19,90").read("1,299 €")


@pytest.mark.parametrize(
    ("text", "language", "currency"),
    [("5 kr", "sv", "SEK"), ("5 kr.", "da", "DKK"), ("¥5", "ja", "JPY"), ("5 kr", "en", None)],
)
def test_the_language_settles_signs_of_several_currencies(
    text: str, language: str, currency: str | None
) -> None:
    assert reader(language=language).read(text) == Price(5.0, currency)


def test_samples_may_be_anything() -> None:
    assert PriceReader.from_samples([None, 5, 2.5, True, [], {}, "x" * 200, "٣"]) == UNKNOWN


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from(["EUR", "USD", "SEK"]))
def test_google_prices(amount: Any, currency: str) -> None:
    assert UNKNOWN.read(f"{amount} {currency}") == Price(float(amount), currency)
    assert UNKNOWN.read(f"{amount:,} {currency}") == Price(float(amount), currency)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_german_prices(amount: Any) -> None:
    text = f"{amount:,}".translate(str.maketrans(",.", ".,"))
    assert UNKNOWN.read(f"{text} €") == Price(float(amount), "EUR")


@given(st.one_of(st.text(), st.text(alphabet="0123456789.,-' €$kr\u00a0ab"), st.floats()))
def test_any_value_is_a_price_or_an_invalid_product(value: Any) -> None:
    PriceReader.from_samples([value])
    try:
        assert UNKNOWN.read(value).amount >= 0
    except InvalidProduct:
        return


@pytest.mark.parametrize(
    ("value", "stock"), [("7", 7), ("7.0000", 7), ("-3", -3), (7, 7), (7.0, 7), (" 0 ", 0)]
)
def test_stock_is_a_whole_number(value: Any, stock: int) -> None:
    assert read_stock(value) == stock


@pytest.mark.parametrize("value", ["many", "7.5", "", "10+", "1_0", "nan", 2**31, 10**400])
def test_what_is_no_stock(value: Any) -> None:
    with pytest.raises(InvalidProduct, match="expected a whole number as stock"):
        read_stock(value)
