import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from houndstooth.plugin.hamming import BLOCK_BYTES, hamming_distances


def naive(query, codes):
    bits = 8 * len(query)
    return [
        sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(query, code, strict=True)) / bits
        for code in codes
    ]


codes = st.integers(1, 40).flatmap(
    lambda width: st.tuples(
        arrays(np.uint8, width),
        st.integers(0, 12).flatmap(lambda n: arrays(np.uint8, (n, width))),
    )
)


@given(codes)
def test_agrees_with_a_naive_loop(case):
    query, rows = case
    found = hamming_distances(query, rows)
    assert found.dtype == np.float32
    assert found.shape == (len(rows),)
    np.testing.assert_array_equal(found, np.array(naive(query, rows), dtype=np.float32))


@given(codes)
def test_stays_between_the_code_itself_and_its_complement(case):
    query, rows = case
    found = hamming_distances(query, np.vstack([rows, query, ~query]))
    assert ((found >= 0) & (found <= 1)).all()
    assert found[-2:].tolist() == [0, 1]


@pytest.mark.parametrize("width", [1, 8, 13, 176])
def test_blocks_join_seamlessly(width):
    rng = np.random.default_rng(7)
    query = rng.integers(0, 256, width, dtype=np.uint8)
    rows = rng.integers(0, 256, (2 * BLOCK_BYTES // width // 8 * 8 + 3, width), dtype=np.uint8)
    bits = np.unpackbits(rows ^ query, axis=1).sum(axis=1)
    expected = (bits / (8 * width)).astype(np.float32)
    np.testing.assert_array_equal(hamming_distances(query, rows), expected)


def test_takes_rows_that_are_not_contiguous():
    rng = np.random.default_rng(8)
    wide = rng.integers(0, 256, (50, 48), dtype=np.uint8)
    view = wide[::2, 8:24]
    expected = hamming_distances(view[0], view.copy())
    np.testing.assert_array_equal(hamming_distances(view[0], view), expected)


def test_no_codes_no_distances():
    empty = np.zeros((0, 0), dtype=np.uint8)
    assert hamming_distances(np.zeros(4, dtype=np.uint8), empty).shape == (0,)


@pytest.mark.parametrize("shape", [(2, 1), (2, 5), (2,), (2, 4, 1)])
def test_refuses_codes_of_another_length(shape):
    with pytest.raises(ValueError, match="expected a query"):
        hamming_distances(np.zeros(4, dtype=np.uint8), np.zeros(shape, dtype=np.uint8))
