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
    *("dress not black or brown", "no black or brown dress", "dress, no black, no brown"),
    *("Kleid weder schwarz noch braun", "robe ni noire ni marron", "vestido ni negro ni marrón"),
    *(
        "vestito né nero né marrone",
        "jurk noch zwart noch bruin",
        "sukienka ani czarna ani brązowa",
    ),
    *("vestido nem preto nem marrom", "dress not black/brown"),
)
CONTRASTS = (
    *(("dress, not black, brown", "brown"), ("Kleid, nicht schwarz, braun", "braun")),
    *(("robe, pas noire, marron", "marron"), ("vestido, no negro, marrón", "marrón")),
    *(("vestito, non nero, marrone", "marrone"), ("jurk, niet zwart, bruin", "bruin")),
    *(("sukienka, nie czarna, brązowa", "brązowa"), ("vestido, não preto, marrom", "marrom")),
)
NOT_SLEEVELESS = (
    *("dress not without sleeves", "Kleid nicht ohne Ärmel", "vestido no sin mangas"),
    *("robe pas sans manches", "vestito non senza maniche", "jurk niet zonder mouwen"),
    *("sukienka nie bez rękawów", "vestido não sem mangas"),
)
NO_BUTTONS = (
    *("dress without sleeves or buttons", "Kleid ohne Ärmel und Knöpfe"),
    *(
        "jurk geen mouwen of knopen",
        "vestido sin mangas ni botones",
        "robe sans manches ou boutons",
    ),
    *("vestito senza maniche o bottoni", "sukienka bez rękawów i guziki"),
    *("vestido sem mangas ou botões", "dress without sleeves and buttons"),
)
AT_MOST_50 = (
    *("dress not over 50", "Kleid nicht über 50", "robe pas plus de 50", "vestito non più di 50"),
    *("jurk niet meer dan 50", "sukienka nie więcej niż 50", "vestido não mais de 50"),
    *("vestido no más de 50",),
)
AT_LEAST_50 = (
    *(
        "dress not under 50",
        "Kleid nicht unter 50",
        "robe pas moins de 50",
        "vestito non meno di 50",
    ),
    *("jurk niet minder dan 50", "sukienka nie mniej niż 50", "vestido não menos de 50"),
    *("vestido no menos de 50",),
)
NOT_ONLY_BLACK = (
    *(("dress not only black", "black"), ("Kleid nicht nur schwarz", "schwarz")),
    *(("vestido no solo negro", "negro"), ("robe pas seulement noire", "noire")),
    *(("vestito non solo nero", "nero"), ("jurk niet alleen zwart", "zwart")),
    *(("sukienka nie tylko czarna", "czarna"), ("vestido não só preto", "preto")),
)
NOT_MEN = [("not men", "jacket"), ("no men's", "jacket"), ("not for men", "jacket")]
NOT_MEN += [("nicht men", "Jacke"), ("w/o men", "jacket")]
CHEAP = (
    "robe pas cher",
    "Kleid nicht teuer",
    "vestido no caro",
    "vestito non caro",
    "jurk niet duur",
)
PRICES = [
    *(("$30", (None, 30)), ("30 €", (None, 30)), ("30 euros", (None, 30)), ("100 zł", (None, 100))),
    *(("1.000 €", (None, 1000)), ("1 000 €", (None, 1000)), ("₹1,299", (None, 1299))),
    *(("R$ 1.000,50", (None, 1000.5)), ("US$ 40", (None, 40)), ("1'000 CHF", (None, 1000))),
    *(("1,000.50", (None, 1000.5)), ("1.000,50", (None, 1000.5))),
    *(("under 1.000 €", (None, 1000)), ("under 1 000", (None, 1000)), ("from $50", (50, None))),
    *(("30 - 50 €", (30, 50)), ("$30-$50", (30, 50)), ("€30 to €50", (30, 50))),
    *(("from 30 to 50", (30, 50)), ("100–200 zł", (100, 200)), ("1.000-2.000 €", (1000, 2000))),
    *(("r$ 100", (None, 100)), ("us$ 50", (None, 50)), ("1 200 €", (None, 1200))),
    *(("under 12 500 €", (None, 12500)), ("30 000 zł", (None, 30000))),
    *(("12\N{NO-BREAK SPACE}500 zł", (None, 12500)), ("ab 30", (30, None))),
]
NAMES_AND_PRICES = [
    *(
        ("$30 501", 30, "501"),
        ("under $30 501", 30, "501"),
        ("levis 501 100 euro", 100, "levis 501"),
    ),
    *(("air max 90 100 €", 100, "air max 90"), ("levis 501 bis 100 €", 100, "levis 501")),
    ("nike air max 270 150 €", 150, "nike air max 270"),
]
NO_PRICES = (
    *("size 36-38", "36-38", "104-110", "501 jeans", "501-505", "90s", "pack of 3", "40-60 den"),
    *("20-40 cm", "1,000", "49.99", "size EUR 38", "50-30", "2025-2026", "30-50", "30 to 50"),
    *(
        "20-50% off",
        "up to 50% off",
        "at least 50% wool",
        "at least 50 % wool",
        "spf 30-50",
        "100–200",
    ),
    *("10-15 oz", "20-30 liter", "under 30 liter", "200-300 gsm", "30-60 °c", "10-20 days"),
    *('10-20"', 'under 20"', "kinder 80-120", "gr. 50-80", "rozm. 10-20", "20-40", "10-20 pack"),
    *("boys 10-15", "age 10-15", "from age 10 to 15", "35 to 40", "from 90s", "air max 90"),
    *("größe 38 bis 40", "maat 38 tot 40", "rozmiar 38 do 40", "talla 38 hasta 40", "30 a 32"),
    *(
        "taglia 38 fino a 40",
        "taille 38 jusqu'à 40",
        "tamanho 38 até 40",
        "36 bis 40",
        "größe ab 48",
    ),
    *("not between 30 and 50", "nicht von 30 bis 50 €", "not 50 €", "9" * 400 + " €"),
    *("under " + "9" * 12, "1" + " 000" * 4 + " €"),
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
    ("jeans from 30 to 50", ["jeans"], [], [], (30, 50), ""),
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
    ("dress or jeans", ["jeans", "dress"], [], [], None, ""),
    ("dress or skirt or jeans", ["jeans", "skirt", "dress"], [], [], None, ""),
    ("robe or", ["dress"], ["colour:gold"], [], None, ""),
    ("red dress or black skirt", ["skirt", "dress"], [RED, DARK[0]], [], None, ""),
    ("rotes Kleid oder schwarzer Rock", ["skirt", "dress"], [RED, DARK[0]], [], None, ""),
    ("robe rouge ou jupe noire", ["skirt", "dress"], [RED, DARK[0]], [], None, ""),
    *((f"{text} {jacket}", ["jacket"], [], ["gender:men"], None, "") for text, jacket in NOT_MEN),
    ("not ol jacket", ["jacket"], [], [], None, ""),
    *((text, [], [], [], None, "") for text in ("pas ki", "bez owy", "no ir")),
    *((text, ["dress"], [], ["sleeve:sleeveless"], None, "") for text in NOT_SLEEVELESS),
    ("no, without sleeves", [], [SLEEVELESS], [], None, ""),
    ("no, red dress", ["dress"], [RED], [], None, ""),
    *((text, ["dress"], [], DARK[:1], None, rest) for text, rest in CONTRASTS),
    *((text, ["dress"], [], [], None, rest) for text, rest in NOT_ONLY_BLACK),
    *((text, ["dress"], [], [], None, "") for text in CHEAP),
    ("jeans not skinny, straight", ["jeans"], [], ["silhouette:skinny"], None, "straight"),
    ("dress not black, brown, red", ["dress"], [], [*DARK, RED], None, ""),
    ("dress not black; brown", ["dress"], DARK[1:], DARK[:1], None, ""),
    ("shirt not red or striped", ["shirt"], [], [RED, "pattern:striped"], None, ""),
    ("not red or striped shirt", ["shirt"], [], [RED, "pattern:striped"], None, ""),
    *((text, ["dress"], [SLEEVELESS], ["closure:button"], None, "") for text in NO_BUTTONS),
    ("dress without collar or sleeves", ["dress"], [SLEEVELESS], [], None, ""),
    ("Kleid ohne Ärmel und rot", ["dress"], [RED, SLEEVELESS], [], None, ""),
    ("dress without sleeves, v-neck", ["dress"], ["collar:v-neck", SLEEVELESS], [], None, ""),
    ("vestido sin mangas largas", ["dress"], [], ["sleeve:long"], None, ""),
    *((text, ["dress"], [], [], (None, 50), "") for text in AT_MOST_50),
    *((text, ["dress"], [], [], (50, None), "") for text in AT_LEAST_50),
    *(
        (f"{text} jeans", ["jeans"], [], [], (None, top), rest)
        for text, top, rest in NAMES_AND_PRICES
    ),
    ("dress, any colour but black", ["dress"], [], DARK[:1], None, ""),
    ("don't want black dress", ["dress"], [], DARK[:1], None, ""),
    ("vestido no quiero negro", ["dress"], [], DARK[:1], None, ""),
    ("vestido ninguno rojo", ["dress"], [], [RED], None, ""),
    ("robe aucun rouge", ["dress"], [], [RED], None, ""),
    ("no. 5 dress", ["dress"], [], [], None, "no. 5"),
    ("no show socks", ["socks"], [], [], None, ""),
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
    ("not sandals", [], [], [], None, ""),
    ("but not red, blue", [], [], [RED], None, "blue"),
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
