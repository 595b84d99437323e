import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.errors import InvalidTaxonomy, UnknownTerm
from houndstooth.mappings.taxonomy import SHIPPED, Taxonomy
from houndstooth.mappings.words import phrase_key, singular, slug, tokens

TAXONOMY = Taxonomy.load()

PRODUCT_TYPES = """
Accessory Gift Set|Backpacks|Bangle|Bath Robe|Belts|Booties|Bracelet|Capris|Caps|Casual Shoes|
Churidar|Clothing Set|Clutches|Cufflinks|Dresses|Duffel Bag|Dupatta|Earrings|Flats|Flip Flops|
Formal Shoes|Gloves|Handbags|Hat|Headband|Heels|Jackets|Jeans|Jeggings|Jewellery Set|Jumpsuit|
Key chain|Kurta Sets|Kurtas|Kurtis|Laptop Bag|Leggings|Lounge Pants|Lounge Shorts|Messenger Bag|
Mobile Pouch|Mufflers|Necklace and Chains|Night suits|Nightdress|Patiala|Pendant|Rain Jacket|
Rain Trousers|Ring|Rompers|Rucksacks|Sandals|Sarees|Scarves|Shirts|Shoe Accessories|Shorts|
Skirts|Socks|Sports Sandals|Sports Shoes|Stockings|Stoles|Sunglasses|Sweaters|Sweatshirts|
Tablet Sleeve|Ties|Tights|Tops|Track Pants|Tracksuits|Travel Accessory|Trousers|Tshirts|Tunics|
Umbrellas|Waist Pouch|Waistcoat|Wallets|Watches|Wristbands
"""
STREET_LABELS = """
accessories|bag|belt|blazer|blouse|bodysuit|boots|bracelet|cape|cardigan|coat|dress|earrings|
flats|glasses|gloves|hat|heels|hoodie|jacket|jeans|jumper|leggings|loafers|necklace|pants|pumps|
purse|ring|romper|sandals|scarf|shirt|shoes|shorts|skirt|sneakers|socks|stockings|suit|
sunglasses|sweater|sweatshirt|t-shirt|tie|tights|top|vest|wallet|watch|wedges
"""
PHOTO_LABELS = "dress|hat|longsleeve|outwear|pants|shirt|shoes|shorts|skirt|t-shirt"
COLOURS = """
Black|Blue|White|Brown|Grey|Red|Green|Navy Blue|Purple|Pink|Beige|Yellow|Maroon|Silver|Olive|
Steel|Orange|Gold|Cream|Tan|Multi|Khaki|Off White|Charcoal|Magenta|Lavender|Peach|Copper|Mustard|
Teal|Coffee Brown|Rust|Turquoise Blue|Bronze|Taupe|Burgundy|Sea Green|Grey Melange|Metallic|
Lime Green|Fluorescent Green|Mushroom Brown|Mauve|Nude
"""


def listed(text: str) -> list[str]:
    return text.replace("\n", "").split("|")


def test_is_as_fine_as_asked() -> None:
    assert len(TAXONOMY.categories) >= 19
    assert len(TAXONOMY.attribute_terms()) > 90
    assert len(set(TAXONOMY.attribute_terms())) == len(TAXONOMY.attribute_terms())


@pytest.mark.parametrize(
    "label", listed(PRODUCT_TYPES) + listed(STREET_LABELS) + listed(PHOTO_LABELS)
)
def test_labels_of_the_data_sets_have_a_leaf(label: str) -> None:
    leaf = TAXONOMY.category_for_label(label)
    assert leaf in TAXONOMY.categories
    assert leaf == TAXONOMY.categories_for_label(label)[0]


@pytest.mark.parametrize(
    ("label", "leaf"),
    [
        ("Tshirts", "t-shirt"),
        ("Lounge Shorts", "shorts"),
        ("Rain Jacket", "jacket"),
        ("Jeggings", "leggings"),
        ("pumps", "heels"),
        ("jumper", "sweater"),
        ("shoes", "casual-shoes"),
        ("purse", "handbag"),
        ("vest", "waistcoat"),
        ("sandals", "sandals"),
        ("spaceship", None),
        ("", None),
    ],
)
def test_leaf_of_a_label(label: str, leaf: str | None) -> None:
    assert TAXONOMY.category_for_label(label) == leaf


