"""Which function draws which category: garments are cut for a body, stills lie by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from models.training.studio.accessories import belt, socks, sunglasses
from models.training.studio.bags import clutch, handbag, wallet
from models.training.studio.boots import boot
from models.training.studio.bottoms import trousers
from models.training.studio.dresses import dress, jumpsuit
from models.training.studio.figure import Body
from models.training.studio.headwear import cap, hat
from models.training.studio.heels import flat, heeled
from models.training.studio.luggage import backpack, long_bag
from models.training.studio.neckwear import scarf, tie
from models.training.studio.parts import Part
from models.training.studio.patterns import Fabric
from models.training.studio.sandals import flip_flop, sandal
from models.training.studio.shoes import formal, sneaker
from models.training.studio.skirts import skirt
from models.training.studio.tops import upper
from models.training.studio.watches import watch

Terms = Mapping[str, str]
Garment = Callable[[str, Terms, Body, Fabric, np.random.Generator, bool], list[Part]]
Still = Callable[[str, Terms, Fabric, np.random.Generator], list[Part]]

GARMENTS: dict[str, Garment] = {
    **dict.fromkeys(("t-shirt", "shirt", "top", "kurta", "tunic", "sweater", "sweatshirt"), upper),
    **dict.fromkeys(("jacket", "blazer", "coat", "waistcoat"), upper),
    **dict.fromkeys(("trousers", "jeans", "shorts", "track-pants", "capris", "leggings"), trousers),
    "skirt": skirt,
    "dress": dress,
    "jumpsuit": jumpsuit,
}

STILLS: dict[str, Still] = {
    "casual-shoes": sneaker,
    "sports-shoes": sneaker,
    "formal-shoes": formal,
    "heels": heeled,
    "flats": flat,
    "sandals": sandal,
    "flip-flops": flip_flop,
    "boots": boot,
    "handbag": handbag,
    "clutch": clutch,
    "wallet": wallet,
    "backpack": backpack,
    **dict.fromkeys(("messenger-bag", "duffel-bag", "laptop-bag"), long_bag),
    "watch": watch,
    "sunglasses": sunglasses,
    "belt": belt,
    "socks": socks,
    "cap": cap,
    "hat": hat,
    "tie": tie,
    "scarf": scarf,
}
