"""The detector's classes: few, each merges labels that mean the same box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DetectorClass:
    """A class of boxes.

    Attributes:
        label: such as ``eyewear``.
        categories: leaf categories of the taxonomy that a box of this class may be.
        street: labels of this class in street photos.
        product: article types whose product photos show a single item on white.
        sizes: least and greatest longest side of a cutout in a street photo, in pixels of a photo
            of 320; None where no cutouts are composited.
    """

    label: str
    categories: tuple[str, ...]
    street: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    sizes: tuple[float, float] | None = None


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


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
"""No class has the label "accessories", which names no category, and gloves, which are too few."""


def street_numbers(classes: Sequence[DetectorClass] = CLASSES) -> Mapping[str, int]:
    """Map the labels of street photos' boxes to class numbers; 0 is the background."""
    return {label: number for number, c in enumerate(classes, 1) for label in c.street}


def category_numbers(classes: Sequence[DetectorClass] = CLASSES) -> Mapping[str, int]:
    """Map leaf categories to class numbers, to the first where several classes have one."""
    numbers: dict[str, int] = {}
    for number, c in enumerate(classes, 1):
        for leaf in c.categories:
            numbers.setdefault(leaf, number)
    return numbers


def own_categories(label: str, classes: Sequence[DetectorClass] = CLASSES) -> tuple[str, ...]:
    """List the leaf categories of a class that no other class has."""
    others = {leaf for c in classes if c.label != label for leaf in c.categories}
    return tuple(
        leaf for c in classes if c.label == label for leaf in c.categories if leaf not in others
    )


def product_numbers(classes: Sequence[DetectorClass] = CLASSES) -> Mapping[str, int]:
    """Map the article types of isolated products to class numbers."""
    return {article: number for number, c in enumerate(classes, 1) for article in c.product}
