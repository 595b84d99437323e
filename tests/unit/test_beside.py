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
from houndstooth.mappings.features import Features
from houndstooth.mappings.product import Product
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

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Any = None,
        boxes: Any = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Features]:
        wanted = [image for image, beside in zip(images, with_others or [], strict=True) if beside]
        self.asked.append(len(wanted))
        if any(image.getpixel((0, 0)) == (0, 128, 0) for image in wanted):
            raise RuntimeError("out of memory")
        return super().extract(images, categories, boxes, with_others)


def test_what_cannot_be_said_of_an_image_costs_neither_it_nor_others() -> None:
    extractor = Asked()
    wanted: list[Wanted] = [(one, None, None, True) for one in (RED, GREEN)]
    wanted.append((BLUE, None, None, False))
    found = list(extract_images(extractor, wanted).values())
    assert [isinstance(one, Features) and len(one.beside) for one in found] == [2, 0, 0]
    assert extractor.asked == [2, 1, 1, 0, 0]


def test_it_is_wanted_until_a_view_has_some() -> None:
    plain, outfit = FakeExtractor(), Asked()
    image = plain.decode(RED)
    [nothing] = plain.extract([image])
    [some] = outfit.extract([image], None, None, [True])
    unseen = replace(some, shows_item=False)
    draft = Draft(Product("p", "", [""]), images=((9, RED),))
    for views, wanted in (((), True), ((nothing, unseen), True), ((nothing, some), False)):
        placed = tuple(enumerate(views, 1))
        assert replace(draft, views=placed).wanted()[3] == wanted
        assert {one.place for one in worn_items(placed)} == (set() if wanted else {2})
