"""What the detector is trained on: boxes stay around their items, whatever is done to them."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.errors import InvalidConfig, InvalidFeed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.detection.augment import random_view
from houndstooth.models.training.detection.classes import (
    CLASSES,
    own_categories,
    product_numbers,
    street_numbers,
)
from houndstooth.models.training.detection.composites import (
    cut_out,
    paste,
    plain_scene,
    replace_background,
)
from houndstooth.models.training.detection.samples import BoxedImage, street_images, street_split
from houndstooth.models.training.detection.views import Sources

SHOES = 1 + [c.label for c in CLASSES].index("shoes")


def red_patch(background: int = 255) -> BoxedImage:
    pixels = np.full((160, 120, 3), background, np.uint8)
    pixels[60:120, 30:80] = (200, 20, 20)
    box = np.array([[30, 60, 80, 120]], np.float32)
    return BoxedImage(pixels, box, np.array([SHOES]), "patch.jpg")


def red_bounds(pixels: NDArray[np.uint8]) -> list[int]:
    red = pixels[..., 0].astype(int) - pixels[..., 1] > 50
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


@pytest.mark.parametrize("seed", range(20))
def test_boxes_follow_their_view(seed: int) -> None:
    rng = np.random.default_rng(seed)
    view = random_view(red_patch(120), rng, (96, 128), (0.5, 2.0))
    assert view.pixels.shape == (128, 96, 3)
    assert len(view.boxes) == len(view.labels)
    for box in view.boxes:
        assert np.abs(box - red_bounds(view.pixels)).max() <= 2


@pytest.mark.parametrize("seed", range(5))
def test_pasted_items_fill_their_boxes(seed: int) -> None:
    cutout = cut_out(red_patch())
    assert cutout is not None and cutout.image.size == (50, 60)
    rng = np.random.default_rng(seed)
    scene = BoxedImage(
        np.full((320, 224, 3), 90, np.uint8), np.zeros((0, 4), np.float32), np.zeros(0, int), "x"
    )
    pasted = paste(scene, [cutout], rng, 1)
    assert pasted.labels.tolist() == [SHOES]
    assert np.abs(pasted.boxes[0] - red_bounds(pasted.pixels)).max() <= 2
    assert (scene.pixels == 90).all()


def test_pasted_items_leave_others_seen() -> None:
    cutout = cut_out(red_patch())
    assert cutout is not None
    rng = np.random.default_rng(1)
    boxes = paste(plain_scene(rng, 224, 320), [cutout], rng, 12).boxes
    assert len(boxes) > 2
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            shared = (np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])).clip(0).prod()
            assert shared <= 0.16 * (a[2:] - a[:2]).prod()


def test_the_ground_changes_and_what_stands_on_it_does_not() -> None:
    sample = red_patch()
    sample.pixels[80:90, 40:60] = 255  # a white print
    view = replace_background(sample, np.random.default_rng(3))
    inside = (slice(60, 120), slice(30, 80))
    assert np.array_equal(view.pixels[inside], sample.pixels[inside])
    assert (view.pixels[:50] != 255).any()
    assert np.array_equal(view.boxes, sample.boxes)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"worn": 0.5, "street": 0.5}, "share of worn"),
        ({"model": 1.0}, "expected shares of street"),
    ],
)
def test_a_share_that_nothing_can_fill(shares: dict[str, float], message: str) -> None:
    sources = Sources([red_patch(90)], [], [], [])
    with pytest.raises(InvalidConfig, match=message):
        next(sources.epoch(shares, 8, 8, (1, 0)))


def test_the_same_seed_shows_the_same() -> None:
    cutout = cut_out(red_patch())
    assert cutout is not None
    sources = Sources([red_patch(90)], [red_patch()], [red_patch(200)], [cutout], [red_patch()])
    shares = {"street": 0.4, "composite": 0.2, "product": 0.1, "paper": 0.1} | {
        "synthetic": 0.1,
        "worn": 0.1,
    }
    first, again, other = (list(sources.epoch(shares, 22, 8, s)) for s in ((1, 0), (1, 0), (1, 1)))
    assert [len(batch) for batch in first] == [8, 8, 6]
    for batch in first:
        assert len({view.pixels.shape for view in batch}) == 1
    assert np.array_equal(first[0][0].pixels, again[0][0].pixels)
    assert first[0][0].pixels.shape != other[0][0].pixels.shape or not np.array_equal(
        first[0][0].pixels, other[0][0].pixels
    )


def test_classes_share_no_label_and_fit_the_taxonomy() -> None:
    taxonomy = Taxonomy.load()
    for c in CLASSES:
        assert own_categories(c.label)
        assert set(c.categories) <= set(taxonomy.categories)
    for field in ("street", "product"):
        terms = [term for c in CLASSES for term in getattr(c, field)]
        assert len(terms) == len(set(terms))
    for label, number in product_numbers().items():
        assert taxonomy.category_for_label(label) in CLASSES[number - 1].categories
    assert set(street_numbers().values()) == set(range(1, len(CLASSES) + 1))


def test_street_split_is_by_photo() -> None:
    sides = [street_split(f"{n:04}.jpg") for n in range(2000)]
    assert 0.17 < sides.count("test") / 2000 < 0.23
    assert 0.05 < sides.count("validation") / 2000 < 0.11
    assert street_split("photos/0007.jpg") == street_split("0007.jpg")
    assert street_split("0007.jpg", seed=2) in ("train", "validation", "test")


def test_street_photos_lose_noise_and_other_labels(tmp_path: Path) -> None:
    Image.new("RGB", (200, 300)).save(tmp_path / "a.jpg")
    boxes = [
        {"label": "purse", "x": 10, "y": 20, "w": 30, "h": 40, "mask_px": 900},
        {"label": "ring", "x": 10, "y": 20, "w": 7, "h": 40, "mask_px": 9},
        {"label": "accessories", "x": 10, "y": 20, "w": 30, "h": 40, "mask_px": 900},
    ]
    record = {"file": "a.jpg", "width": 200, "height": 300, "boxes": boxes, "person": {}}
    (tmp_path / "street.jsonl").write_text(json.dumps(record) + "\n")
    (photo,) = street_images(tmp_path)
    assert photo.boxes.tolist() == [[10, 20, 40, 60]]
    assert CLASSES[photo.labels[0] - 1].label == "bag"
    others = {"train", "validation", "test"} - {street_split("a.jpg")}
    assert list(street_images(tmp_path, others)) == []


@pytest.mark.parametrize("text", ["[]", "{}", "no json", '{"file": "b.jpg", "boxes": []}'])
def test_a_folder_that_is_not_street_photos(tmp_path: Path, text: str) -> None:
    (tmp_path / "street.jsonl").write_text(text)
    with pytest.raises(InvalidFeed, match=r"street\.jsonl"):
        list(street_images(tmp_path))
