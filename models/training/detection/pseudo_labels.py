"""Pseudo-labels: boxes that a teacher, a trained detector, finds in photos without boxes.

What is known of a photo corrects the teacher before a student learns from it (self-training). The
seller names the category of a worn product. Catalogue models wear no hats and carry no bags, so
those detections are errors: short hair, eyes or a hand on the hip. The label of a casual photo
names the category of its single item.
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

ACCEPT_SCORE, REJECT_SCORE = 0.6, 0.35
"""Detections from the first score on become pseudo-labels; those below the second are ignored.

A photo with one between the two is left out.
"""

SAME_ITEM_IOU = 0.5
"""Boxes that overlap more are of one garment."""

UPPER, LOWER = {"top", "outerwear", "dress"}, {"trousers", "shorts", "skirt", "legwear"}
"""Classes worn in the same place."""

TRUSTED = UPPER | LOWER | {"shoes", "belt"}
"""Classes that the teacher is trusted with in catalogue photos."""

MAX_PER_CATEGORY = 250
"""The most photos of one category; more of the same improve nothing."""

EYEWEAR_SCORE = 0.95
"""Some models wear glasses: detections from this score on."""

CUT_OFF_EDGE = 0.97
"""A garment whose lower edge is below this share of the image is cut off by it."""


def worn_products(products: Path, teacher: Detector, seed: int = 1) -> Iterator[BoxedImage]:
    """Read training photos of a products.csv that show worn garments, with pseudo-labels.

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
        items = label_worn(teacher.find(image), category)
        if items:
            taken[category] += 1
            yield _boxed(image, items, row["file"])


def casual_photos(labels: Path, teacher: Detector) -> Iterator[BoxedImage]:
    """Read training photos of a plain CSV that show a single item, with pseudo-labels.

    Rows with a box are left out.

    Raises:
        InvalidFeed: the file cannot be read, or a column is missing.
    """
    taxonomy, known = Taxonomy.load(), category_numbers()
    for sample in csv_samples(labels, taxonomy):
        if sample.box is not None or sample.split != "train" or sample.category not in known:
            continue
        with Image.open(sample.path) as opened:
            image = opened.convert("RGB")
        item = _dominant(teacher.find(image), sample.category)
        if item is not None:
            yield _boxed(image, [(known[sample.category], item)], sample.path.name)


def _dominant(detections: Sequence[Detection], category: str) -> Detection | None:
    """Select the most salient detection, of the category's class if there is one."""
    likely = [item for item in detections if item.score >= REJECT_SCORE]
    own = [item for item in likely if category in item.categories]
    return max(own or likely, key=salience, default=None)


def label_worn(detections: Sequence[Detection], category: str) -> list[tuple[int, Detection]]:
    """Make the pseudo-labels of a catalogue photo with a worn garment.

    Args:
        detections: the teacher's, best first.
        category: leaf category of the product.

    Returns:
        Class numbers and boxes, the product first; empty where any of them is uncertain.
    """
    product = _product(detections, category)
    if product is None:
        return []
    numbers = {c.label: number for number, c in enumerate(CLASSES, 1)}
    own = product.label if category in product.categories else _class_of(category)
    labels = [(numbers[own], product)]
    for item in detections:
        if any(overlap(item.box, other.box) > SAME_ITEM_IOU for _, other in labels):
            continue
        if item.label == "eyewear" and item.score >= EYEWEAR_SCORE:
            labels.append((numbers["eyewear"], item))
        if item.label not in TRUSTED:
            continue
        score = _place_score(item, detections)
        if REJECT_SCORE <= score < ACCEPT_SCORE:
            return []
        if score >= ACCEPT_SCORE:
            labels.append((numbers[_corrected_class(item, own)], item))
    return labels


def _product(detections: Sequence[Detection], category: str) -> Detection | None:
    """Select the product's detection: of its class, else of another worn in the same place."""
    own = [item for item in detections if category in item.categories]
    if own and own[0].score >= ACCEPT_SCORE:
        return own[0]
    place = UPPER if _class_of(category) in UPPER else LOWER
    there = [item for item in detections if item.label in place]
    if there and _place_score(there[0], detections) >= ACCEPT_SCORE:
        return there[0]
    return None


def _place_score(item: Detection, detections: Sequence[Detection]) -> float:
    """Sum the scores of all classes worn in an item's place: that it is a garment at all."""
    place = next((p for p in (UPPER, LOWER) if item.label in p), {item.label})
    return sum(
        other.score
        for other in detections
        if other.label in place and overlap(other.box, item.box) > SAME_ITEM_IOU
    )


def _corrected_class(item: Detection, product: str) -> str:
    """Correct the class of an item beside the product: cut-off trousers look like shorts."""
    cut_off = item.box.y + item.box.h > CUT_OFF_EDGE
    return "trousers" if item.label == "shorts" and cut_off and product in UPPER else item.label


def _class_of(category: str) -> str:
    return CLASSES[category_numbers()[category] - 1].label


def _boxed(image: Image.Image, items: Sequence[tuple[int, Detection]], name: str) -> BoxedImage:
    width, height = image.size
    corners = [
        (b.x * width, b.y * height, (b.x + b.w) * width, (b.y + b.h) * height)
        for b in (item.box for _, item in items)
    ]
    return boxed(np.asarray(image), corners, [number for number, _ in items], name)
