"""The foreground of photos as people send them: framed, written over, tinted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from houndstooth.mappings.features import WHOLE_IMAGE, Box
from houndstooth.models.localisation.background import PlainBackground, find_foreground
from houndstooth.models.localisation.locator import Location, located_crop

INK = (30, 60, 140)
Draw = ImageDraw.ImageDraw


def photo(change: Callable[[Draw], None] = lambda pen: None) -> Image.Image:
    """An item on white, in 0.25 to 0.75 across and 0.2 to 0.8 down."""
    image = Image.new("RGB", (200, 300), "white")
    image.paste(INK, (50, 60, 150, 240))
    change(ImageDraw.Draw(image))
    return image


def assert_item(found: Box, expected: tuple[float, float, float, float], within: float) -> None:
    assert np.abs(np.array(found.as_list()) - expected).max() < within


@pytest.mark.parametrize("level", [0, 90, 200])
def test_bars_are_peeled_off(level: int) -> None:
    framed = Image.new("RGB", (280, 300), (level,) * 3)
    framed.paste(photo(), (40, 0))
    box, background = find_foreground(framed)
    assert background is not None and background.colour.min() > 250
    assert_item(box, (90 / 280, 0.2, 100 / 280, 0.6), 0.02)


def test_a_banner_is_peeled_off() -> None:
    def banner(pen: Draw) -> None:
        pen.rectangle((0, 265, 200, 300), fill=(200, 20, 40))
        pen.text((20, 268), "SALE -50%", fill="white", font=ImageFont.load_default(24))

    box, background = find_foreground(photo(banner))
    assert background is not None
    assert_item(box, (0.25, 0.2, 0.5, 0.6), 0.02)


def test_lines_of_text_and_buttons_are_not_the_item() -> None:
    def page(pen: Draw) -> None:
        font = ImageFont.load_default(12)
        for y in (6, 26, 252):
            pen.text((8, y), "shop.example  9:41", fill="black", font=font)
        pen.rectangle((10, 275, 190, 292), fill="black")

    box, _ = find_foreground(photo(page))
    assert_item(box, (0.25, 0.2, 0.5, 0.6), 0.02)


def test_a_pale_watermark_leaves_the_ground_plain() -> None:
    def mark(pen: Draw) -> None:
        for y in (10, 70, 130, 190, 265):
            pen.text((8, y), "sample sample", fill=(212, 212, 212), font=ImageFont.load_default(26))

    box, background = find_foreground(photo(mark))
    assert background is not None
    assert_item(box, (0.25, 0.2, 0.5, 0.6), 0.15)


@pytest.mark.parametrize("gap", [10, 40])
def test_both_of_a_pair_are_the_item(gap: int) -> None:
    image = Image.new("RGB", (300, 200), "white")
    for x in (50, 50 + 80 + gap):
        image.paste(INK, (x, 60, x + 80, 140))
    box, _ = find_foreground(image)
    assert_item(box, (50 / 300, 0.3, (160 + gap) / 300, 0.4), 0.02)


def test_a_long_thin_item_alone_is_no_bar() -> None:
    image = Image.new("RGB", (300, 200), "white")
    image.paste((90, 60, 30), (20, 90, 280, 110))
    box, _ = find_foreground(image)
    assert_item(box, (20 / 300, 0.45, 260 / 300, 0.1), 0.02)


def test_a_close_up_of_plain_cloth_in_a_white_frame_is_no_ground() -> None:
    image = Image.new("RGB", (200, 300), "white")
    image.paste((25, 25, 28), (30, 0, 170, 300))
    image.paste((200, 30, 30), (80, 130, 120, 160))
    assert find_foreground(image) == (WHOLE_IMAGE, None)


def test_a_coloured_half_is_no_edge() -> None:
    image = Image.new("RGB", (200, 300), "white")
    noise = np.random.default_rng(1).integers(0, 256, (300, 110, 3), dtype=np.uint8)
    image.paste(Image.fromarray(noise), (0, 0))
    assert find_foreground(image) == (WHOLE_IMAGE, None)


def test_the_tint_of_a_white_ground_is_taken_off() -> None:
    warm = (np.asarray(photo()) * [1.0, 0.97, 0.93]).astype(np.uint8)
    box, background = find_foreground(Image.fromarray(warm))
    assert background is not None
    location = Location(box, box, "foreground", background, 1.0)
    crop = located_crop(Image.fromarray(warm), location, 64).pixels
    assert np.abs(crop[32, 32].astype(int) - INK).max() <= 3
    assert crop[32, 1].min() >= 252
    assert (
        background.balanced.differs(crop)[32, 32]
        and not background.balanced.differs(crop[:1, :2]).any()
    )


@pytest.mark.parametrize("colour", [(255, 255, 255), (200, 180, 160), (90, 160, 90), (0, 0, 0)])
def test_no_other_ground_is_taken_for_a_tinted_white(colour: tuple[int, int, int]) -> None:
    background = PlainBackground(np.array(colour, np.float32))
    pixels = np.random.default_rng(2).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    assert np.array_equal(background.balance(pixels), pixels)
    assert np.array_equal(background.balanced.colour, background.colour)
