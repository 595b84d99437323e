"""Which function draws which category: garments are cut for a body, stills lie by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from houndstooth.models.synthetic.accessories import belt, socks, sunglasses
from houndstooth.models.synthetic.bags import clutch, handbag, wallet
from houndstooth.models.synthetic.boots import boot
from houndstooth.models.synthetic.bottoms import trousers
from houndstooth.models.synthetic.dresses import dress, jumpsuit
from houndstooth.models.synthetic.figure import Body
from houndstooth.models.synthetic.headwear import cap, hat
from houndstooth.models.synthetic.heels import flat, heeled
from houndstooth.models.synthetic.luggage import backpack, long_bag
from houndstooth.models.synthetic.neckwear import scarf, tie
from houndstooth.models.synthetic.parts import Part
from houndstooth.models.synthetic.patterns import Fabric
from houndstooth.models.synthetic.sandals import flip_flop, sandal
from houndstooth.models.synthetic.shoes import formal, sneaker
from houndstooth.models.synthetic.skirts import skirt
from houndstooth.models.synthetic.tops import upper
from houndstooth.models.synthetic.watches import watch

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
