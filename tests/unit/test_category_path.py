import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.category_path import category_paths, path_leaves
from houndstooth.mappings.language_words import PUBLIC
from houndstooth.mappings.seller_text import TextEvidence, read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
CLOTHING = "Apparel & Accessories > Clothing"


def read(title: str, category_text: str, language: str = "") -> TextEvidence:
    return read_seller_text(TAXONOMY, title, category_text, language=language)


def leaves(category_text: str, language: str = "en") -> set[str]:
    return set(path_leaves(TAXONOMY, category_paths(category_text), language))


@pytest.mark.parametrize(
    ("title", "path", "expected"),
    [
        ("Striped Tee", f"{CLOTHING} > Shirts & Tops", {"t-shirt"}),
        ("Zip Hoodie", f"{CLOTHING} > Shirts & Tops", {"sweatshirt"}),
        ("Oxford Shirt", f"{CLOTHING} > Shirts & Tops", {"shirt"}),
        ("Cable Knit Cardigan", f"{CLOTHING} > Shirts & Tops", {"sweater"}),
        ("Chelsea Boots", "Apparel & Accessories > Shoes", {"boots"}),
        ("Puffer Coat", f"{CLOTHING} > Outerwear > Coats & Jackets", {"coat"}),
        ("Ankle Socks", f"{CLOTHING} > Underwear & Socks", {"socks"}),
        ("Knitted Beanie", "Apparel & Accessories > Clothing Accessories > Hats", {"cap"}),
        ("Box Clutch", "Handbags, Wallets & Cases > Handbags", {"clutch"}),
        ("Striped Tee", "212", {"t-shirt"}),
        ("Striped Tee", f"212 - {CLOTHING} > Shirts & Tops", {"t-shirt"}),
        ("Striped Tee", "gid://shopify/TaxonomyCategory/aa-1-13", {"t-shirt"}),
        ("Striped Tee", "", {"t-shirt"}),
    ],
)
def test_the_title_decides_within_a_wider_or_joined_category(
    title: str, path: str, expected: set[str]
) -> None:
    assert read(title, path).categories == expected
    assert read(title, path, "en").categories == expected
    assert read(title, path.replace("&", "&amp;").replace(">", "&gt;")).categories == expected


@pytest.mark.parametrize(
    ("title", "category_text", "leaf"),
    [
        ("Lace Push-up Bra", f"{CLOTHING} > Underwear & Socks > Bras", "bra"),
        ("Lace Push-up Bra", f"{CLOTHING} > Underwear & Socks", "bra"),
        ("Lace Push-up Bra", "", "bra"),
        ("Nova 2.0", "214", "bra"),
        ("Boxer Shorts", "Underwear", "underpants"),
        ("Floral Bikini", "Swimwear", "swimwear"),
        ("Floral Bikini Top", "Swimwear", "swimwear"),
        ("Floral Bikini Bottoms", "Women > Tops", "swimwear"),
        ("Crop Top", f"{CLOTHING} > Underwear & Socks > Bras", "bra"),
        ("Ribbed Vest", "Men > Underwear", "undershirt"),
    ],
)
def test_underwear_and_swimwear_are_not_forced_into_a_neighbour(
    title: str, category_text: str, leaf: str
) -> None:
    assert read(title, category_text).categories == {leaf}


@pytest.mark.parametrize(
    ("title", "category_text"),
    [
        ("Leather Watch Strap", ""),
        ("Leather Luggage Tag", "Luggage & Bags"),
        ("Nova 2.0", "Watch Bands"),
        ("Nova 2.0", "5652"),
        ("Nova 2.0", "Bra Straps & Extenders"),
    ],
)
def test_a_part_is_not_forced_into_a_neighbour(title: str, category_text: str) -> None:
    assert read(title, category_text).categories == frozenset()
    assert read(title, category_text).great_category is None


