import pytest

from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()


def read(title: str, attributes: dict[str, str], language: str = "") -> dict[str, tuple[str, ...]]:
    found = read_seller_text(TAXONOMY, title, attributes=attributes, language=language)
    return dict(found.attributes)


@pytest.mark.parametrize(
    ("group", "value", "expected"),
    [
        ("colour", "Navy/White", "navy-blue white"),
        ("colour", "red, blue", "red blue"),
        ("colour", "Red | Blue\nGreen; Black & White", "red blue green black"),
        ("colour", "Multicolour, Red", "red"),
        ("colour", "Multicolour", "multi"),
        ("colour", "Black and White", "black white"),
        ("colour", "schwarz-weiß", "black white"),
        ("colour", "Galaxy/Rouge", "red"),
        ("colour", "Blau, Rot", "blue red"),
        ("colour", "Crimson, Scarlet", "red"),
        ("season", "Fall/Winter", "fall winter"),
        ("material", "60% Cotton, 40% Polyester", "cotton synthetic"),
        ("gender", "Men/Women", "men women"),
        ("sleeve", "3/4 Sleeve", "three-quarter"),
        ("colour", "Navy Blue", "navy-blue"),
        ("colour", "OFF-WHITE", "off-white"),
        ("colour", "Rose Gold", "gold"),
        ("colour", "Galaxy; Black", "black"),
        ("colour", "Dunkelblau", "navy-blue"),
        ("colour", "bleu marine", "navy-blue"),
        ("colour", "Czarny", "black"),
        ("gender", "male", "men"),
        ("gender", "Female", "women"),
        ("gender", "Men's", "men"),
        ("gender", "unisex", "unisex"),
        ("gender", "Boys", "boys"),
        ("gender", "Herren", "men"),
        ("gender", "Donna", "women"),
        ("gender", "niña", "girls"),
        ("material", "100% Cotton", "cotton"),
        ("pattern", "à carreaux", "checked"),
    ],
)
def test_a_column_is_understood_in_every_language(group: str, value: str, expected: str) -> None:
    terms = tuple(f"{group}:{value}" for value in expected.split())
    assert read("Nova 2.0", {group: value}) == {group: terms}


def test_a_column_wins_over_the_title() -> None:
    assert read("Red Shirt", {"colour": "Blue"})["colour"] == ("colour:blue",)
    assert read("Red Shirt", {"colour": "Galaxy"})["colour"] == ("colour:red",)
    assert read("Red Shirt", {"colour": ""})["colour"] == ("colour:red",)
    assert read("Men Shirt", {"gender": "adult"})["gender"] == ("gender:men",)


def test_the_language_of_a_column_is_that_of_the_feed() -> None:
    assert read("Nova", {"colour": "rosa"}, "it") == {"colour": ("colour:pink",)}
    assert read("Nova", {"colour": "ecru"}, "en") == {"colour": ("colour:beige",)}
    assert read("Nova", {"colour": "ecru"}, "de") == {"colour": ("colour:off-white",)}


def test_an_age_group_makes_boys_and_girls() -> None:
    for age, male, female in (("kids", "boys", "girls"), ("adult", "men", "women")):
        assert read("N", {"gender": "male", "age_group": age}) == {"gender": (f"gender:{male}",)}
        assert read("N", {"gender": "female", "age_group": age}) == {
            "gender": (f"gender:{female}",)
        }
    assert read("N", {"gender": "unisex", "age_group": "kids"}) == {"gender": ("gender:unisex",)}
    both = read("N", {"gender": "Men, Women", "age_group": "kids"})
    assert both == {"gender": ("gender:boys", "gender:girls")}


def test_only_groups_that_the_category_has() -> None:
    assert read("Leather Wallet", {"sleeve": "long sleeve", "size": "38"}) == {
        "material": ("material:leather",)
    }
