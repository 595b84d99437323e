"""Photos without boxes, with a trained detector's and what is known of each: self-training.

A detector of street photos marks other photos, and what it cannot know is put right before the next
one learns from them. Of a catalogue's worn garments the seller says what is for sale, and nobody
wears a hat or carries a bag there: short hair, eyes and a hand on the hip are what they were taken
for. Of an casual photo of one thing its label says what that is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from houndstooth.mappings.features import Detection
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.detector import Detector, overlap, salience
from houndstooth.models.localisation.locator import WORN
from houndstooth.models.training.datasets.plain_csv import csv_samples
from houndstooth.models.training.datasets.products import product_rows
from houndstooth.models.training.detection.classes import CLASSES, category_numbers
from houndstooth.models.training.detection.samples import BoxedImage, boxed
from houndstooth.models.training.samples import split_of

# A box of the product's own kind is taken from this score on; of another, from the second one on,
# and where one lies between the two nobody knows what the photo shows beside the product.
SURE, DOUBTFUL = 0.6, 0.35
# Boxes that overlap more, as IoU, are of one garment.
SAME = 0.5
UPPER, LOWER = {"top", "outerwear", "dress"}, {"trousers", "shorts", "skirt", "legwear"}
BELIEVED = UPPER | LOWER | {"shoes", "belt"}
# Of one category: more T-shirts teach nothing new.
MAX_PER_CATEGORY = 250
# Of glasses some are worn; these are.
SURE_OF_EYEWEAR = 0.95
# A garment whose lower edge lies beyond this share of the image is cut off by it.
EDGE = 0.97


def worn_products(products: Path, teacher: Detector, seed: int = 1) -> Iterator[BoxedImage]:
    """Photos of a products.csv's train side that show worn garments.

    Raises:
        InvalidFeed: a column is missing.
    """
    taxonomy, known = Taxonomy.load(), category_numbers()
    taken: Counter[str] = Counter()
    for row in product_rows(products):
        category = taxonomy.category_for_label(row["articleType"])
        if category is None or category not in known:
            continue
        if taxonomy.great_category(category) not in WORN:
            continue
        if split_of(row["group"], seed) != "train" or taken[category] >= MAX_PER_CATEGORY:
            continue
        with Image.open(products.parent / row["file"]) as opened:
            image = opened.convert("RGB")
        items = marked(teacher.find([image])[0], category)
        if items:
            taken[category] += 1
            yield _boxed(image, items, row["file"])


def casual_photos(labels: Path, teacher: Detector) -> Iterator[BoxedImage]:
    """Training photos of a plain CSV that show one thing, those without a box there.

    Raises:
        InvalidFeed: it cannot be read, or a column is missing.
    """
    taxonomy, known = Taxonomy.load(), category_numbers()
    for sample in csv_samples(labels, taxonomy):
        if sample.box is not None or sample.split != "train" or sample.category not in known:
            continue
        with Image.open(sample.path) as opened:
            image = opened.convert("RGB")
        item = _dominant(teacher.find([image])[0], sample.category)
        if item is not None:
            yield _boxed(image, [(known[sample.category], item)], sample.path.name)


def _dominant(found: Sequence[Detection], category: str) -> Detection | None:
    """What the photo is of: of its own class if that is there, else the largest that is sure."""
    likely = [item for item in found if item.score >= DOUBTFUL]
    own = [item for item in likely if category in item.categories]
    return max(own or likely, key=salience, default=None)


def marked(found: Sequence[Detection], category: str) -> list[tuple[int, Detection]]:
    """Class numbers and boxes of a photo in which a garment of a category is for sale.

    Args:
        found: by the detector, best first.

    Returns:
        The garment for sale first; nothing where it, or what is beside it, is in doubt.
    """
    sold = _for_sale(found, category)
    if sold is None:
        return []
    numbers = {c.label: number for number, c in enumerate(CLASSES, 1)}
    own = sold.label if category in sold.categories else _class_of(category)
    marks = [(numbers[own], sold)]
    for item in found:
        if any(overlap(item.box, other.box) > SAME for _, other in marks):
            continue
        if item.label == "eyewear" and item.score >= SURE_OF_EYEWEAR:
            marks.append((numbers["eyewear"], item))
        if item.label not in BELIEVED:
            continue
        score = _score_of_place(item, found)
        if DOUBTFUL <= score < SURE:
            return []
        if score >= SURE:
            marks.append((numbers[_as_worn(item, own)], item))
    return marks


def _for_sale(found: Sequence[Detection], category: str) -> Detection | None:
    """The box of what is for sale: of its class, else of another that is worn in its place."""
    own = [item for item in found if category in item.categories]
    if own and own[0].score >= SURE:
        return own[0]
    place = UPPER if _class_of(category) in UPPER else LOWER
    there = [item for item in found if item.label in place]
    if there and _score_of_place(there[0], found) >= SURE:
        return there[0]
    return None


def _score_of_place(item: Detection, found: Sequence[Detection]) -> float:
    """That it is a garment at all: the scores of all classes that are worn there, together."""
    place = next((p for p in (UPPER, LOWER) if item.label in p), {item.label})
    return sum(
        other.score
        for other in found
        if other.label in place and overlap(other.box, item.box) > SAME
    )


def _as_worn(item: Detection, sold: str) -> str:
    """The class of what is worn beside what is for sale: trousers cut off look like shorts."""
    cut_off = item.box.y + item.box.h > EDGE
    return "trousers" if item.label == "shorts" and cut_off and sold in UPPER else item.label


def _class_of(category: str) -> str:
    return CLASSES[category_numbers()[category] - 1].label


def _boxed(image: Image.Image, items: Sequence[tuple[int, Detection]], name: str) -> BoxedImage:
    width, height = image.size
    corners = [
        (b.x * width, b.y * height, (b.x + b.w) * width, (b.y + b.h) * height)
        for b in (item.box for _, item in items)
    ]
    return boxed(np.asarray(image), corners, [number for number, _ in items], name)
