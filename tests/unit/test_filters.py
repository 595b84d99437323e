import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.engine import RangeFilter, TermFilter
from houndstooth.mappings.errors import InvalidFilter
from houndstooth.plugin.filters import parse_filter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("brand=Puma", TermFilter("brand", "Puma")),
        ("brand:Puma", TermFilter("brand", "Puma")),
        (" brand = United Colors of Benetton ", TermFilter("brand", "United Colors of Benetton")),
        ("url=https://shop.example/?a=b", TermFilter("url", "https://shop.example/?a=b")),
        ("url:a=b", TermFilter("url", "a=b")),
        ("Base Colour=Blau-Weiß", TermFilter("Base Colour", "Blau-Weiß")),
        ("price=9.99", TermFilter("price", "9.99")),
        ("price=10..50", RangeFilter("price", 10, 50)),
        ("price:10.5..50.25", RangeFilter("price", 10.5, 50.25)),
        ("price=..50", RangeFilter("price", None, 50)),
        ("price=10..", RangeFilter("price", 10, None)),
        ("delta=-5 .. -1", RangeFilter("delta", -5, -1)),
        ("price=10..10", RangeFilter("price", 10, 10)),
        ("brand=Dots..Brand", TermFilter("brand", "Dots..Brand")),
        ("brand=And...", TermFilter("brand", "And...")),
    ],
)
def test_reads(text, expected):
    assert parse_filter(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "field=value"),
        ("brand", "field=value"),
        ("brand=", "field=value"),
        ("=Puma", "field=value"),
        ("a*b=Puma", "field=value"),
        ("brand=" + "x" * 600, "field=value"),
        ("brand=a\x00b", "control character"),
        ("brand=\ud800", "control character"),
        ("price=..", "without ends"),
        ("price=cheap..50", "'cheap'"),
        ("price=10..nan", "'nan'"),
        ("price=-inf..10", "'-inf'"),
        ("price=10..1e999", "'1e999'"),
        ("price=1_0..50", "'1_0'"),
        ("price=10..20..30", "'20..30'"),
        ("price=50..10", "above"),
    ],
)
def test_invalid_filters_are_refused_with_a_reason(text, reason):
    with pytest.raises(InvalidFilter, match="expected a filter") as error:
        parse_filter(text)
    assert reason in str(error.value)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        found = parse_filter(text)
    except InvalidFilter:
        return
    assert isinstance(found, TermFilter | RangeFilter)


numbers = st.floats(-1e9, 1e9)


@given(st.none() | numbers, st.none() | numbers, st.sampled_from("=:"))
def test_ranges_come_back(low, high, separator):
    if low is not None and high is not None:
        low, high = min(low, high), max(low, high)
    ends = ["" if end is None else repr(end) for end in (low, high)]
    text = f"price{separator}{ends[0]}..{ends[1]}"
    if not any(ends):
        with pytest.raises(InvalidFilter):
            parse_filter(text)
    else:
        assert parse_filter(text) == RangeFilter("price", low, high)
