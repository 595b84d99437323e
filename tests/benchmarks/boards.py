"""``python -m tests.benchmarks.boards --products CSV [--boards N] [--split validation]``.

Is the right item meant where several lie on plain ground? Boards are laid out of real photos: a
top, a bottom, a pair of shoes and a bag on white, each of another product. Every item is asked for
by its category, by its category and the box it was pasted into, and as a photo of its own. Prints
of each kind, and of all, how often the first colour is the seller's; and how often an item is found
unguided, with a category of its own kind, in a box whose IoU is at least a half.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from houndstooth.mappings.features import Box, Features
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.localisation.background import find_foreground
from houndstooth.models.localisation.detector import overlap
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.models.training.samples import split_of
from tests.benchmarks.feed import Row

KINDS: Mapping[str, tuple[str, ...]] = {
    "tops": ("Shirts", "Tshirts", "Tops", "Sweaters"),
    "bottoms": ("Trousers", "Jeans", "Shorts", "Track Pants"),
    "shoes": ("Casual Shoes", "Sports Shoes", "Heels", "Formal Shoes"),
    "bags": ("Handbags", "Backpacks", "Clutches"),
}
"""Article types by kind; a board has one product of each kind."""

SIDE, GAP = 640, 24
"""Pixels of a board's side, and of the margin around each photo."""


@dataclass(frozen=True)
class Placed:
    """A photo on a board: its row, the photo, and the box of its item on the board."""

    row: Row
    photo: Image.Image
    box: Box


def lay_out(photos: Sequence[tuple[Row, Image.Image]]) -> tuple[Image.Image, list[Placed]]:
    """Paste four photos on white, two by two."""
    board, placed, cell = Image.new("RGB", (SIDE, SIDE), "white"), [], SIDE // 2
    for at, (row, photo) in enumerate(photos):
        scale = (cell - 2 * GAP) / max(photo.size)
        scaled = photo.resize((round(photo.width * scale), round(photo.height * scale)))
        left = at % 2 * cell + (cell - scaled.width) // 2
        top = at // 2 * cell + (cell - scaled.height) // 2
        board.paste(scaled, (left, top))
        item, _ = find_foreground(photo)
        box = Box(
            (left + item.x * scaled.width) / SIDE,
            (top + item.y * scaled.height) / SIDE,
            item.w * scaled.width / SIDE,
            item.h * scaled.height / SIDE,
        )
        placed.append(Placed(row, photo, box))
    return board, placed


def boards(
    products: Path, count: int, split: str, extractor: ImageExtractor
) -> Iterator[tuple[Image.Image, list[Placed]]]:
    """Lay out boards of a split's products, spread over the file."""
    rows = [row for row in product_rows(products) if split_of(row["group"]) == split]
    chosen = []
    for types in KINDS.values():
        of_kind = [row for row in rows if row["articleType"] in types]
        chosen.append(of_kind[:: max(1, len(of_kind) // count)][:count])
    for board in zip(*chosen, strict=True):
        photos = [extractor.decode((products.parent / row["file"]).read_bytes()) for row in board]
        yield lay_out(list(zip(board, photos, strict=True)))


def first_colour_is_right(features: Features, row: Row, taxonomy: Taxonomy) -> bool:
    """Tell whether the likeliest colour is the seller's."""
    found = [t for t in features.attributes if t.term.startswith("colour:")]
    likeliest = max(found, key=lambda t: t.confidence).term if found else ""
    return likeliest == taxonomy.term_for_label("colour", row["baseColour"])


def main() -> None:
    """Ask all boards; print one table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.boards",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--products", type=Path, required=True, help="a products.csv")
    parser.add_argument("--boards", type=int, default=8, help="so many boards of four (8)")
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    options = parser.parse_args()
    taxonomy = Taxonomy.load()
    extractor = load_extractor(taxonomy)
    right: dict[str, list[list[bool]]] = {kind: [] for kind in KINDS}
    for board, placed in boards(options.products, options.boards, options.split, extractor):
        [free] = extractor.extract([board])
        for kind, item in zip(KINDS, placed, strict=True):
            category = taxonomy.category_for_label(item.row["articleType"])
            assert category is not None
            [asked] = extractor.extract([board], [{category}])
            [drawn] = extractor.extract([board], [{category}], [item.box])
            [alone] = extractor.extract([item.photo], [{category}])
            colours = [
                first_colour_is_right(each, item.row, taxonomy) for each in (asked, drawn, alone)
            ]
            found = any(
                category in each.categories and overlap(each.box, item.box) >= 0.5
                for each in free.items
            )
            right[kind].append([*colours, overlap(asked.box, item.box) >= 0.5, found])
    print("| kind | n | colour, asked | box drawn | alone | box found, asked | found, unguided |")
    print("|---|---|---|---|---|---|---|")
    right["all"] = [each for of_kind in right.values() for each in of_kind]
    for kind, each in right.items():
        sums = " | ".join(str(count) for count in np.sum(each, axis=0))
        print(f"| {kind} | {len(each)} | {sums} |")


if __name__ == "__main__":
    main()
