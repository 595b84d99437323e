"""Outfits: what a figure wears together with a product."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from houndstooth.models.synthetic.drawing import ItemSpec
from houndstooth.models.synthetic.wardrobe import draw_terms, palette, pick

INNER = ("t-shirt", "shirt", "top", "kurta", "tunic", "sweater", "sweatshirt")
OUTER = ("jacket", "blazer", "coat", "waistcoat")
LOWER = ("trousers", "jeans", "shorts", "track-pants", "capris", "leggings", "skirt")
WHOLE = ("dress", "jumpsuit")
FEET = ("casual-shoes", "sports-shoes", "formal-shoes", "heels", "flats", "sandals", "boots")
EXTRAS = ("handbag", "clutch", "messenger-bag", "scarf", "tie", "cap", "hat", "belt")
WEARABLE = frozenset(INNER + OUTER + LOWER + WHOLE + FEET + EXTRAS) | {"flip-flops"}

RANK = {
    name: rank
    for rank, names in enumerate(
        ((*FEET, "flip-flops"), LOWER, INNER, WHOLE, ("belt", "tie"), OUTER,
         ("scarf", "handbag", "clutch", "messenger-bag"), ("cap", "hat", "watch"))
    )
    for name in names
}  # fmt: skip


def _companion(category: str, gender: str, rng: np.random.Generator, **fixed: str) -> ItemSpec:
    """Choose another article, plain more often than not."""
    terms = {**draw_terms(category, gender, rng), **fixed}
    if rng.random() < 0.55:
        terms["pattern"] = "solid"
    terms["colour"] = pick(palette(category, terms), rng)
    return ItemSpec(category, terms, int(rng.integers(2**31)))


def dress_up(product: ItemSpec, rng: np.random.Generator) -> list[ItemSpec]:
    """Choose the outfit around a product, in the order it is put on."""
    category, gender = product.category, product.terms["gender"]
    if gender == "unisex":
        gender = str(rng.choice(["men", "women"]))
    woman = gender == "women"
    worn = [product]

    def add(choices: str, **fixed: str) -> None:
        worn.append(_companion(pick(choices, rng), gender, rng, **fixed))

    if category not in WHOLE:
        if category not in INNER:
            formal = category in ("blazer", "waistcoat", "coat", "tie")
            if category == "tie":
                add("shirt", collar="shirt")
            elif woman and category not in LOWER + OUTER and rng.random() < 0.35:
                add("dress*3 jumpsuit")
            else:
                add(
                    "top*3 t-shirt*2 shirt"
                    if woman
                    else "shirt*5"
                    if formal
                    else "shirt*2 t-shirt*3 sweater"
                )
        whole = any(spec.category in WHOLE for spec in worn)
        if category not in LOWER and not whole:
            long_top = category in ("kurta", "tunic")
            add("leggings*3 trousers" if woman and long_top else "trousers" if long_top
                else "jeans*3 skirt*3 trousers*2 shorts capris" if woman
                else "jeans*3 trousers*3 shorts" if category != "coat" else "trousers")  # fmt: skip
    if category not in FEET and category != "flip-flops":
        add(
            "heels*3 flats*2 casual-shoes*2 sandals boots"
            if woman
            else "casual-shoes*3 formal-shoes*2 sports-shoes"
        )
    if category not in EXTRAS:
        if woman and rng.random() < 0.45:
            add("handbag*3 clutch")
        if rng.random() < 0.12:
            add("cap" if not woman else "hat")
        if rng.random() < 0.08 and category in OUTER:
            add("scarf")
    worn.sort(key=lambda spec: RANK[spec.category])
    return _tucked(worn, rng)


def _tucked(worn: list[ItemSpec], rng: np.random.Generator) -> list[ItemSpec]:
    """Tuck the top into skirt or trousers at times: these are then put on after it."""
    names = [spec.category for spec in worn]
    short = {"t-shirt", "shirt", "top"} & set(names)
    lower = set(LOWER) & set(names)
    if short and lower and (rng.random() < 0.4 or "belt" in names):
        bottom = next(spec for spec in worn if spec.category in lower)
        rest = [
            replace(spec, tucked=True) if spec.category in short else spec
            for spec in worn
            if spec is not bottom
        ]
        at = next(i for i, spec in enumerate(rest) if spec.tucked) + 1
        return [*rest[:at], bottom, *rest[at:]]
    return worn
