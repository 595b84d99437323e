"""Each kind of product that fashion shops sell is read from a typical title, in any language."""

import pytest

from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()

TITLES = {
    "bra": {
        "en": "Lace Push-Up Bra Black",
        "de": "Schalen-BH mit Spitze",
        "fr": "Soutien-gorge noir",
    },
    "underpants": {
        "en": "Men Boxer Shorts Pack of 3",
        "de": "Herren Boxershorts schwarz",
        "es": "Bragas de encaje",
    },
    "undershirt": {
        "en": "Men Cotton Undershirt",
        "de": "Unterhemd Herren weiß",
        "it": "Canottiera uomo in cotone",
    },
    "underskirt": {"en": "Satin Petticoat", "de": "Unterrock creme", "pl": "Halka damska"},
    "shapewear": {
        "en": "High Waist Shapewear",
        "de": "Miederhose beige",
        "es": "Faja reductora mujer",
    },
    "garter": {
        "en": "Lace Garter Belt",
        "de": "Strapsgürtel schwarz",
        "fr": "Porte-jarretelles noir",
    },
    "swimwear": {"en": "Floral Bikini Top", "de": "Badeanzug Damen blau", "pt": "Biquíni vermelho"},
    "wetsuit": {
        "en": "Women Neoprene Wetsuit",
        "de": "Neoprenanzug Herren",
        "fr": "Combinaison de plongée homme",
    },
    "leotard": {
        "en": "Girls Ballet Leotard",
        "de": "Gymnastikanzug Mädchen",
        "fr": "Justaucorps fille rouge",
    },
    "fancy-dress": {
        "en": "Witch Halloween Costume",
        "de": "Karnevalskostüm Pirat",
        "es": "Disfraz de pirata",
    },
    "robe": {"en": "White Terry Bath Robe", "de": "Bademantel Damen", "nl": "Badjas dames wit"},
    "kimono": {"en": "Floral Silk Kimono", "de": "Kimono aus Seide", "pt": "Quimono estampado"},
    "dungarees": {
        "en": "Women Denim Dungarees",
        "de": "Latzhose Damen",
        "fr": "Salopette en jean femme",
    },
    "baby-bodysuit": {
        "en": "Baby Bodysuit Long Sleeve",
        "de": "Strampler mit Sternen",
        "fr": "Grenouillère en velours",
    },
    "cape": {"en": "Wool Poncho Grey", "de": "Umhang aus Wolle", "it": "Mantella di lana"},
    "tie-clip": {
        "en": "Silver Tie Clip",
        "de": "Krawattennadel silber",
        "fr": "Pince à cravate argent",
    },
    "bow-tie": {"en": "Black Silk Bow Tie", "de": "Fliege aus Seide", "it": "Papillon in seta"},
    "suspenders": {
        "en": "Leather Suspenders",
        "de": "Hosenträger Leder",
        "nl": "Bretels zwart heren",
    },
    "brooch": {"en": "Gold Flower Brooch", "de": "Brosche vergoldet", "pl": "Broszka złota"},
    "anklet": {
        "en": "Silver Ankle Bracelet",
        "de": "Fußkettchen Silber",
        "it": "Cavigliera argento",
    },
    "body-jewellery": {
        "en": "Steel Nose Ring",
        "de": "Bauchnabelpiercing",
        "nl": "Navelpiercing staal",
    },
    "hair-accessory": {
        "en": "Pearl Hair Clip",
        "de": "Haarspange mit Perlen",
        "es": "Pinza de pelo dorada",
    },
    "eyeglasses": {
        "en": "Round Eyeglass Frames",
        "de": "Lesebrille schwarz",
        "it": "Occhiali da vista uomo",
    },
    "goggles": {"en": "Kids Ski Goggles", "de": "Schwimmbrille blau", "fr": "Masque de ski homme"},
    "handkerchief": {
        "en": "White Silk Pocket Square",
        "de": "Einstecktuch Seide",
        "fr": "Pochette de costume bleue",
    },
    "suitcase": {
        "en": "Hard Shell Suitcase 4 Wheels",
        "de": "Hartschalenkoffer mit 4 Rollen",
        "es": "Maleta de cabina",
    },
    "briefcase": {
        "en": "Men Leather Briefcase",
        "de": "Aktentasche Leder braun",
        "it": "Ventiquattrore in pelle",
    },
    "diaper-bag": {"en": "Quilted Diaper Bag", "de": "Wickeltasche grau", "fr": "Sac à langer"},
    "garment-bag": {
        "en": "Travel Garment Bag",
        "de": "Kleidersack schwarz",
        "fr": "Housse de costume noire",
    },
    "house-slippers": {
        "en": "Fluffy Slippers Pink",
        "de": "Hausschuhe Filz",
        "pl": "Kapcie damskie",
    },
    "clogs": {"en": "Wooden Clogs", "de": "Clogs Damen", "es": "Zuecos de mujer"},
    "leg-warmers": {
        "en": "Knitted Leg Warmers",
        "de": "Beinstulpen grau",
        "it": "Scaldamuscoli in lana",
    },
    "arm-warmers": {
        "en": "Cycling Arm Warmers",
        "de": "Armstulpen Strick",
        "nl": "Armwarmers zwart",
    },
    "face-mask": {"en": "Cotton Face Mask", "de": "Stoffmaske Baumwolle", "es": "Mascarilla negra"},
    "earmuffs": {"en": "Faux Fur Earmuffs", "de": "Ohrenschützer", "fr": "Cache-oreilles gris"},
    "headscarf": {"en": "Silk Hijab", "de": "Kopftuch Seide", "nl": "Hoofddoek zwart"},
    "turban": {"en": "Velvet Turban", "de": "Turban Damen", "es": "Turbante de terciopelo"},
    "lehenga": {"en": "Red Lehenga Choli", "de": "Lehenga rot", "fr": "Lehenga rouge"},
    "sherwani": {"en": "Men Cream Sherwani", "de": "Sherwani Herren", "fr": "Sherwani homme"},
    "dhoti": {"en": "White Cotton Dhoti", "de": "Dhoti Baumwolle", "fr": "Dhoti en coton"},
    "abaya": {"en": "Black Abaya", "de": "Abaya schwarz", "fr": "Abaya noire femme"},
}


