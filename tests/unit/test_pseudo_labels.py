"""Pseudo-labels of a teacher, corrected by the seller's label and by what models wear."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from houndstooth.mappings.features import Box, Detection
from houndstooth.models.training.detection.classes import CLASSES
from houndstooth.models.training.detection.pseudo_labels import label_worn, worn_products
from houndstooth.models.training.samples import split_of

CATEGORIES = {c.label: c.categories for c in CLASSES}
CHEST, LEGS, HEAD, HAND = (
    Box(0.2, 0.2, 0.6, 0.5),
    Box(0.3, 0.7, 0.4, 0.3),
    Box(0.4, 0.0, 0.2, 0.1),
    Box(0.7, 0.6, 0.1, 0.1),
)


def detected(*items: tuple[str, float, Box]) -> list[Detection]:
    ranked = sorted(items, key=lambda item: -item[1])
    return [Detection(label, CATEGORIES[label], score, box) for label, score, box in ranked]


def labels_of(items: list[Detection], category: str) -> list[tuple[str, Box]]:
    return [(CLASSES[number - 1].label, item.box) for number, item in label_worn(items, category)]


def test_the_product_comes_first_and_other_garments_follow() -> None:
    detections = detected(("trousers", 0.95, LEGS), ("top", 0.9, CHEST), ("dress", 0.2, CHEST))
    assert labels_of(detections, "t-shirt") == [("top", CHEST), ("trousers", LEGS)]


def test_the_product_has_the_class_of_its_label() -> None:
    assert labels_of(detected(("top", 0.7, CHEST), ("outerwear", 0.2, CHEST)), "jacket") == [
        ("outerwear", CHEST)
    ]
    assert labels_of(detected(("dress", 0.8, CHEST)), "kurta") == [("dress", CHEST)]


def test_nobody_wears_a_hat_or_carries_a_bag_in_a_catalogue() -> None:
    detections = detected(
        ("top", 0.9, CHEST), ("hat", 0.97, HEAD), ("bag", 0.98, HAND), ("eyewear", 0.9, HEAD)
    )
    assert labels_of(detections, "shirt") == [("top", CHEST)]
    assert labels_of(detected(("top", 0.9, CHEST), ("eyewear", 0.99, HEAD)), "shirt") == [
        ("top", CHEST),
        ("eyewear", HEAD),
    ]


def test_trousers_that_are_cut_off_are_no_shorts() -> None:
    legs = detected(("top", 0.9, CHEST), ("shorts", 0.5, LEGS), ("trousers", 0.3, LEGS))
    assert labels_of(legs, "shirt") == [("top", CHEST), ("trousers", LEGS)]
    whole = Box(0.3, 0.7, 0.4, 0.2)
    assert (
        labels_of(detected(("top", 0.9, CHEST), ("shorts", 0.8, whole)), "shirt")[1][0] == "shorts"
    )
    assert labels_of(detected(("shorts", 0.9, LEGS)), "shorts") == [("shorts", LEGS)]


@pytest.mark.parametrize(
    "detections",
    [
        detected(("trousers", 0.9, LEGS)),
        detected(("top", 0.5, CHEST)),
        detected(("top", 0.9, CHEST), ("trousers", 0.5, LEGS)),
    ],
    ids=["not detected", "uncertain product", "uncertain garment beside it"],
)
def test_an_uncertain_photo_has_no_pseudo_labels(detections: list[Detection]) -> None:
    assert label_worn(detections, "t-shirt") == []


class Teacher:
    """Detects a top in every photo."""

    def find(self, image: Image.Image) -> list[Detection]:
        return detected(("top", 0.9, CHEST))


def test_worn_products_are_of_the_training_split(tmp_path: Path) -> None:
    Image.new("RGB", (90, 120), "white").save(tmp_path / "a.jpg")
    kinds = ["Tshirts", "Handbags", "Tracksuits", "of no category"]
    with (tmp_path / "products.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "articleType", "productDisplayName", "group"])
        for group in range(40):
            writer.writerows(["a.jpg", kind, "A name", str(group)] for kind in kinds)
    photos = list(worn_products(tmp_path / "products.csv", Teacher()))  # type: ignore[arg-type]
    assert len(photos) == [split_of(str(group), 1) for group in range(40)].count("train")
    assert photos[0].boxes[0] == pytest.approx([18, 24, 72, 84])
    assert photos[0].pixels.shape == (120, 90, 3)
