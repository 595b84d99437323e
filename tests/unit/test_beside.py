"""What is beside a product's item: asked for as long as it is wanted, and never at its cost."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PIL import Image

from houndstooth.ingest.drafts import Draft
from houndstooth.ingest.merge import worn_items
from houndstooth.ingest.views import Wanted, extract_images
from houndstooth.mappings.features import Box, Detection, Features
from houndstooth.mappings.product import Product
from houndstooth.models.extractor import BESIDE_AT_ONCE, ImageExtractor
from tests.fakes import OUTFIT, FakeExtractor, OutfitExtractor


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(file, "PNG")
    return file.getvalue()


RED, GREEN, BLUE = map(picture, ("red", "green", "blue"))


class Asked(OutfitExtractor):
    """Notes of how many images it is asked what is beside; raises at green ones."""

    def __init__(self) -> None:
        super().__init__(OUTFIT)
        self.asked: list[int] = []

    def extract_beside(
        self, images: Sequence[Image.Image], items: Sequence[Features]
    ) -> list[tuple[Features, ...]]:
        self.asked.append(len(images))
        if any(image.getpixel((0, 0)) == (0, 128, 0) for image in images):
            raise RuntimeError("out of memory")
        return super().extract_beside(images, items)


def test_what_cannot_be_said_of_an_image_costs_neither_it_nor_others() -> None:
    extractor = Asked()
    wanted: list[Wanted] = [(one, None, None, True) for one in (RED, GREEN)]
    wanted.append((BLUE, None, None, False))
    found = list(extract_images(extractor, wanted).values())
    assert [isinstance(one, Features) and len(one.beside) for one in found] == [2, 0, 0]
    assert extractor.asked == [2, 1, 1]


def test_it_is_wanted_until_a_view_has_some() -> None:
    plain, outfit = FakeExtractor(), Asked()
    image = plain.decode(RED)
    [nothing], [seen] = plain.extract([image]), outfit.extract([image])
    some = replace(seen, beside=outfit.extract_beside([image], [seen])[0])
    unseen = replace(some, shows_item=False)
    draft = Draft(Product("p", "", [""]), images=((9, RED),))
    for views, wanted in (((), True), ((nothing, unseen), True), ((nothing, some), False)):
        placed = tuple(enumerate(views, 1))
        assert replace(draft, views=placed).wanted()[3] == wanted
        assert {one.place for one in worn_items(placed)} == (set() if wanted else {2})


class Crops(ImageExtractor):
    """Notes of how many crops it extracts at a time."""

    def __init__(self) -> None:
        self.at_once: list[int] = []

    def extract(self, images: Sequence[Any], categories: Any = None, boxes: Any = None) -> Any:
        self.at_once.append(len(images))
        return [(image, box.x) for image, box in zip(images, boxes, strict=True)]


def test_some_crops_at_a_time() -> None:
    extractor = Crops()
    [seen] = FakeExtractor().extract([FakeExtractor().decode(RED)])
    around = [Detection("shoe", ("boots",), 0.9, Box(n / 8, 0, 0.1, 0.1)) for n in range(8)]
    items = [replace(seen, box=Box(0.9, 0.9, 0.1, 0.1), items=tuple(around[:n])) for n in range(6)]
    found: Any = extractor.extract_beside(list("abcdef"), items)  # type: ignore[arg-type]
    assert [len(some) for some in found] == [0, 1, 2, 3, 4, 4]
    assert extractor.at_once == [BESIDE_AT_ONCE, 14 - BESIDE_AT_ONCE]
    images = ["".join(image for image, _ in some) for some in found]
    assert images == ["", "b", "cc", "ddd", "eeee", "ffff"]