@pytest.mark.parametrize(
    ("leaf", "language", "title"),
    [(leaf, language, title) for leaf, of in TITLES.items() for language, title in of.items()],
)
def test_a_typical_title_names_its_kind(leaf: str, language: str, title: str) -> None:
    assert read_seller_text(TAXONOMY, title, language=language).categories == {leaf}
    assert read_seller_text(TAXONOMY, title).categories == {leaf}


@pytest.mark.parametrize(
    ("title", "leaves"),
    [
        ("Silk Tie", {"tie"}),
        ("Suspender Skirt", {"skirt"}),
        ("Cape Dress", {"dress"}),
        ("Cape Town T-Shirt", {"t-shirt"}),
        ("Kimono Sleeve Dress", {"dress"}),
        ("Belted Coat", {"coat"}),
        ("Women Ribbed Bodysuit", {"top"}),
        ("Swim Shorts", {"shorts"}),
        ("Boxer Briefs", {"underpants"}),
        ("Pyjama Shorts", {"nightwear"}),
        ("Pyjama Set", {"nightwear"}),
        ("Lace Thong", {"underpants"}),
        ("Thong Sandals", {"sandals"}),
        ("Thong Flip Flops", {"flip-flops"}),
        ("Aviator Sunglasses", {"sunglasses"}),
        ("Round Glasses", {"sunglasses", "eyeglasses"}),
        ("Denim Overalls", {"jumpsuit", "dungarees"}),
        ("Laptop Bag", {"laptop-bag"}),
        ("Gym Duffel Bag", {"duffel-bag"}),
        ("Beach Cover Up", {"tunic", "dress", "top"}),
        ("Headband with Bow", {"headband"}),
        ("Lehenga Skirt", {"skirt"}),
        ("Dhoti Pants", {"salwar"}),
        ("Luggage Tag", set()),
        ("Watch Strap", set()),
    ],
)
def test_a_neighbour_is_not_taken_for_another(title: str, leaves: set[str]) -> None:
    assert read_seller_text(TAXONOMY, title, language="en").categories == leaves


@pytest.mark.parametrize(
    ("title", "language", "stated"),
    [
        ("Rubber Boots", "en", "material:rubber"),
        ("Watch with Silicone Strap", "en", "material:rubber"),
        ("EVA Sandals", "en", "material:rubber"),
        ("Uhr mit Silikonarmband", "de", "material:rubber"),
        ("Bottes en caoutchouc", "fr", "material:rubber"),
        ("Acetate Sunglasses", "en", "material:plastic"),
        ("Resin Bangle", "en", "material:plastic"),
        ("Ohrringe aus Kunststoff", "de", "material:plastic"),
        ("Pendientes de plástico", "es", "material:plastic"),
        ("Acrylic Sweater", "en", "material:synthetic"),
        ("Lace Dress", "en", "material:lace"),
        ("Spitzenkleid", "de", "material:lace"),
        ("Robe en dentelle", "fr", "material:lace"),
        ("Faux Fur Coat", "en", "material:fur"),
        ("Mantel aus Kunstfell", "de", "material:fur"),
        ("Cappotto in ecopelliccia", "it", "material:fur"),
        ("Velvet Blazer", "en", "material:velvet"),
        ("Samtkleid", "de", "material:velvet"),
        ("Vestido de terciopelo", "es", "material:velvet"),
        ("Fleece Jacket", "en", "material:fleece"),
        ("Fleecejacke", "de", "material:fleece"),
        ("Veste polaire", "fr", "material:fleece"),
        ("Corduroy Trousers", "en", "material:corduroy"),
        ("Corduroys", "en", "material:corduroy"),
        ("Cordhose", "de", "material:corduroy"),
        ("Spodnie sztruksowe", "pl", "material:corduroy"),
        ("Wool Coat", "en", "material:wool"),
        ("Full Length Trousers", "en", "length:full"),
        ("Hose volle Länge", "de", "length:full"),
        ("Pantalone lunghezza intera", "it", "length:full"),
        ("Floor Length Gown", "en", "length:maxi"),
        ("Leather Briefcase", "en", "bag-shape:briefcase"),
        ("Leather Bucket Bag", "en", "bag-shape:bucket"),
        ("Aktentasche", "de", "bag-shape:briefcase"),
        ("Borsa a secchiello", "it", "bag-shape:bucket"),
    ],
)
def test_values_of_materials_lengths_and_bags(title: str, language: str, stated: str) -> None:
    group = stated.partition(":")[0]
    found = read_seller_text(TAXONOMY, title, language=language).attributes
    assert found[group] == (stated,)


@pytest.mark.parametrize(
    "title",
    ["Lace-Up Boots", "Lace Up Shoes", "Boot Laces", "Shoe with Extra Lace", "Eva Pink Kurta"],
)
def test_what_is_laced_up_is_not_of_lace_and_eva_may_be_a_name(title: str) -> None:
    found = read_seller_text(TAXONOMY, title, language="en").attributes
    assert "material" not in found
    assert "pattern" not in found


def test_german_fur_is_no_fur() -> None:
    found = read_seller_text(TAXONOMY, "Gürtel für Damen", language="de")
    assert (found.categories, dict(found.attributes)) == ({"belt"}, {"gender": ("gender:women",)})
