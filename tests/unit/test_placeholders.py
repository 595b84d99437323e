"""Which products are unlike, and which pictures show no item."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from houndstooth.ingest.left_out import given_back, without_pictures
from houndstooth.ingest.placeholders import count_unlike, title_fact
from houndstooth.mappings.document import NO_PICTURE, UNDER_MANY
from houndstooth.mappings.features import Box
from houndstooth.mappings.worn_item import WornItem
from houndstooth.models.localisation.no_item import Strokes, measure_strokes
from tests.catalogue import document

BLANK, DRAWN, TEXT = Strokes(is_blank=True), Strokes(are_drawn=True), Strokes(False, True, True)


@pytest.mark.parametrize(
    ("titles", "unlike"),
    [
        (["Red Shirt S", "Red Shirt M", "Blue Shirt XL", "Shirt 12"], 1),
        (["Linen Shirt", "Blue Jeans", "Leather Boots"], 3),
        (["White T-shirt model 1", "White T-shirt model 2"], 1),
        (["", "501", "T 1200", "Blue Jeans", "Silk Scarf"], 2),
    ],
)
def test_alike_titles_count_once(titles: list[str], unlike: int) -> None:
    assert count_unlike([{"title": one} for one in titles], "group", title_fact) == unlike


def test_products_of_one_group_are_alike() -> None:
    names = ["Ring Sapphire", "Band Ruby", "Charm Opal"]
    facts = [{"title": name, "group": "ring"} for name in names]
    assert count_unlike(facts, "group", title_fact) == 1
    assert count_unlike(facts, "family", title_fact) == 3
    untitled = [{"group": group} for group in ("ring", "ring", "band", "", "charm")]
    assert count_unlike(untitled, "group", title_fact) == 3, "as after --visual-only"


def test_what_a_product_is_worn_with_goes_with_its_picture() -> None:
    item = WornItem("jeans", (), 1, Box(0.1, 0.2, 0.3, 0.4), b"12", b"345")
    made = document("p", {}, views=2).visual
    assert made is not None
    made = replace(made, pictures=("a", "b"), worn=(item, replace(item, place=2)))
    for none, places in (({"a"}, [2]), ({"b"}, [1]), ({"a", "b"}, []), ({"c"}, [1, 2])):
        assert [one.place for one in without_pictures(made, none).worn] == places, none


def test_pictures_left_out_are_marked() -> None:
    made = document("p", {}, views=3).visual
    assert made is not None
    unseen = without_pictures(replace(made, pictures=("a", "b", "c")), {"a"})
    assert unseen.pictures == ("b", "c", "-a")
    shared = without_pictures(unseen, {"a", "c"}, UNDER_MANY)
    assert (shared.pictures, len(shared.views)) == (("b", "+c", "-a", "+"), 1)
    assert without_pictures(shared, {"a", "c"}, UNDER_MANY) is shared
    none = without_pictures(shared, {"b"}, UNDER_MANY)
    assert (none.pictures, NO_PICTURE in none.attributes) == (("+b", "+c", "-a", "+"), True)
    back = given_back(none)
    assert (back.pictures, back.source_hash) == (("-b", "-c", "-a"), "")


def picture(
    draw: Callable[[ImageDraw.ImageDraw], object], ground: str = "white", quality: int = 0
) -> Image.Image:
    image = Image.new("RGB", (500, 500), ground)
    draw(ImageDraw.Draw(image))
    if not quality:
        return image
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def words(ink: str, size: int, *lines: str) -> Callable[[ImageDraw.ImageDraw], object]:
    font = ImageFont.load_default(size)
    return lambda draw: [
        draw.text((30, 40 + 2 * size * n), line, ink, font) for n, line in enumerate(lines)
    ]


def chart(draw: ImageDraw.ImageDraw) -> None:
    for row in range(7):
        draw.line((20, 60 * row + 40, 480, 60 * row + 40), "grey")
        for column in range(5):
            text = str(84 + 4 * row + column)
            draw.text((90 * column + 40, 60 * row + 55), text, "black", ImageFont.load_default(20))


def frame(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((180, 160, 320, 280), outline="#999", width=5)
    draw.ellipse((210, 190, 240, 220), "#999")
    draw.text((150, 330), "No image available", "#888", ImageFont.load_default(22))


CARE = ["wash cold do not bleach tumble dry low iron"] * 8


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (picture(lambda _: None), BLANK),
        (picture(lambda _: None, "#ddd", 70), BLANK),
        (picture(lambda _: None, "#a01020"), Strokes()),
        (picture(words("#999", 30, "No image", "available"), "#eee"), DRAWN),
        (picture(words("white", 40, "Kein Bild"), "navy", 80), DRAWN),
        (picture(frame, "#eee", 80), DRAWN),
        (picture(chart), DRAWN),
        (picture(words("black", 20, *CARE), quality=85), TEXT),
        (picture(lambda draw: draw.rectangle((120, 80, 380, 420), "#c81e1e")), Strokes()),
    ],
)
def test_strokes_of_drawings(image: Image.Image, expected: Strokes) -> None:
    assert measure_strokes(image) == expected


def test_dots_of_a_photo_in_two_colours_are_no_text() -> None:
    shades = np.full((400, 400), 255, np.uint8)
    shades[80:320, 100:300] = np.linspace(40, 200, 200).astype(np.uint8)
    dots = Image.fromarray(shades).convert("1").convert("RGB")
    assert measure_strokes(dots) == Strokes()


def test_a_background_that_is_not_plain_is_no_ground() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    assert measure_strokes(Image.fromarray(noise)) == Strokes()
