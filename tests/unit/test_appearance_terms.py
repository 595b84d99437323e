"""Coarse appearance terms: what they say, that they stay, and that they estimate similarity."""

from __future__ import annotations

import numpy as np
import pytest

from houndstooth.mappings.appearance_terms import (
    SAMPLED_BITS,
    TABLES,
    appearance_terms,
    expected_similarity,
)

PINNED = ("h0:3", "h1:61", "h2:1", "h3:16", "h4:62", "h5:36")
NO_COLOUR = np.zeros(104, dtype=np.uint8)


def code(seed: int, flipped: float = 0.0) -> np.ndarray:
    """A random code of 1,400 bits, the share ``flipped`` of them turned round."""
    bits = np.random.default_rng(seed).integers(0, 2, 1400, dtype=np.uint8)
    turned = np.random.default_rng(seed + 1).random(1400) < flipped
    return np.packbits(bits ^ turned)


def test_terms_stay_the_same_for_ever() -> None:
    """An index holds them, so another version of numpy or of Python may not change them."""
    ones = np.full(175, 255, dtype=np.uint8)
    every = {f"h{table}:{2**SAMPLED_BITS - 1}" for table in range(TABLES)}
    within = {f"shirt/{term}" for term in every}
    assert set(appearance_terms("shirt", ones, NO_COLOUR)) == every | within
    ramp = np.arange(175, dtype=np.uint8)
    assert appearance_terms("shirt", ramp, NO_COLOUR)[:6] == PINNED


def test_large_and_middle_bins_are_terms() -> None:
    histogram = NO_COLOUR.copy()
    histogram[[3, 17, 103]] = [int(0.2 * 255), int(0.5 * 255), int(0.1 * 255)]
    colours = [t for t in appearance_terms("shirt", code(1), histogram) if t.startswith("c")]
    assert colours == ["c3:1", "c17:2"]


@pytest.mark.parametrize("weight", [0.0, 0.7, 1.0])
def test_weights_share_the_similarity(weight: float) -> None:
    histogram = np.full(104, 25, dtype=np.uint8)
    histogram[5] = 180
    gains = expected_similarity(None, code(1), histogram, weight)
    assert all(gain > 0 for gain in gains.values())
    assert any(term.startswith("h") for term in gains) == (weight > 0)
    assert any(term.startswith("c") for term in gains) == (weight < 1)


def test_within_a_category_its_own_terms_are_asked_for() -> None:
    everywhere = expected_similarity(None, code(1), NO_COLOUR, 0.7)
    within = expected_similarity("shirt", code(1), NO_COLOUR, 0.7)
    assert within == {f"shirt/{term}": gain for term, gain in everywhere.items()}
    assert within.keys() <= set(appearance_terms("shirt", code(1), NO_COLOUR))
    assert not within.keys() & set(appearance_terms("dress", code(1), NO_COLOUR))


def test_near_codes_share_more_than_far_ones() -> None:
    gains = expected_similarity(None, code(1), NO_COLOUR, 1.0)

    def similarity(flipped: float) -> float:
        return sum(
            gains.get(term, 0.0) for term in appearance_terms("shirt", code(1, flipped), NO_COLOUR)
        )

    found = [similarity(flipped) for flipped in (0.0, 0.05, 0.2, 0.5)]
    assert found == sorted(found, reverse=True) and found[0] == pytest.approx(0.5)
    assert found[-1] < 0.05