def test_wider_labels_name_several_leaves() -> None:
    assert set(TAXONOMY.categories_for_label("shoes")) > {"casual-shoes", "formal-shoes", "heels"}
    assert TAXONOMY.categories_for_label("Tshirts") == ("t-shirt",)
    assert TAXONOMY.categories_for_label("spaceship") == ()


def test_colours_are_those_of_the_data() -> None:
    slugs = [slug(colour) for colour in listed(COLOURS)]
    assert len(slugs) == 44
    assert set(slugs) == set(TAXONOMY.groups["colour"].values)
    assert TAXONOMY.term_for_label("colour", "Navy Blue") == "colour:navy-blue"
    assert TAXONOMY.term_for_label("colour", "gray") == "colour:grey"
    assert TAXONOMY.term_for_label("colour", "NA") is None
    assert TAXONOMY.term_for_label("flavour", "Lemon") is None


def test_groups_belong_to_the_categories_that_have_them() -> None:
    for leaf in TAXONOMY.categories:
        assert {"colour", "gender", "season", "usage"} <= set(TAXONOMY.groups_of(leaf))
    assert {"sleeve", "collar", "length"} <= set(TAXONOMY.groups_of("dress"))
    assert {"heel", "toe"} <= set(TAXONOMY.groups_of("boots"))
    assert "sleeve" not in TAXONOMY.groups_of("jeans")
    assert "heel" not in TAXONOMY.groups_of("dress")
    assert "bag-shape" in TAXONOMY.groups_of("handbag")


def test_siblings_look_alike() -> None:
    assert {"dress", "kurta", "shirt"} <= TAXONOMY.siblings_of("tunic")
    assert "tunic" not in TAXONOMY.siblings_of("tunic")
    assert TAXONOMY.siblings_of("umbrella") == frozenset()
    with pytest.raises(UnknownTerm):
        TAXONOMY.siblings_of("tunics")


def test_labels_for_people() -> None:
    assert TAXONOMY.label_of("t-shirt") == "T-shirt"
    assert TAXONOMY.label_of("colour:navy-blue") == "Navy blue"
    assert TAXONOMY.label_of("collar:v-neck") == "V-neck"
    assert TAXONOMY.label_of("whole-body") == "Whole body"
    for term in (*TAXONOMY.categories, *TAXONOMY.attribute_terms()):
        assert TAXONOMY.label_of(term)


def test_unknown_terms_name_near_ones() -> None:
    with pytest.raises(UnknownTerm, match=r"got 'tshirt'; did you mean .*t-shirt"):
        TAXONOMY.check_category("tshirt")
    with pytest.raises(UnknownTerm, match="did you mean colour:navy-blue"):
        TAXONOMY.check_attribute("colour:navy")
    with pytest.raises(UnknownTerm, match="got 'top'"):
        TAXONOMY.check_attribute("top")
    for ask in (TAXONOMY.great_category, TAXONOMY.groups_of, TAXONOMY.label_of):
        with pytest.raises(UnknownTerm):
            ask("spaceship")
    assert TAXONOMY.check_attribute("colour:red") == "colour:red"
    assert TAXONOMY.check_category("jeans") == "jeans"


# --- a shop's own file ------------------------------------------------------------------------

SMALL: dict[str, Any] = {
    "version": "shop-1",
    "great_categories": ["wear", "gear"],
    "categories": {
        "robe": {"label": "Robe", "great_category": "wear", "words": ["robe"]},
        "tent": {"label": "Tent", "great_category": "gear", "words": ["tent"], "labels": ["Tents"]},
    },
    "attribute_groups": {
        "colour": {
            "label": "Colour",
            "great_categories": ["wear"],
            "categories": ["tent"],
            "values": {"red": ["red", "crimson"], "blue": ["blue"]},
        }
    },
}


def test_a_shop_gives_its_own(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(SMALL))
    taxonomy = Taxonomy.load(path)
    assert list(taxonomy.categories) == ["robe", "tent"]
    assert taxonomy.attribute_terms() == ("colour:red", "colour:blue")
    assert taxonomy.groups_of("robe") == taxonomy.groups_of("tent") == ("colour",)
    assert taxonomy.broader_terms == {}


