import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings import language_words
from houndstooth.mappings.language_words import LANGUAGES
from houndstooth.mappings.seller_text import TextEvidence, read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.text_language import likely_languages

TAXONOMY = Taxonomy.load()
SHIPPED = [language for language in LANGUAGES if language]
PANTS = set(TAXONOMY.categories_for_label("pants"))


def read(title: str, category_text: str = "", language: str = "") -> TextEvidence:
    return read_seller_text(TAXONOMY, title, category_text, language=language)


@pytest.mark.parametrize(
    ("title", "category_text", "language", "leaves", "colour"),
    [
        ("T-shirt homme rouge col rond", "Vêtements > Hauts", "fr", {"t-shirt"}, "red"),
        ("Rotes Herren Kleid", "", "de", {"dress"}, "red"),
        ("Robe d'été bleue", "", "fr", {"dress"}, "blue"),
        ("Chemise à carreaux", "", "fr", {"shirt"}, None),
        ("Zapatos de tacón rojos", "", "es", {"heels"}, "red"),
        ("Blaue Hose", "", "de", PANTS, "blue"),
        ("Sac à main noir", "", "fr", {"handbag"}, "black"),
        ("Slip homme noir", "", "fr", {"underpants"}, "black"),
        ("Pullover Damen grün", "", "de", {"sweater"}, "green"),
        ("Short de bain", "", "fr", {"shorts"}, None),
        ("Robe femme", "", "fr", {"dress"}, None),
        ("Chemise homme", "", "fr", {"shirt"}, None),
        ("Camisa de vestir azul", "", "es", {"shirt"}, "blue"),
        ("Top Hose Jeans blau", "", "de", {"jeans"}, "blue"),
        ("Gonna lunga nera", "", "it", {"skirt"}, "black"),
        ("Witte sneakers met veters", "", "nl", {"casual-shoes", "sports-shoes"}, "white"),
        ("Saia plissada vermelha", "", "pt", {"skirt"}, "red"),
        ("Czarna sukienka wieczorowa", "", "pl", {"dress"}, "black"),
    ],
)
def test_a_title_is_read_in_its_language(
    title: str, category_text: str, language: str, leaves: set[str], colour: str | None
) -> None:
    for declared in ("", language):
        evidence = read(title, category_text, declared)
        assert evidence.categories == leaves
        assert evidence.attributes.get("colour") == ((f"colour:{colour}",) if colour else None)


@pytest.mark.parametrize("word", ["Robe", "Chemise", "Jersey", "Culottes", "Sweater"])
def test_a_false_friend_decides_nothing_unless_the_language_says_so(word: str) -> None:
    english = read(f"Harrow {word}", language="en").categories
    assert english
    assert read(f"Harrow {word}").categories == frozenset()
    assert read(f"Harrow {word}", language="sv").categories == frozenset()
    assert read(f"Women {word} for Summer").categories == english


def test_loan_words_are_known_in_every_language() -> None:
    for language in (*SHIPPED, "sv"):
        assert read("Nova T-Shirt", language=language).categories == {"t-shirt"}
        assert read("Nova Top", language=language).categories == {"top"}
        assert read("Nova Jeans", language=language).categories == {"jeans"}
        assert read("Nova Blazer", language=language).categories == {"blazer"}


@pytest.mark.parametrize(
    ("title", "language", "leaves"),
    [
        ("Cargo Shorts", "en", {"shorts"}),
        ("Camisa vaquera con chaqueta", "es", {"shirt"}),
        ("Pantalon de costume", "fr", {"trousers"}),
        ("Costume homme", "fr", {"suit"}),
        ("Costume donna", "it", {"swimwear"}),
        ("Jersey de punto", "es", {"sweater"}),
        ("Pull en maille", "fr", {"sweater"}),
        ("Lederrock", "de", {"skirt"}),
        ("Kleid mit Gürtel", "de", {"dress"}),
        ("Gürtel für Kleid", "de", {"belt"}),
        ("Winterhandschuhe", "de", {"gloves"}),
        ("Trainingsbroek", "nl", {"track-pants"}),
    ],
)
def test_the_deciding_noun_is_where_the_language_puts_it(
    title: str, language: str, leaves: set[str]
) -> None:
    assert read(title, language=language).categories == leaves


