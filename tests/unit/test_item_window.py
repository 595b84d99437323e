"""From the box of an item to the window, the code and the colours."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from houndstooth.mappings.features import WHOLE_IMAGE, Box
from houndstooth.models.embedding.binary_code import binarise
from houndstooth.models.embedding.colour_histogram import colour_histogram
from houndstooth.models.localisation.background import find_foreground
from houndstooth.models.runtime.crop import crop_square

fractions = st.floats(0.0, 0.7)


def item_on_ground(background: tuple[int, int, int] = (255, 255, 255)) -> Image.Image:
    image = Image.new("RGB", (200, 300), background)
    image.paste((30, 60, 140), (50, 60, 150, 240))
    return image


@pytest.mark.parametrize("background", [(255, 255, 255), (240, 238, 241), (90, 160, 90)])
def test_foreground_is_what_stands_out_from_plain_ground(background: tuple[int, int, int]) -> None:
    box, found = find_foreground(item_on_ground(background))
    assert found is not None
    assert np.abs(np.array(box.as_list()) - [0.25, 0.2, 0.5, 0.6]).max() < 0.02


def test_no_plain_ground_means_the_whole_image() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    assert find_foreground(Image.fromarray(noise)) == (WHOLE_IMAGE, None)
    assert find_foreground(Image.new("RGB", (50, 50), "white")) == (WHOLE_IMAGE, None)


def test_a_studio_s_background_may_fade_but_creased_cloth_is_not_plain() -> None:
    def on(background: np.ndarray) -> Image.Image:
        image = Image.fromarray(np.repeat(np.uint8(background)[..., None], 3, axis=-1))
        image.paste((30, 60, 140), (50, 60, 150, 240))
        return image

    fades = np.tile(np.linspace(250, 238, 300)[:, None], (1, 200))
    box, background = find_foreground(on(fades))
    assert background is not None and box.h < 0.7
    down, across = np.mgrid[:300, :200]
    creased = 120 + 16 * np.sin((down + 2 * across) / 15)
    assert find_foreground(on(creased)) == (WHOLE_IMAGE, None)


@given(fractions, fractions, st.floats(0.05, 0.3), st.floats(0.05, 0.3), st.integers(16, 400))
def test_the_window_is_square_and_holds_the_box(
    x: float, y: float, w: float, h: float, width: int
) -> None:
    crop = crop_square(Image.new("RGB", (width, 150), "red"), Box(x, y, w, h), 64)
    assert crop.pixels.shape == (64, 64, 3) and crop.pixels.dtype == np.uint8
    left, top, right, bottom = crop.box
    assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1
    middle = crop.pixels[int((top + bottom) * 32), int((left + right) * 32)]
    assert tuple(middle) == (255, 0, 0)


def test_what_lies_past_the_image_is_white() -> None:
    crop = crop_square(Image.new("RGB", (100, 300), "black"), WHOLE_IMAGE, 96)
    assert (crop.pixels[:, :20] == 255).all() and (crop.pixels[40:50, 46:50] == 0).all()


@given(st.integers(1, 5), st.integers(1, 40), st.integers(0, 9))
def test_codes_are_one_bit_a_feature(rows: int, dimensions: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, dimensions)).astype(np.float32)
    thresholds = rng.normal(size=dimensions).astype(np.float32)
    bits = np.unpackbits(binarise(features, thresholds), axis=1)[:, :dimensions]
    for row in range(rows):
        for column in range(dimensions):
            assert bits[row, column] == (features[row, column] > thresholds[column])


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=50))
def test_histograms_are_roots_of_shares(pixels: list[tuple[int, int, int]]) -> None:
    stored = colour_histogram(np.array(pixels, np.uint8))
    assert stored.shape == (104,) and stored.dtype == np.uint8
    assert ((stored / 255.0) ** 2).sum() == pytest.approx(1.0, abs=0.05)


def test_near_colours_are_nearer_than_far_ones() -> None:
    def flat(hue: float, saturation: float, value: float) -> np.ndarray:
        rgb = np.array(colorsys.hsv_to_rgb(hue, saturation, value)) * 255
        return colour_histogram(np.tile(rgb.astype(np.uint8), (30, 1))).astype(float)

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return float(((a - b) ** 2).sum())

    red, reddish, green = flat(0.0, 0.9, 0.7), flat(0.02, 0.9, 0.7), flat(0.33, 0.9, 0.7)
    black, dark, white = flat(0.1, 0.05, 0.05), flat(0.6, 0.05, 0.12), flat(0.3, 0.02, 0.98)
    assert distance(red, reddish) < distance(red, green) / 4
    assert distance(black, dark) < distance(black, white) / 1.5