def digest_of(data: dict[str, Any]) -> str:
    return Taxonomy.from_json(data).feature_digest


def test_its_digest_is_of_what_features_depend_on() -> None:
    own = digest_of(SMALL)
    assert digest_of(dict(reversed(SMALL.items()))) == own
    words = [*SMALL["categories"]["robe"]["words"], "gown"]
    assert digest_of(broken("categories", "robe", "words", value=words)) != own
    assert digest_of(broken(*COLOUR, "importance", value=0.5)) == own


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), "2"),
        (("loss_weights",), {"category": 2}),
        (("categories", "robe", "label"), "Gown"),
        (("categories", "robe", "labels"), ["Gowns"]),
        (("attribute_groups", "colour", "label"), "Hue"),
        (("attribute_groups", "colour", "value_labels"), {"red": "Crimson"}),
        (("attribute_groups", "colour", "importance"), 0.5),
        (("attribute_groups", "colour", "loss_weight"), 2),
    ],
)
def test_a_label_or_a_weight_does_not_change_its_digest(path: tuple[str, ...], value: Any) -> None:
    assert digest_of(broken(*path, value=value)) == digest_of(SMALL)


def broken(*path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(SMALL)
    place = data
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return data


COLOUR = ("attribute_groups", "colour")


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ([], "the file: expected an object"),
        ({}, "version: expected a text; got nothing"),
        (broken("categories", value=None), "categories: expected an object"),
        (broken("categories", value={}), "categories: expected an object"),
        (broken("colors", value=[]), "the file: expected only .*; got 'colors'"),
        (broken("great_categories", value="wear"), "great_categories: expected a list of texts"),
        (
            broken("great_categories", value=["wear", "gear", "food"]),
            "expected a category in 'food'; got none",
        ),
        (
            broken("categories", "Ro be", value=SMALL["categories"]["robe"]),
            "categories: expected terms of a-z, 0-9 and single hyphens; got 'Ro be'",
        ),
        (
            broken("categories", "robe", "great_category", value="whear"),
            r"categories\.robe\.great_category: expected one of wear, gear; got 'whear'",
        ),
        (
            broken("categories", "robe", "words", value="robe"),
            r"categories\.robe\.words: expected a list of texts; got 'robe'",
        ),
        (
            broken("categories", "robe", "words", value=["--"]),
            r"categories\.robe\.words: expected texts with letters or digits; got '--'",
        ),
        (
            broken("categories", "robe", "words", value=["robe", "Tents"]),
            r"categories\.tent: expected words of its own; got 'tent', which categories\.robe has",
        ),
        (
            broken("categories", "robe", "labels", value=["tents"]),
            r"categories\.tent: expected labels of its own; got 'Tents'",
        ),
        (broken("siblings", value={"robe": "tent"}), "siblings: expected a list of lists"),
        (broken("siblings", value=[["robe", "rug"]]), r"siblings\.0: expected one of robe, tent"),
        (broken("siblings", value=[["robe"]]), r"siblings\.0: expected at least two categories"),
        (
            broken(
                "broader_terms", value={"any": {"words": ["thing"], "categories": ["robe", "rug"]}}
            ),
            r"broader_terms\.any\.categories: expected one of robe, tent; got 'rug'",
        ),
        (
            broken("broader_terms", value={"any": {"words": ["tent"], "categories": ["robe"]}}),
            r"broader_terms\.any: expected words of its own; got 'tent'",
        ),
        (
            broken(
                "broader_terms",
                value={"any": {"words": ["thing"], "categories": ["robe"], "modifier": "yes"}},
            ),
            r"broader_terms\.any\.modifier: expected true or false; got 'yes'",
        ),
        (
            broken("broader_terms", value={"any": {"words": ["thing"], "categories": []}}),
            r"broader_terms\.any\.categories: expected at least one term",
        ),
        (
            broken(*COLOUR, "values", "blue", value=["blue", "Crimson"]),
            r"colour\.values\.blue: expected words of its own; got 'Crimson', "
            r"which attribute_groups\.colour\.values\.red has too",
        ),
        (
            broken(*COLOUR, "categories", value=["rug"]),
            r"colour\.categories: expected one of robe, tent; got 'rug'",
        ),
        (
            broken(*COLOUR, value={"label": "Colour", "values": {"red": []}}),
            r"attribute_groups\.colour: expected great_categories or categories",
        ),
        (
            broken(*COLOUR, "value_labels", value={"green": "Green"}),
            r"colour\.value_labels: expected one of red, blue; got 'green'",
        ),
        (broken("ignored_phrases", value=["red"]), "got 'red', which .*colour.values.red has too"),
    ],
)
def test_problems_are_named(data: Any, complaint: str) -> None:
    with pytest.raises(InvalidTaxonomy, match=complaint):
        Taxonomy.from_json(data)