@pytest.mark.parametrize(
    ("number", "leaf"),
    [
        ("5490", "leotard"), ("2302", "robe"), ("5343", "kimono"), ("6238", "earmuffs"),
        ("502988", "hair-accessory"), ("5207", "handkerchief"), ("5939", "turban"),
        ("5941", "leg-warmers"), ("5942", "arm-warmers"), ("179", "suspenders"),
        ("180", "tie-clip"), ("5193", "fancy-dress"), ("189", "anklet"), ("197", "brooch"),
        ("190", "body-jewellery"), ("101", "briefcase"), ("549", "diaper-bag"),
        ("105", "garment-bag"), ("107", "suitcase"), ("2160", "garter"), ("1578", "shapewear"),
        ("2963", "underskirt"), ("5834", "underskirt"), ("2745", "undershirt"),
        ("1807", "underpants"), ("aa-1-10-2-8", "cape"),
    ],
)  # fmt: skip
def test_a_public_category_of_its_own_kind_is_a_leaf(number: str, leaf: str) -> None:
    assert leaves(number) == {leaf}


@pytest.mark.parametrize(
    ("title", "category_text", "expected"),
    [
        # The plainer one decides: one leaf against several …
        ("Striped Tee", "Shoes > Boots", {"t-shirt"}),
        ("Track Jacket", "Tops", {"jacket"}),
        ("Shoes", "Jeans", {"jeans"}),
        # … and the category where both name one.
        ("Finch Shirt Dress", "Shirts", {"shirt"}),
        ("Finch Shirt Dress", "Women > Shirts", {"shirt"}),
        # A title that names nothing leaves it to the category.
        ("Nova 2.0", "Footwear > Heels", {"heels"}),
        ("Nova 2.0", "T-Shirts", {"t-shirt"}),
        ("Nova 2.0", "Sale", set()),
    ],
)
def test_of_a_title_and_a_category_in_conflict_the_plainer_decides(
    title: str, category_text: str, expected: set[str]
) -> None:
    assert read(title, category_text).categories == expected


@pytest.mark.parametrize(
    ("category_text", "expected"),
    [
        ("Sweaters and Cardigans > Cardigans", {"sweater"}),
        ("Jeans & Leggings", {"jeans", "leggings"}),
        ("Caps / Hats", {"cap", "hat"}),
        ("Skirts/Dresses", {"skirt", "dress"}),
        ("Clothing/Tshirts;Sale", {"t-shirt"}),
        ("Default Category/Apparel/Tshirts", {"t-shirt"}),
        ("Women » Clothing » Jeans", {"jeans"}),
        ("Women | Jeans", {"jeans"}),
        ("Women - Bags - Backpacks", {"backpack"}),
        ("T - Shirt", {"t-shirt"}),
        ("100 - Jeans", {"jeans"}),
        ("Tops > T-Shirts", {"t-shirt"}),
        ("Shoe Accessories > Boot Liners", {"shoe-accessory"}),
        ("Clothing > Vests", {"jacket", "waistcoat", "top", "sweater", "t-shirt", "undershirt"}),
        ("Outerwear > Vests", {"jacket", "waistcoat"}),
        ("Men > Footwear > Loafers", {"casual-shoes", "formal-shoes"}),
        ("Sale\nClothing > Jeans", {"jeans"}),
        ("Clothing > Pants\nClothing > Pants > Jeans", {"jeans"}),
        ("Clothing > Jeans\nClothing > Skirts", {"jeans"}),
        ("Apparel & Accessories", set()),
        ("New arrivals", set()),
        ("", set()),
    ],
)
def test_levels_narrow_from_the_root_and_joined_kinds_unite(
    category_text: str, expected: set[str]
) -> None:
    assert leaves(category_text) == expected


@pytest.mark.parametrize(
    ("title", "path", "expected"),
    [
        ("Crew Neck Tee", "Clothing & Accessories > Clothing > Women's Clothing > Tops", "t-shirt"),
        ("Cargo Jeans", "Clothing & Accessories", "jeans"),
        ("Leather Tote Bag", "Accessories > Bags & Wallets", "handbag"),
        ("Leather Wallet", "Accessories > Bags & Wallets", "wallet"),
    ],
)
def test_each_kind_of_a_joined_level_counts(title: str, path: str, expected: str) -> None:
    assert read(title, path, "en").categories == {expected}
    assert "boots" in leaves("Shoes & Accessories")
    assert leaves("Shoe Accessories") == {"shoe-accessory"}


