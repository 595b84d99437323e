import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from houndstooth.plugin.colour_distance import BLOCK_BYTES, colour_distances


def naive(query, colours):
    return [
        min(1, sum((int(a) - int(b)) ** 2 for a, b in zip(query, row, strict=True)) / (2 * 255**2))
        for row in colours
    ]


histograms = st.integers(1, 40).flatmap(
    lambda bins: st.tuples(
        arrays(np.uint8, bins),
        st.integers(0, 12).flatmap(lambda n: arrays(np.uint8, (n, bins))),
    )
)


@given(histograms)
def test_agrees_with_a_naive_loop(case):
    query, rows = case
    found = colour_distances(query, rows)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array(naive(query, rows), dtype=np.float32))


shares = arrays(np.float64, 24, elements=st.floats(0, 1)).filter(lambda p: p.sum() > 0.01)


@given(shares, shares)
def test_is_one_minus_the_bhattacharyya_coefficient(p, q):
    p, q = p / p.sum(), q / q.sum()
    stored = np.rint(255 * np.sqrt([p, q])).astype(np.uint8)
    [found] = colour_distances(stored[0], stored[1:])
    assert found == pytest.approx(1 - np.sqrt(p * q).sum(), abs=0.03)


def test_same_bin_is_zero_and_no_common_bin_is_one():
    one_bin = np.diag(np.full(3, 255, dtype=np.uint8))
    assert colour_distances(one_bin[0], one_bin).tolist() == [0, 1, 1]


def test_does_not_overflow_where_all_differ_most():
    black, white = np.zeros(5000, dtype=np.uint8), np.full((2, 5000), 255, dtype=np.uint8)
    assert colour_distances(black, white).tolist() == [1, 1]


def test_blocks_join_seamlessly():
    rng = np.random.default_rng(7)
    query = rng.integers(0, 60, 96, dtype=np.uint8)
    rows = rng.integers(0, 60, (2 * BLOCK_BYTES // 96 + 3, 96), dtype=np.uint8)
    squared = ((rows.astype(np.int64) - query) ** 2).sum(axis=1)
    expected = np.minimum(squared / (2 * 255**2), 1).astype(np.float32)
    np.testing.assert_array_equal(colour_distances(query, rows), expected)


def test_no_colours_no_distances():
    empty = np.zeros((0, 0), dtype=np.uint8)
    assert colour_distances(np.zeros(4, dtype=np.uint8), empty).shape == (0,)


@pytest.mark.parametrize("shape", [(2, 1), (2, 5), (2,), (2, 4, 1)])
def test_refuses_histograms_of_another_length(shape):
    with pytest.raises(ValueError, match="expected a query"):
        colour_distances(np.zeros(4, dtype=np.uint8), np.zeros(shape, dtype=np.uint8))