def test_lists_all_problems_at_once() -> None:
    data = broken("version", value=3)
    data["categories"]["robe"]["great_category"] = "food"
    data["attribute_groups"]["colour"]["values"]["red"] = None
    with pytest.raises(InvalidTaxonomy) as caught:
        Taxonomy.from_json(data)
    for key in ("version", "categories.robe.great_category", "colour.values.red"):
        assert f"{key}: expected" in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    with pytest.raises(InvalidTaxonomy, match=r"expected a JSON file at .*shop\.json"):
        Taxonomy.load(path)
    path.write_bytes(b"{\xff")
    with pytest.raises(InvalidTaxonomy, match="expected a JSON file"):
        Taxonomy.load(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(data=JSON)
def test_any_json_is_refused_politely(data: Any) -> None:
    with pytest.raises(InvalidTaxonomy):
        Taxonomy.from_json(data)


@given(place=st.sampled_from(sorted(SMALL)), value=JSON)
def test_any_json_in_one_place_never_crashes(place: str, value: Any) -> None:
    try:
        Taxonomy.from_json({**SMALL, place: value})
    except InvalidTaxonomy as error:
        assert ": expected " in str(error)


@given(
    entry=st.sampled_from(["label", "great_category", "words", "labels", "values", "categories"]),
    where=st.sampled_from([("categories", "robe"), COLOUR]),
    value=JSON,
)
def test_any_json_in_an_entry_never_crashes(entry: str, where: tuple[str, str], value: Any) -> None:
    data = broken(*where, entry, value=value) if value is not None else SMALL
    try:
        Taxonomy.from_json(data)
    except InvalidTaxonomy as error:
        assert ": expected " in str(error)


def test_the_shipped_file_is_laid_out_to_be_read() -> None:
    assert max(map(len, SHIPPED.read_text(encoding="utf-8").splitlines())) <= 100


# --- words ------------------------------------------------------------------------------------


def test_spellings_of_a_word_agree() -> None:
    for same in (
        ["T-Shirt", "tshirts", "T SHIRT", "t‑shirts"],
        ["flip-flop", "Flip Flops", "flipflops"],
        ["watch", "Watches", "watche"],
        ["hoodie", "Hoodies"],
        ["dress", "dresses"],
        ["sunglasses", "Sun-Glasses", "sunglass"],
        ["women", "Women's", "womens", "WOMEN’S"],
        ["Café", "cafe"],
    ):
        assert len({phrase_key(word) for word in same}) == 1, same


def test_tokens() -> None:
    assert tokens("Women's T-Shirt, 3/4 Sleeve (SweatShirt)") == [
        "women", "t", "shirt", "3/4", "sleeve", "sweat", "shirt"
    ]  # fmt: skip


@given(text=st.text())
def test_tokens_are_plain_words(text: str) -> None:
    for token in tokens(text):
        assert token == token.casefold()
        assert not any(c.isspace() or c in "-_,'" for c in token)
    assert "-".join(tokens(text)) == slug(text)


@given(word=st.from_regex(r"[a-z]{3,12}", fullmatch=True))
def test_a_plural_has_the_key_of_its_singular(word: str) -> None:
    if not word.endswith(("s", "x", "y")) and not word.endswith(("ch", "sh")):
        assert singular(word + "s") == singular(word)
    if word.endswith(("ch", "sh", "ss", "x")):
        assert singular(word + "es") == singular(word)
    if word.endswith("y"):
        assert singular(word[:-1] + "ies") == singular(word)
