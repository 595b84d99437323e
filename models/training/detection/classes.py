"""What the detector tells apart: few classes, each the merger of labels that mean the same box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DetectorClass:
    """One class of boxes.

    Attributes:
        label: ``eyewear``.
        categories: the taxonomy's leaves that a box of this class may be.
        street: the labels of street photos that mean it.
        product: article types whose product photos show the item alone.
        sizes: of such an item in a street photo, longest side in pixels of a photo of 320; where
            empty, none is pasted there.
    """

    label: str
    categories: tuple[str, ...]
    street: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    sizes: tuple[float, float] | None = None


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Not in any: "accessories", which names no category, and gloves, too few to learn.
CLASSES = (
    DetectorClass(
        "top",
        _words("t-shirt shirt top kurta kurti tunic sweater sweatshirt"),
        _words("blouse shirt t-shirt top sweater sweatshirt jumper hoodie cardigan bodysuit"),
    ),
    DetectorClass(
        "outerwear",
        _words("jacket blazer coat waistcoat suit"),
        _words("coat jacket blazer suit vest cape"),
    ),
    # A kurta's length decides which of the two it looks like.
    DetectorClass(
        "dress",
        _words("dress jumpsuit saree nightdress tunic kurta kurti"),
        _words("dress romper"),
    ),
    DetectorClass(
        "trousers", _words("trousers jeans track-pants capris salwar"), _words("pants jeans")
    ),
    DetectorClass("shorts", ("shorts",), ("shorts",)),
    DetectorClass("skirt", ("skirt",), ("skirt",)),
    DetectorClass(
        "legwear",
        _words("leggings tights"),
        _words("leggings tights stockings"),
        ("Stockings", "Tights"),
    ),
    DetectorClass("socks", ("socks",), ("socks",), ("Socks",), (20, 60)),
    DetectorClass(
        "shoes",
        _words(
            "casual-shoes sports-shoes formal-shoes heels flats sandals sports-sandals flip-flops "
            "boots"
        ),
        _words("shoes sandals boots loafers heels sneakers pumps flats wedges"),
        (
            "Casual Shoes",
            "Sports Shoes",
            "Formal Shoes",
            "Heels",
            "Flats",
            "Sandals",
            "Sports Sandals",
            "Flip Flops",
        ),
        (30, 90),
    ),
    DetectorClass(
        "bag",
        _words(
            "handbag backpack clutch laptop-bag messenger-bag duffel-bag waist-pouch pouch "
            "tablet-sleeve wallet"
        ),
        _words("bag purse wallet"),
        (
            "Handbags",
            "Backpacks",
            "Clutches",
            "Wallets",
            "Laptop Bag",
            "Messenger Bag",
            "Duffel Bag",
            "Rucksacks",
        ),
        (30, 110),
    ),
    DetectorClass("hat", ("cap", "hat"), ("hat",), ("Caps", "Hat"), (25, 60)),
    DetectorClass(
        "eyewear", ("sunglasses",), _words("sunglasses glasses"), ("Sunglasses",), (14, 50)
    ),
    DetectorClass("belt", ("belt",), ("belt",), ("Belts",), (25, 70)),
    DetectorClass(
        "scarf", _words("scarf muffler stole dupatta"), ("scarf",), ("Mufflers",), (40, 90)
    ),
    DetectorClass("tie", ("tie",), ("tie",), ("Ties",), (40, 90)),
    DetectorClass("watch", ("watch",), ("watch",), ("Watches",), (14, 50)),
    DetectorClass(
        "jewellery",
        _words("necklace pendant bracelet bangle earrings ring jewellery-set"),
        _words("bracelet necklace ring earrings"),
        ("Necklace and Chains", "Earrings", "Ring", "Pendant", "Bangle", "Bracelet"),
        (14, 45),
    ),
)


def street_numbers(classes: Sequence[DetectorClass] = CLASSES) -> Mapping[str, int]:
    """Class number by the label of a street photo's box; 0 is the background's."""
    return {label: number for number, c in enumerate(classes, 1) for label in c.street}


def category_numbers(classes: Sequence[DetectorClass] = CLASSES) -> Mapping[str, int]:
    """Class number by leaf category, the first's where several have it."""
    numbers: dict[str, int] = {}
    for number, c in enumerate(classes, 1):
        for leaf in c.categories:
            numbers.setdefault(leaf, number)
    return numbers


def own_categories(label: str, classes: Sequence[DetectorClass] = CLASSES) -> tuple[str, ...]:
    """The leaves of a class that no other class has."""
    others = {leaf for c in classes if c.label != label for leaf in c.categories}
    return tuple(
        leaf for c in classes if c.label == label for leaf in c.categories if leaf not in others
    )


def product_numbers(classes: Sequence[DetectorClass] = CLASSES) -> Mapping[str, int]:
    """Class number by article type of photos that show the item alone."""
    return {kind: number for number, c in enumerate(classes, 1) for kind in c.product}
