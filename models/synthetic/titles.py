"""What a seller would write: brands, titles, shelves and prices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from houndstooth.models.synthetic.wardrobe import KINDS

BRANDS = (
    "Alder & Wren", "Brightwater", "Cobble Lane", "Dovetail", "Eastfield", "Fernhill", "Graywick",
    "Harrow Sons", "Inverlea", "Juniper Row", "Kestrel", "Lindenau", "Marlowe Fox", "Northmoor",
    "Oakmere", "Pennyroyal", "Quillfeather", "Rookwood", "Saltmarsh", "Thistledown", "Umberton",
    "Valemont", "Westerby", "Yarrow",
)  # fmt: skip

WORDS: Mapping[str, Mapping[str, str]] = {
    "sleeve": {
        "sleeveless": "Sleeveless",
        "short": "Short Sleeve",
        "three-quarter": "3/4 Sleeve",
        "long": "Long Sleeve",
    },
    "collar": {
        "round": "Round Neck",
        "v-neck": "V-Neck",
        "scoop": "Scoop Neck",
        "boat": "Boat Neck",
        "polo": "Polo",
        "mandarin": "Mandarin Collar",
        "turtle": "Turtleneck",
        "hooded": "Hooded",
        "square": "Square Neck",
        "off-shoulder": "Off-Shoulder",
    },
    "pattern": {
        "striped": "Striped",
        "checked": "Checked",
        "printed": "Printed",
        "graphic": "Graphic Print",
        "floral": "Floral",
        "polka-dot": "Polka Dot",
        "colour-block": "Colourblock",
        "camouflage": "Camouflage",
    },
    "material": {
        "cotton": "Cotton",
        "denim": "Denim",
        "leather": "Leather",
        "wool": "Woollen",
        "silk": "Silk",
        "linen": "Linen",
        "knit": "Knitted",
        "suede": "Suede",
        "canvas": "Canvas",
    },
    "fit": {"slim": "Slim Fit", "loose": "Loose Fit"},
    "silhouette": {
        "a-line": "A-Line",
        "pencil": "Pencil",
        "flared": "Flared",
        "skinny": "Skinny",
        "bootcut": "Bootcut",
        "wide-leg": "Wide Leg",
        "wrap": "Wrap",
        "empire": "Empire Waist",
        "shift": "Shift",
    },
    "length": {"cropped": "Cropped", "mini": "Mini", "midi": "Midi", "maxi": "Maxi"},
    "heel": {"high": "High", "wedge": "Wedge", "platform": "Platform"},
    "bag-shape": {"tote": "Tote", "satchel": "Satchel", "hobo": "Hobo"},
}
TELLS = {
    "pattern": 0.7, "silhouette": 0.5, "fit": 0.3, "material": 0.3, "collar": 0.4, "sleeve": 0.4,
    "length": 0.3, "heel": 0.4, "bag-shape": 0.5,
}  # fmt: skip
LENGTH_SAID = {"skirt", "dress", "top"}


def title(
    category: str, terms: Mapping[str, str], brand: str, loose: bool, rng: np.random.Generator
) -> str:
    """Write a seller's title: brand, wearer, some attributes, and the article or a wider word."""
    kind = KINDS[category]
    words = [brand, terms["gender"].capitalize()]
    if rng.random() < 0.8:
        words.append(terms["colour"].replace("-", " ").title())
    for group, chance in TELLS.items():
        said = WORDS[group].get(terms.get(group, ""))
        if group == "length" and category not in LENGTH_SAID:
            continue
        if said and rng.random() < chance:
            words.append(said)
    words.append(kind.wide.title() if loose else kind.noun)
    return " ".join(words)


def shelf(category: str, gender: str) -> str:
    """Write the feed's category path, as in `Men > Clothing > T-Shirts`."""
    kind = KINDS[category]
    return kind.shelf.format(gender=gender.capitalize(), noun=kind.noun)


def price(category: str, rng: np.random.Generator) -> float:
    """Draw a price in euros, a cent under a whole one."""
    low, high = KINDS[category].price
    return round(float(rng.integers(low, high)) / 30) + 0.99
