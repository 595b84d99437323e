import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.seller_text import TextEvidence, read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
SHOES = set(TAXONOMY.categories_for_label("shoe"))


def read(title: str, category_text: str = "", language: str = "") -> TextEvidence:
    return read_seller_text(TAXONOMY, title, category_text, language=language)


@pytest.mark.parametrize(
    ("title", "leaf"),
    [
        ("Harrow & Finch Men Shirt Style Quilted Jacket", "jacket"),
        ("Harrow Women's Denim Jacket Dress", "dress"),
        ("Kestrel Boys' TShirts pack of 2", "t-shirt"),
        ("kestrel graphic tee", "t-shirt"),
        ("Kestrel Men Pique Polo Shirt", "t-shirt"),
        ("Kestrel Oxford Shirt", "shirt"),
        ("Kestrel ReversibleSweatShirt", "sweatshirt"),
        ("Kestrel Sweat-Shirts", "sweatshirt"),
        ("Moss Women Flip-Flops", "flip-flops"),
        ("Moss Boot-Cut Jeans", "jeans"),
        ("Moss Short Sleeve Top", "top"),
        ("Moss 3/4 Sleeve Kurti", "kurti"),
        ("Women Salwar Suit with Printed Dupatta", "ethnic-set"),
        ("Chiffon Dupatta with Lace Border", "dupatta"),
        ("Watch with Interchangeable Leather Belt", "watch"),
        ("Digital Watches WR50M-2B", "watch"),
        ("Handbag for Women in Teal with Coin Purse", "handbag"),
        ("Bag for Laptop", "laptop-bag"),
        ("Leather Laptop Backpack 15.6", "backpack"),
        ("Trail Running Shoes", "sports-shoes"),
        ("Trekking Sandal", "sports-sandals"),
        ("Semi-Formal Shoes", "formal-shoes"),
        ("Office Shoes", "formal-shoes"),
        ("Penny Loafers", "formal-shoes"),
        ("Boot Lace Shoe Accessories", "shoe-accessory"),
        ("Silk Pyjama Set", "nightwear"),
        ("Maxi Dresses", "dress"),
        ("Cargo Shorts", "shorts"),
        ("Training Pants", "track-pants"),
        ("Merino Cardigans", "sweater"),
        ("Knitted Beanie", "cap"),
        ("Fine Knit Scarves", "scarf"),
        ("Crimson Tie + Cufflinks Gift Set", "gift-set"),
        ("Red Tape Men Belt", "belt"),
        ("Shirt by Top Shop", "shirt"),
    ],
)
def test_the_noun_decides(title: str, leaf: str) -> None:
    evidence = read(title)
    assert evidence.categories == {leaf}
    assert evidence.great_category == TAXONOMY.great_category(leaf)


def test_a_wider_word_names_a_set_of_leaves() -> None:
    assert read("Finch Women Teal Shoes").categories == SHOES
    assert read("Finch Women Teal Shoes").great_category == "shoes"
    kids = read("Finch Kidswear")
    assert {"t-shirt", "shorts", "dress"} <= kids.categories
    assert "watch" not in kids.categories
    assert kids.great_category is None


def test_modifiers_narrow_but_name_nothing() -> None:
    assert read("Finch Men Shoes").categories < SHOES
    assert "heels" not in read("Finch Men Shoes").categories
    assert read("Finch Men Running").categories == frozenset()
    assert read("Finch Running Wallet").categories == {"wallet"}
    assert read("Finch Loafer Shoes").categories < SHOES


def test_a_text_without_a_known_noun_states_no_category() -> None:
    for title in ("", "   ", "Arpen 300", "Harrow & Finch", "???"):
        assert read(title) == TextEvidence(frozenset(), None, {})