def test_public_ids_stand_for_their_paths() -> None:
    for number, path in PUBLIC.google.items():
        assert leaves(number) == leaves(path) == leaves(f"{number} - {path}"), path
    assert leaves("5322") == leaves("Activewear")
    assert leaves("gid://shopify/TaxonomyCategory/aa-1-13-8") == {"t-shirt"}
    assert leaves("aa-1-13-8") == leaves("aa-1-13-8-99") == {"t-shirt"}
    assert leaves("gid://shopify/TaxonomyCategory/lb-1-12") == {"backpack"}
    for unknown in ("sg-4-17-2-17", "999999", "gid://shopify/TaxonomyCategory/zz"):
        assert leaves(unknown) == set()


def test_a_public_path_is_english_in_every_feed() -> None:
    path = f"{CLOTHING} > Sleepwear & Loungewear > Robes"
    assert leaves(path, "fr") == leaves("2302", "de") == {"robe"}
    assert leaves("Vêtements > Robes", "fr") == {"dress"}


@pytest.mark.parametrize(
    ("path", "language", "expected"),
    [
        ("Bekleidung & Accessoires > Bekleidung > Shirts & Tops", "de", leaves("212")),
        ("Bekleidung & Accessoires > Schuhe", "de", leaves("187")),
        ("Bekleidung > Unterwäsche & Socken > Büstenhalter", "de", {"bra"}),
        ("Bekleidung > Mäntel & Jacken", "de", leaves("5598")),
        ("Damen/Bekleidung/Kleider", "de", {"dress"}),
        ("Vêtements et accessoires > Chaussures", "fr", leaves("187")),
        ("Vêtements > Sous-vêtements et chaussettes > Soutiens-gorge", "fr", {"bra"}),
        ("Ropa y accesorios > Ropa > Camisas y tops", "es", leaves("212")),
        ("Abbigliamento e accessori > Abbigliamento > Camicie e top", "it", leaves("212")),
        ("Kleding en accessoires > Kleding > Shirts en tops", "nl", leaves("212")),
        ("Vestuário e acessórios > Vestuário > Camisas e tops", "pt", leaves("212")),
        ("Odzież i dodatki > Odzież > Koszule i topy", "pl", leaves("212")),
    ],
)
def test_paths_of_other_languages(path: str, language: str, expected: set[str]) -> None:
    assert leaves(path, language) == expected


def test_paths_of_public_taxonomies_name_known_kinds() -> None:
    known = TAXONOMY.categories.keys() | PUBLIC.other_kinds.keys()
    for kind in PUBLIC.wider_kinds.values():
        for term in kind.categories:
            assert term in known | TAXONOMY.broader_terms.keys()
    for path in (*PUBLIC.google.values(), *PUBLIC.shopify.values()):
        assert leaves(path) <= known


def test_an_own_taxonomy_reads_its_own_kinds_alone() -> None:
    own = Taxonomy.from_json(
        {
            "version": "1",
            "great_categories": ["wear"],
            "categories": {
                "bra": {"label": "Bra", "great_category": "wear", "words": ["bra", "tops"]}
            },
            "attribute_groups": {
                "size": {"label": "Size", "categories": ["bra"], "values": {"s": ["small"]}}
            },
        }
    )
    assert read_seller_text(own, "Lace Bra", "Underwear & Socks > Bras").categories == {"bra"}
    assert read_seller_text(own, "Nova", "Tops").categories == {"bra"}
    assert read_seller_text(own, "Blaue Hose", "Shoes > Boots").categories == frozenset()


def test_long_texts_take_no_time() -> None:
    for text in (" " * 100_000, "- " * 50_000, "> " * 50_000, "& " * 50_000):
        assert leaves(f"Jeans{text}.") == {"jeans"}


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(" >/|»&-;\n0123456789")))
def test_any_category_can_be_read(category_text: str) -> None:
    assert read("Nova", category_text).categories <= TAXONOMY.categories.keys()