@pytest.mark.parametrize(
    ("title", "language", "leaves", "stated"),
    [
        ("Damenlederstiefel", "de", {"boots"}, {"gender:women", "material:leather"}),
        ("Sommerkleid", "de", {"dress"}, {"season:summer"}),
        ("Winterjacke", "de", {"jacket"}, {"season:winter"}),
        ("Herrenbaumwollhemd", "de", {"shirt"}, {"gender:men", "material:cotton"}),
        ("Damessneakers", "nl", {"casual-shoes", "sports-shoes"}, {"gender:women"}),
        ("Kleiderschrank", "de", set(), set()),
    ],
)
def test_the_end_of_a_compound_decides(
    title: str, language: str, leaves: set[str], stated: set[str]
) -> None:
    evidence = read(title, language=language)
    assert evidence.categories == leaves
    assert {term for terms in evidence.attributes.values() for term in terms} == stated


def test_the_attribute_next_to_the_noun_counts() -> None:
    assert read("Chemise bleue rayures rouges").attributes["colour"] == ("colour:blue",)
    assert read("Rote Hose blau").attributes["colour"] == ("colour:blue",)


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Rot und blaues Hemd", "de"),
        ("Rot-blaues Herrenhemd", "de"),
        ("Chemise rouge et bleue", "fr"),
        ("Camisa roja y azul", "es"),
        ("Camicia rossa e blu", "it"),
        ("Rood en blauw overhemd", "nl"),
        ("Koszula czerwona i niebieska", "pl"),
        ("Camisa vermelha e azul", "pt"),
        ("Camisa vermelha/azul", "pt"),
    ],
)
def test_terms_are_joined_by_the_words_of_the_language(title: str, language: str) -> None:
    for declared in ("", language):
        assert read(title, language=declared).attributes["colour"] == ("colour:red", "colour:blue")


def test_two_products_that_are_joined_do_not_share_their_colours() -> None:
    assert read("Chemise rouge et pantalon bleu").attributes["colour"] == ("colour:red",)
    assert read("Baumwoll- und Leinenhose", language="de").attributes["material"] == (
        "material:cotton",
        "material:linen",
    )


def test_a_phrase_does_not_say_what_its_words_say_alone() -> None:
    assert dict(read("Robe courte", language="fr").attributes) == {"length": ("length:mini",)}
    sleeves = read("Robe à manches courtes", language="fr").attributes
    assert dict(sleeves) == {"sleeve": ("sleeve:short",)}


def test_languages_that_know_most_words_are_likely() -> None:
    assert likely_languages(TAXONOMY, ["Arpen 300"]) == ("en",)
    assert likely_languages(TAXONOMY, ["", ""]) == ("en",)
    assert likely_languages(TAXONOMY, ["Women Satin Robe"]) == ("en",)
    assert {"en", "fr"} <= set(likely_languages(TAXONOMY, ["Robe"]))
    assert likely_languages(TAXONOMY, ["Robe", "Vêtements > Robes"]) == ("fr",)


@pytest.mark.parametrize("language", SHIPPED)
def test_every_word_of_a_language_states_its_category(language: str) -> None:
    for term, words in LANGUAGES[language].categories.items():
        leaves = {
            leaf
            for each in term.split(", ")
            for leaf in (
                TAXONOMY.broader_terms[each].categories
                if each in TAXONOMY.broader_terms
                else [each]
            )
        }
        known = leaves <= TAXONOMY.categories.keys() and not term.startswith("for-")
        for word in words if known else ():
            assert read(word, language=language).categories & leaves, word


@pytest.mark.parametrize("language", SHIPPED)
def test_every_word_of_a_language_states_its_attribute(language: str) -> None:
    for name, values in LANGUAGES[language].attributes.items():
        for value, words in values.items():
            assert TAXONOMY.check_attribute(f"{name}:{value}")
            for word in words:
                evidence = read(word, language=language)
                if (
                    not evidence.categories
                    or evidence.categories & TAXONOMY.groups[name].categories
                ):
                    assert evidence.attributes[name] == (f"{name}:{value}",), word


def test_language_files_name_known_kinds() -> None:
    public = language_words.PUBLIC
    terms = TAXONOMY.categories.keys() | TAXONOMY.broader_terms.keys()
    terms |= public.other_kinds.keys() | public.wider_kinds.keys()
    assert SHIPPED == ["de", "es", "fr", "it", "nl", "pl", "pt"]
    for language in SHIPPED:
        for term in LANGUAGES[language].categories:
            assert set(term.split(", ")) <= terms, (language, term)


def test_the_files_are_small() -> None:
    folder = Path(language_words.__file__).parent
    files = [*folder.glob("languages/*.json"), folder / "public_categories.json"]
    assert sum(path.stat().st_size for path in files) < 300_000
    for path in files:
        assert json.loads(path.read_text(encoding="utf-8"))


@given(st.text(), st.sampled_from(["", "en", "sv", *SHIPPED]))
def test_any_title_can_be_read_in_any_language(title: str, language: str) -> None:
    assert read(title, language=language).categories <= TAXONOMY.categories.keys()