def test_the_category_text_narrows_and_prevails() -> None:
    assert read("Finch Teal Shoes", "Footwear > Women > Heels").categories == {"heels"}
    assert read("Arpen 300", "Sports Shoes").categories == {"sports-shoes"}
    assert read("Finch Shirt Dress", "Shirts").categories == {"shirt"}
    assert read("Finch Kurta", "Clothing").categories == {"kurta"}
    assert read("Finch Kurta", "New arrivals").categories == {"kurta"}
    assert read("Red Kurta", "Blue").attributes["colour"] == ("colour:red",)
    assert read("Kurta", "Women > Kurtas").attributes["gender"] == ("gender:women",)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Men Navy Blue T-shirt", {"colour:navy-blue", "gender:men"}),
        ("Women's Off-White Kurta", {"colour:off-white", "gender:women"}),
        ("Ladies Gray Top", {"colour:grey", "gender:women"}),
        ("Kids Boys Shirt", {"gender:boys"}),
        ("Shirts for Girls", {"gender:girls"}),
        ("Levis Kids T-shirt", set()),
        ("Red Tape Brown Belt", {"colour:brown"}),
        ("Red Tape Belt", set()),
        ("U.S. Polo Assn. Shirt", set()),
        ("Polo T-Shirt", {"collar:polo"}),
        ("Polo Neck Sweater", {"collar:turtle"}),
        ("White Watch with Black Strap", {"colour:white"}),
        ("Full Sleeves Checked Shirt", {"sleeve:long", "pattern:checked"}),
        ("Half-Sleeve V-Neck Tee", {"sleeve:short", "collar:v-neck"}),
        ("Sleeveless A-Line Linen Dress", {"sleeve:sleeveless", "silhouette:a-line",
                                           "material:linen"}),
        ("Polka Dotted Wrap Dress", {"pattern:polka-dot", "silhouette:wrap"}),
        ("Slim Fit Denim Jeans", {"fit:slim", "material:denim"}),
        ("Hooded Sweatshirt", {"collar:hooded"}),
        ("Hoodies", {"collar:hooded"}),
        ("Sports Shoes", {"usage:sports"}),
        ("Smart Casual Shirt", {"usage:smart-casual"}),
        ("Semi-Formal Shoes", {"usage:smart-casual"}),
        ("Canvas Slip-On Shoes", {"material:canvas", "closure:slip-on"}),
        ("Peep-Toe Heels", {"toe:open"}),
        ("Aviator Sunglasses", {"frame:aviator"}),
        ("Chrono Watch", {"display:chronograph"}),
        ("Light Green Summer Frock", {"colour:green", "season:summer"}),
    ],
)  # fmt: skip
def test_words_of_attributes(title: str, expected: set[str]) -> None:
    assert {term for terms in read(title).attributes.values() for term in terms} == expected


def test_only_groups_that_the_category_has() -> None:
    assert "sleeve" not in read("Full Sleeve Wallet").attributes
    assert "collar" not in read("Polo Belt").attributes
    assert read("Full Sleeve Red").attributes == {
        "colour": ("colour:red",),
        "sleeve": ("sleeve:long",),
    }


@pytest.mark.parametrize(
    ("title", "terms"),
    [
        ("Black and White Striped Red Shirt", ["red"]),
        ("White Shirt Red", ["red"]),
        ("Blue Shirt with White Collar", ["blue"]),
        ("Red Shirt and Blue Trousers", ["blue"]),
        ("Red & Blue Shirt", ["red", "blue"]),
        ("Red and Blue Shirt", ["red", "blue"]),
        ("Red/Blue Shirt", ["red", "blue"]),
        ("Black / White Striped Shirt", ["black", "white"]),
        ("Navy-White Shirt", ["navy-blue", "white"]),
        ("Navy Blue & Off-White Shirt", ["navy-blue", "off-white"]),
        ("Red, White and Blue Shirt", ["red", "white", "blue"]),
        ("Red, Blue, Green, White & Black Shirt", ["red", "blue", "green", "white"]),
        ("Red & Red Shirt", ["red"]),
        ("Red & Multicoloured Shirt", ["red"]),
        ("Multicolour Shirt", ["multi"]),
        ("Light Green Shirt", ["green"]),
        ("Red & Quartz Blue Shirt", ["blue"]),
        ("and Red Shirt", ["red"]),
    ],
)
def test_colours_that_are_joined_are_all_true_else_the_last_one_is(
    title: str, terms: list[str]
) -> None:
    assert read(title).attributes["colour"] == tuple(f"colour:{term}" for term in terms)


