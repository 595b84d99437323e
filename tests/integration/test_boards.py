"""Several things on plain ground: which is meant, and when they are one item."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from houndstooth.mappings.features import Box, Features
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.extractor import EMPTY_BOX, ImageExtractor
from houndstooth.models.loading import load_extractor
from houndstooth.models.synthetic import generate

TAXONOMY = Taxonomy.load()
KINDS = ("top", "bottom", "shoes", "bag")


@pytest.fixture(scope="module")
def extractor() -> ImageExtractor:
    return load_extractor(TAXONOMY)


@pytest.fixture(scope="module")
def photos(
    extractor: ImageExtractor, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[tuple[str, Image.Image]]]:
    """Drawn photos of one item each, and their categories, by great category."""
    folder = tmp_path_factory.mktemp("drawn")
    generate(120, 7, folder, outfits=0.0, progress=False)
    found: dict[str, list[tuple[str, Image.Image]]] = {}
    for line in (folder / "labels.jsonl").read_text().splitlines():
        label = json.loads(line)
        image = extractor.decode((folder / Path(label["file"])).read_bytes())
        [seen] = extractor.extract([image])
        if seen.box_source == "foreground" and seen.category.term == label["category"]:
            great = TAXONOMY.great_category(label["category"])
            found.setdefault(great, []).append((label["category"], image))
    return found


def board(photos: list[Image.Image], side: int = 640) -> tuple[Image.Image, list[Box]]:
    """Paste photos on white, two by two; their boxes are returned beside it."""
    image, boxes, cell = Image.new("RGB", (side, side), "white"), [], side // 2
    for at, photo in enumerate(photos):
        scale = (cell - 20) / max(photo.size)
        small = photo.resize((round(photo.width * scale), round(photo.height * scale)))
        left = at % 2 * cell + (cell - small.width) // 2
        top = at // 2 * cell + (cell - small.height) // 2
        image.paste(small, (left, top))
        boxes.append(Box(left / side, top / side, small.width / side, small.height / side))
    return image, boxes


def inside(box: Box, cell: Box) -> bool:
    """Whether a box lies in a cell, within a hundredth."""
    return (
        box.x >= cell.x - 0.01
        and box.y >= cell.y - 0.01
        and box.x + box.w <= cell.x + cell.w + 0.01
        and box.y + box.h <= cell.y + cell.h + 0.01
    )


def colour_distance(a: Features, b: Features) -> float:
    difference = a.colour_histogram.astype(float) / 255 - b.colour_histogram / 255
    return float((difference**2).sum() / 2)


def test_each_item_of_a_board_is_asked_as_a_photo_of_its_own(
    extractor: ImageExtractor, photos: dict[str, list[tuple[str, Image.Image]]]
) -> None:
    for row in range(3):
        chosen = [photos[kind][row] for kind in KINDS]
        image, cells = board([photo for _, photo in chosen])
        categories = [{category} for category, _ in chosen]
        asked = extractor.extract([image] * 4, categories)
        alone = extractor.extract([photo for _, photo in chosen], categories)
        for seen, expected, cell in zip(asked, alone, cells, strict=True):
            assert inside(seen.box, cell)
            assert colour_distance(seen, expected) < 0.1
            assert np.bitwise_count(seen.binary_code ^ expected.binary_code).sum() < 300
            assert len(seen.items) >= 4


def test_unguided_one_item_of_the_board_is_meant_and_all_are_told(
    extractor: ImageExtractor, photos: dict[str, list[tuple[str, Image.Image]]]
) -> None:
    chosen = [photos[kind][0] for kind in KINDS]
    image, cells = board([photo for _, photo in chosen])
    [seen] = extractor.extract([image])
    assert sum(inside(seen.box, cell) for cell in cells) == 1
    assert seen.category.term in [category for category, _ in chosen]
    for cell in cells:
        assert any(inside(item.box, cell) for item in seen.items)


def test_a_turned_board_is_told_in_the_photo_as_given(
    extractor: ImageExtractor, photos: dict[str, list[tuple[str, Image.Image]]]
) -> None:
    [category, bag], (_, top) = photos["bag"][0], photos["top"][0]
    image, [cell, _] = board([bag, top])
    [upright] = extractor.extract([image], [{category}])
    assert inside(upright.box, cell)
    [turned] = extractor.extract([image.transpose(Image.Transpose.ROTATE_180)], [{category}])
    expected = Box(1 - cell.x - cell.w, 1 - cell.y - cell.h, cell.w, cell.h)
    assert inside(turned.box, expected)


def test_views_of_one_product_are_asked_as_one_of_them(
    extractor: ImageExtractor, photos: dict[str, list[tuple[str, Image.Image]]]
) -> None:
    category, photo = photos["bag"][0]
    collage, cells = board([photo, photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)] * 2)
    [whole], [seen] = extractor.extract([photo]), extractor.extract([collage])
    assert seen.category.term == category
    assert sum(inside(seen.box, cell) for cell in cells) == 1
    assert colour_distance(seen, whole) < 0.1


NAVY, BLACK = (30, 40, 90), (20, 20, 20)


@pytest.mark.parametrize(("colours", "items"), [((BLACK, BLACK), 1), ((NAVY, BLACK), 2)])
def test_navy_beside_black_is_sold_together(
    extractor: ImageExtractor,
    photos: dict[str, list[tuple[str, Image.Image]]],
    colours: tuple[tuple[int, int, int], ...],
    items: int,
) -> None:
    category, photo = photos["bag"][0]
    pixels = np.asarray(photo)
    item = (255 - pixels.min(axis=-1, keepdims=True)) > 20
    shade = 0.8 + pixels.mean(axis=-1, keepdims=True) / 640
    dyed = [Image.fromarray(np.where(item, c * shade, pixels).astype(np.uint8)) for c in colours]
    collage, cells = board(dyed)
    [seen] = extractor.extract([collage], [{category}])
    assert sum(inside(seen.box, cell) for cell in cells) == (items == 1)
    assert (seen.box.w > 0.5) == (items == 2)


def test_the_two_of_a_pair_are_one_item(extractor: ImageExtractor) -> None:
    image = Image.new("RGB", (400, 300), "white")
    for x in (60, 240):
        image.paste((200, 160, 40), (x, 100, x + 100, 200))
    [seen] = extractor.extract([image], [{"earrings"}])
    assert np.abs(np.array(seen.box.as_list()) - [0.15, 1 / 3, 0.7, 1 / 3]).max() < 0.02


def test_a_box_over_nothing_but_ground_is_warned_of(extractor: ImageExtractor) -> None:
    image = Image.new("RGB", (240, 320), (236, 236, 236))
    image.paste((30, 60, 140), (60, 80, 180, 240))
    given = [Box(0.02, 0.02, 0.15, 0.15), Box(0.2, 0.2, 0.6, 0.6)]
    empty, filled = extractor.extract([image] * 2, None, given)
    assert empty.notes == (EMPTY_BOX,) and empty.box == given[0]
    assert filled.notes == ()
    [free] = extractor.extract([image])
    assert free.notes == ()
