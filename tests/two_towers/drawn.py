"""Drawn products and their titles: so many of each kind in each colour."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from PIL import Image

from houndstooth.models.synthetic.drawing import ItemSpec, draw_item
from houndstooth.models.synthetic.titles import BRANDS, shelf, title
from houndstooth.models.synthetic.wardrobe import KINDS, draw_terms

SIZE = (90, 120)
"""Width and height of a picture, pixels."""

COLOURS = ("black", "white", "red", "blue", "green", "pink", "yellow", "brown")
ASKED = (
    *("t-shirt", "trousers", "dress", "boots", "heels", "handbag", "backpack", "cap", "tie"),
    *("watch", "sunglasses", "belt"),
)
"""The kinds of product, as the taxonomy calls them."""


@dataclass(frozen=True)
class Drawn:
    """A product: what it is, its title, and the same without the brand."""

    product_id: str
    spec: ItemSpec
    title: str
    words: str

    @property
    def pair(self) -> tuple[str, str]:
        """Kind and colour: what a hit must have to be right."""
        return self.spec.category, self.spec.terms["colour"]

    @property
    def shelf(self) -> str:
        """The seller's category, as in `Men > Clothing > T-Shirts`."""
        return shelf(self.spec.category, self.spec.terms["gender"])

    @property
    def says_both(self) -> bool:
        """Tell whether the title names the colour, and the kind by its own noun."""
        said = self.words.lower()
        return self.pair[1] in said.split() and KINDS[self.pair[0]].noun.lower() in said

    def picture(self) -> Image.Image:
        """Draw it."""
        return draw_item(self.spec, SIZE, self.spec.seed).image


def foreign(text: str) -> str:
    """Say a text in a language that Houndstooth's reader does not have: every letter is another."""
    return codecs.encode(text, "rot13")


def draw_products(
    each: int, seed: int, kinds: Sequence[str] = ASKED, colours: Sequence[str] = COLOURS
) -> Iterator[Drawn]:
    """Make up products, ``each`` of every kind in every colour; all follows from the seed."""
    number = 0
    for kind in kinds:
        for colour in colours:
            for _ in range(each):
                rng = np.random.default_rng([seed, number])
                terms = {**draw_terms(kind, None, rng), "colour": colour}
                spec = ItemSpec(kind, terms, int(rng.integers(2**31)))
                brand = str(rng.choice(BRANDS))
                name = title(kind, terms, brand, rng.random() < 0.08, rng)
                yield Drawn(f"D{seed}-{number:05d}", spec, name, name.removeprefix(brand).strip())
                number += 1


def pictures_of(products: Sequence[Drawn], jobs: int = 2) -> list[Image.Image]:
    """Draw the pictures of products, in order."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(Drawn.picture, products, chunksize=32))
