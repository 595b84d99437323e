"""Fashionpedia's categories and attributes in the taxonomy.

Most of its 294 attributes are nicknames ("pea (coat)") or have no group in the taxonomy. Materials,
but for leathers, are of trimmings as often as of the garment.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from houndstooth.models.training.datasets.labels import Labels

CATEGORIES: dict[str, Collection[str]] = {
    "headband, head covering, hair accessory": [],
    "henley (shirt)": ["t-shirt"],
}
TERMS = {
    "above-the-hip (length)": "length:waist",
    "above-the-knee (length)": "",
    "abstract": "pattern:printed",
    "banded (collar)": "collar:mandarin",
    "below the knee (length)": "length:midi",
    "cartoon": "pattern:graphic",
    "cheetah": "pattern:printed",
    "crocodile": "material:leather",
    "double breasted": "closure:button",
    "elbow-length": "sleeve:three-quarter",
    "geometric": "pattern:printed",
    "giraffe": "pattern:printed",
    "hood": "collar:hooded",
    "lapel": "collar:lapel",
    "leopard": "pattern:printed",
    "letters, numbers": "pattern:graphic",
    "peacock": "pattern:printed",
    "plant": "pattern:printed",
    "plunging (neckline)": "collar:v-neck",
    "regular (collar)": "",
    "short (length)": "sleeve:short",
    "single breasted": "closure:button",
    "snakeskin": "material:leather",
    "snakeskin (pattern)": "pattern:printed",
    "square (neckline)": "collar:square",
    "three quarter (length)": "sleeve:three-quarter",
    "tight (fit)": "fit:slim",
    "toile de jouy": "pattern:printed",
    "wrist-length": "sleeve:long",
    "zebra": "pattern:printed",
}
PARTS = ("hood", "lapel", "collar", "neckline", "sleeve")
"""Parts whose attributes are the garment's: a collar's come before those of the neckline."""

_GROUPS: dict[str, Collection[str]] = {
    "collar": ("collar",),
    "fit": ("fit",),
    "lapel": ("collar",),
    "leather": ("material",),
    "length": ("length", "sleeve"),
    "neck": ("collar",),
    "neckline": ("collar",),
    "neckline type": ("collar",),
    "nickname": ("silhouette", "length", "sleeve", "collar", "pattern", "closure"),
    "non-textile material type": (),
    "opening": ("closure",),
    "opening type": ("closure",),
    "pocket": (),
    "silhouette": ("silhouette", "fit"),
    "sleeve": ("sleeve",),
    "textile finishing, manufacturing techniques": ("pattern",),
    "textile pattern": ("pattern",),
    "animal": ("pattern",),
    "waistline": ("silhouette",),
}
"""Groups of an attribute: by the noun in its brackets, else by its supercategory."""

_BRACKETED = re.compile(r"\(([a-z]+) ?\)$")


def attribute_terms(labels: Labels, name: str, supercategory: str) -> frozenset[str]:
    """Look up the terms of an attribute."""
    return labels.terms(name, _GROUPS.get(_noun(name), _GROUPS.get(supercategory)))


def nickname_leaf(labels: Labels, name: str, supercategory: str) -> str | None:
    """Look up the leaf of a garment's nickname, ``jeans`` among pants; None for most."""
    of_part = _noun(name) in _GROUPS
    return None if of_part or supercategory != "nickname" else labels.leaf(name)


def _noun(name: str) -> str:
    """Extract the noun in brackets: ``collar`` of ``shirt (collar)``."""
    bracketed = _BRACKETED.search(name)
    return bracketed[1] if bracketed else ""
