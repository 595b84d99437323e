"""Things that lie apart on a plain background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from houndstooth.models.localisation.background import mask_foreground
from houndstooth.models.localisation.things import things_apart

Edges = tuple[int, int, int, int]


def board(things: Sequence[Edges], size: tuple[int, int] = (400, 400)) -> Image.Image:
    """Draw rectangles, left, top, right and bottom, on white."""
    image = Image.new("RGB", size, "white")
    for thing in things:
        image.paste((30, 60, 140), thing)
    return image


def found(image: Image.Image) -> list[list[float]]:
    return [box.as_list() for box in things_apart(mask_foreground(image))]


@given(st.lists(st.integers(0, 3), min_size=8, max_size=8), st.sets(st.integers(0, 3), min_size=2))
def test_each_thing_on_a_board_is_found(insets: list[int], cells: set[int]) -> None:
    things = []
    for cell in sorted(cells):
        x, y = cell % 2 * 200, cell // 2 * 200
        dx, dy = 20 + 12 * insets[2 * cell], 20 + 12 * insets[2 * cell + 1]
        things.append((x + dx, y + dy, x + 200 - dx, y + 200 - dy))
    boxes = np.array(found(board(things)))
    expected = [[x0 / 400, y0 / 400, (x1 - x0) / 400, (y1 - y0) / 400] for x0, y0, x1, y1 in things]
    assert len(boxes) == len(expected)
    by_place = boxes[np.lexsort(boxes.T[:2])]
    assert np.abs(by_place - sorted(expected, key=lambda box: box[1::-1])).max() < 0.03


def test_one_thing_is_not_cut() -> None:
    assert found(board([(100, 80, 300, 320)])) == []


def test_a_thing_inside_another_s_bay_is_not_cut_off() -> None:
    hook = [(60, 60, 120, 340), (60, 60, 340, 120), (60, 280, 340, 340)]
    assert found(board([*hook, (220, 180, 320, 220)])) == []


def test_what_is_small_beside_the_largest_is_none() -> None:
    assert found(board([(40, 40, 360, 240), (60, 300, 100, 330)])) == []


def test_a_hair_s_breadth_does_not_divide() -> None:
    assert found(board([(60, 60, 199, 340), (202, 60, 340, 340)])) == []