def test_terms_of_every_group_can_be_joined() -> None:
    shirt = read("Striped and Printed Cotton/Linen Casual & Formal Shirt").attributes
    assert shirt["pattern"] == ("pattern:striped", "pattern:printed")
    assert shirt["material"] == ("material:cotton", "material:linen")
    assert shirt["usage"] == ("usage:casual", "usage:formal")
    assert read("Floral Print Dress").attributes["pattern"] == ("pattern:floral",)
    assert read("Men & Women Cap").attributes["gender"] == ("gender:men", "gender:women")
    assert read("Nova", "Caps > Black & White").attributes["colour"] == (
        "colour:black",
        "colour:white",
    )


def test_two_products_that_are_joined_do_not_share_their_terms() -> None:
    assert read("Hoodie & V-Neck Top").attributes["collar"] == ("collar:v-neck",)
    assert read("Capris & Ankle Leggings").attributes["length"] == ("length:ankle",)


@pytest.mark.parametrize("category", TAXONOMY.categories.values(), ids=lambda c: c.term)
def test_every_word_of_a_category_states_it(category) -> None:
    for word in (*category.words, category.label):
        assert category.term in read(f"Harrow {word}", language="en").categories, word
        assert category.term in read(f"Harrow Red {word.upper()}", language="en").categories, word


@pytest.mark.parametrize("group", TAXONOMY.groups.values(), ids=lambda g: g.name)
def test_every_word_of_an_attribute_states_it(group) -> None:
    for value, words in group.values.items():
        for word in words:
            evidence = read(word, language="en")
            allowed = not evidence.categories or evidence.categories & group.categories
            if allowed:
                assert evidence.attributes[group.name] == (f"{group.name}:{value}",), word


WORDS = st.sampled_from(
    [w for c in TAXONOMY.categories.values() for w in c.words]
    + [w for k in TAXONOMY.broader_terms.values() for w in k.words]
    + [w for g in TAXONOMY.groups.values() for words in g.values.values() for w in words]
    + ["with", "for", "Harrow", "&", "-", "2"]
)


def well_formed(evidence: TextEvidence) -> bool:
    great = {TAXONOMY.great_category(leaf) for leaf in evidence.categories}
    groups = [name for name in TAXONOMY.groups if name in evidence.attributes]
    return (
        evidence.great_category == (great.pop() if len(great) == 1 else None)
        and list(evidence.attributes) == groups
        and all(
            TAXONOMY.check_attribute(term).startswith(group)
            for group, terms in evidence.attributes.items()
            for term in terms
        )
        and all(0 < len(set(terms)) == len(terms) <= 4 for terms in evidence.attributes.values())
    )


@given(title=st.text(), category_text=st.text())
def test_any_text_can_be_read(title: str, category_text: str) -> None:
    assert well_formed(read(title, category_text))


@given(words=st.lists(WORDS, max_size=8))
def test_any_words_can_be_read(words: list[str]) -> None:
    title = " ".join(words)
    assert well_formed(read(title))
    assert read(title.upper()) == read(title.lower())
    assert read(f"  {title} !") == read(title)


@given(words=st.lists(WORDS.filter(lambda w: w not in ("with", "for")), max_size=5))
def test_the_last_noun_is_never_overruled(words: list[str]) -> None:
    assert read(" ".join([*words, "Wallet"])).categories == {"wallet"}
