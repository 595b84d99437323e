"""What is understood of the words that shoppers type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.text_query import CATEGORY, PRICE, REST
from houndstooth.mappings.text_reader import MAX_TEXT, read_text_query

TAXONOMY = Taxonomy.load()
RED, SLEEVELESS = "colour:red", "sleeve:sleeveless"

BLUE, LEATHER = "colour:blue", "material:leather"
DARK = ["colour:black", "colour:brown"]
WITHOUT_SLEEVES = (
    *("dress with no sleeves", "dress without any sleeves", "no-sleeve dress"),
    *("Kleid ohne Ärmel", "Kleid, keine Ärmel", "robe sans manches", "robe, pas de manches"),
    *("vestido sin mangas", "vestido no mangas", "vestito senza maniche", "vestito non maniche"),
    *("jurk zonder mouwen", "jurk, geen mouwen", "sukienka bez rękawów", "sukienka nie rękawów"),
    *("vestido sem mangas", "vestido não mangas"),
)
NOT_DARK = (
    *("dress, not black, brown", "dress not black or brown", "no black or brown dress"),
    *("dress, no black, no brown", "Kleid, nicht schwarz, braun", "robe, pas noire, marron"),
    *("vestido, no negro, marrón", "vestito, non nero, marrone", "jurk, niet zwart, bruin"),
    *("sukienka, nie czarna, brązowa", "vestido, não preto, marrom"),
)
PRICES = [
    *(("$30", (None, 30)), ("30 €", (None, 30)), ("30 euros", (None, 30)), ("100 zł", (None, 100))),
    *(("1.000 €", (None, 1000)), ("1 000 €", (None, 1000)), ("₹1,299", (None, 1299))),
    *(("R$ 1.000,50", (None, 1000.5)), ("US$ 40", (None, 40)), ("1'000 CHF", (None, 1000))),
    *(("1,000.50", (None, 1000.5)), ("1.000,50", (None, 1000.5))),
    *(("under 1.000 €", (None, 1000)), ("under 1 000", (None, 1000)), ("from $50", (50, None))),
    *(
        ("30-50", (30, 50)),
        ("30 - 50 €", (30, 50)),
        ("$30-$50", (30, 50)),
        ("€30 to €50", (30, 50)),
    ),
    *(("from 30 to 50", (30, 50)), ("100–200", (100, 200)), ("1.000-2.000 €", (1000, 2000))),
]
NO_PRICES = (
    *("size 36-38", "36-38", "104-110", "501 jeans", "501-505", "90s", "pack of 3", "40-60 den"),
    *("20-40 cm", "1,000", "49.99", "size EUR 38", "50-30", "2025-2026"),
)

CASES = [
    # text, categories, required, excluded, low and high price, rest
    ("red dress", ["dress"], [RED], [], None, ""),
    ("rote Kleider", ["dress"], [RED], [], None, ""),
    ("dress without sleeves under 30", ["dress"], [SLEEVELESS], [], (None, 30), ""),
    ("rotes Kleid ohne Ärmel unter 30 €", ["dress"], [RED, SLEEVELESS], [], (None, 30), ""),
    ("robe rouge sans manches moins de 29,99", ["dress"], [RED, SLEEVELESS], [], (None, 29.99), ""),
    ("vestido rojo sin mangas", ["dress"], [RED, SLEEVELESS], [], None, ""),
    ("abito rosso senza maniche fino a 40", ["dress"], [RED, SLEEVELESS], [], (None, 40), ""),
    ("rode jurk zonder mouwen tot 40 euro", ["dress"], [RED, SLEEVELESS], [], (None, 40), ""),
    ("T-shirt, not striped", ["t-shirt"], [], ["pattern:striped"], None, ""),
    ("black shirt without logo", ["shirt"], ["colour:black"], ["pattern:graphic"], None, ""),
    ("not red or blue dress", ["dress"], [], [RED, "colour:blue"], None, ""),
    ("red or blue dress", ["dress"], [RED, "colour:blue"], [], None, ""),
    ("anything but red", [], [], [RED], None, ""),
    ("shirt w/o logo", ["shirt"], [], ["pattern:graphic"], None, ""),
    ("non-leather handbag", ["handbag"], [], ["material:leather"], None, ""),
    ("no-show socks", ["socks"], [], [], None, ""),
    ("no-iron shirt", ["shirt"], [], [], None, "no-iron"),
    ("jeans 30-50€", ["jeans"], [], [], (30, 50), ""),
    ("jeans 30 to 50", ["jeans"], [], [], (30, 50), ""),
    ("jeans between 50 and 30 euros", ["jeans"], [], [], (30, 50), ""),
    ("watch over 1.299,00", ["watch"], [], [], (1299, None), ""),
    ("no more than 20", [], [], [], (None, 20), ""),
    ("jeans under 30 cm", ["jeans"], [], [], None, "under 30 cm"),
    ("puma", [], [], [], None, "puma"),
    ("red puma dress with pockets", ["dress"], [RED], [], None, "puma pockets"),
    ("the", [], [], [], None, "the"),
    *((text, ["dress"], [SLEEVELESS], [], None, "") for text in WITHOUT_SLEEVES),
    ("no sleeves", [], [SLEEVELESS], [], None, ""),
    ("dress, no long sleeves", ["dress"], [], ["sleeve:long"], None, ""),
    ("no, not red", [], [], [RED], None, ""),
    *((text, ["dress"], [], DARK, None, "") for text in NOT_DARK),
    ("jacket not black, brown, red or blue", ["jacket"], [], [*DARK, RED, BLUE], None, ""),
    ("not black, brown jacket", ["jacket"], ["colour:brown"], DARK[:1], None, ""),
    ("red jacket, not black, leather", ["jacket"], [RED, LEATHER], DARK[:1], None, ""),
    *((f"dress {text}", ["dress"], [], [], price, "") for text, price in PRICES),
    *((text, [], [], [], None, text) for text in ("no", "ohne", "not", "sans", "no no", "bez")),
    ("dress or jacket", ["jacket", "dress"], [], [], None, ""),
    ("Kleid oder Jacke", ["jacket", "dress"], [], [], None, ""),
    ("robe ou veste rouge", ["jacket", "dress"], [RED], [], None, ""),
    ("dress with jacket or belt", ["dress"], [], [], None, "jacket belt"),
]
BESIDE = [
    ("same but red", [], [RED], [], None, ""),
    ("like this, but with long sleeves", [], ["sleeve:long"], [], None, ""),
    ("wie dieses, aber blau", [], ["colour:blue"], [], None, ""),
    ("le même en rouge", [], [RED], [], None, ""),
    ("but with a belt", [], [], [], None, "belt"),
    ("cheaper than 30", [], [], [], (None, 30), ""),
    ("as a jacket", ["jacket"], [], [], None, ""),
]


@pytest.mark.parametrize(
    ("case", "beside"), [*((one, False) for one in CASES), *((one, True) for one in BESIDE)]
)
def test_what_is_understood(case, beside) -> None:
    text, categories, required, excluded, price, rest = case
    read = read_text_query(TAXONOMY, text, beside_picture=beside)
    assert list(read.categories) == categories
    assert sorted(t for ts in read.required.values() for t in ts) == sorted(required)
    assert list(read.excluded) == excluded
    assert (read.price and (read.price.low, read.price.high)) == price
    assert read.rest == rest


@pytest.mark.parametrize("text", NO_PRICES)
def test_what_is_no_price(text: str) -> None:
    assert read_text_query(TAXONOMY, f"dress {text}").price is None


def test_kinds_are_left_out() -> None:
    shoes = read_text_query(TAXONOMY, "shoes").categories
    read = read_text_query(TAXONOMY, "shoes not sandals")
    assert {*shoes} - {*read.categories} <= {"sandals"}
    assert "sandals" in read.excluded
    assert "boots" not in read_text_query(TAXONOMY, "not boots").categories


def test_a_negation_of_something_unknown_is_told() -> None:
    read = read_text_query(TAXONOMY, "red dress without pockets")
    assert (read.ignored, read.rest, read.excluded) == ("pockets", "", ())


@pytest.mark.parametrize(
    ("text", "part", "without"),
    [
        ("red dress under 30", CATEGORY, "red under 30"),
        ("red dress under 30", RED, "dress under 30"),
        ("red dress under 30", PRICE, "red dress"),
        ("Puma dress", REST, "dress"),
        ("dress, not red", RED, "dress"),
        ("not red or blue dress", RED, "not blue dress"),
        ("not red or blue dress", "colour:blue", "not red dress"),
        ("red or blue dress", "colour:blue", "red dress"),
    ],
)
def test_each_part_can_be_taken_off(text: str, part: str, without: str) -> None:
    assert read_text_query(TAXONOMY, text).without[part] == without


@pytest.mark.parametrize("text", ["", "  ", "?!", "a" * (MAX_TEXT + 1)])
def test_what_has_no_words_or_too_many_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected q"):
        read_text_query(TAXONOMY, text)


TYPED = (
    "red|or|not|under|30|to|50|€|dress|without|sleeves|and|blue|Puma|ohne|bis|.|,|-|T-shirt's|½|3/4"
)
WORDS = st.sampled_from(TYPED.split("|"))


@given(st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=12).map(" ".join)), st.booleans())
def test_any_text_is_read(text: str, beside: bool) -> None:
    try:
        read = read_text_query(TAXONOMY, text, beside_picture=beside)
    except InvalidInput:
        return
    assert set(read.categories) <= TAXONOMY.categories.keys()
    for name in (*read.excluded, *(t for ts in read.required.values() for t in ts)):
        assert name in read.without
