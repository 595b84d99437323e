"""Colour distance grows with the difference that people see, and has no edges."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from houndstooth.models.embedding.colour_histogram import cielab, colour_histogram
from houndstooth.models.embedding.hsv_histogram import hsv_histogram

Colour = tuple[int, int, int]
colours = st.tuples(*[st.integers(0, 255)] * 3)
ROUNDING = 0.01
"""Histograms are stored in bytes."""

UNEVENNESS, LEAST_STEP = 1.5, 2.0
"""Between the bins a difference counts a little more in some directions than in others: one colour
is surely further than another where ΔE is so many times as large, and larger by so much."""


def distance(one: Colour, other: Colour) -> float:
    a, b = (
        colour_histogram(np.tile(np.array(colour, np.uint8), (9, 1))).astype(float)
        for colour in (one, other)
    )
    return float(((a - b) ** 2).sum() / (2 * 255**2))


def difference(one: Colour, other: Colour) -> float:
    """ΔE of CIE 1976."""
    return float(np.linalg.norm(cielab(np.array(one)) - cielab(np.array(other))))


@given(colours, colours, colours)
def test_what_looks_further_is_further(one: Colour, near: Colour, far: Colour) -> None:
    near, far = sorted((near, far), key=lambda other: difference(one, other))
    assume(difference(one, far) >= UNEVENNESS * difference(one, near) + LEAST_STEP)
    assert distance(one, near) <= distance(one, far) + ROUNDING


@given(colours, st.tuples(*[st.integers(-6, 6)] * 3))
def test_what_hardly_differs_is_near(one: Colour, change: Colour) -> None:
    other = tuple(np.clip(np.add(one, change), 0, 255).tolist())
    if difference(one, other) < 3:
        assert distance(one, other) <= 0.03


def test_known_pairs() -> None:
    assert distance((30, 167, 60), (30, 168, 60)) <= 0.001
    assert distance((255, 255, 255), (0, 0, 0)) >= 0.99
    assert distance((200, 30, 30), (30, 60, 200)) >= 0.9
    ramp = [distance((200, 30, 30), (200 - step, 30 + step, 30)) for step in range(0, 150, 10)]
    assert all(near <= far + ROUNDING for near, far in pairwise(ramp))


@pytest.mark.parametrize(
    ("colour", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((119, 119, 119), (50.03, 0, 0)),
    ],
)
def test_cielab_of_known_colours(colour: Colour, lab: tuple[float, ...]) -> None:
    assert cielab(np.array(colour)) == pytest.approx(lab, abs=0.03)


@pytest.mark.parametrize("count", [1, 7])
def test_the_papers_bins_stay(count: int) -> None:
    stored = hsv_histogram(np.tile(np.array([200, 30, 30], np.uint8), (count, 1)))
    assert stored.shape == (104,) and (stored.astype(float) ** 2).sum() == pytest.approx(
        255**2, 0.02
    )
