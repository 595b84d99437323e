"""Both ways to compute distances agree with a naive loop, padded rows included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from houndstooth.mappings.features import Bytes
from houndstooth.plugin.columns import distances
from houndstooth.plugin.columns.distances import (
    MAX_SQUARED,
    Numbers,
    differing_bits,
    differing_bits_between,
    squared_differences,
)
from houndstooth.plugin.columns.segment import as_words

KERNELS = pytest.mark.parametrize("kernel", ["simsimd", "numpy"])


def computed(kernel: str, compute: Callable[[Bytes, Bytes], Numbers], *rows: Bytes) -> Numbers:
    """What ``compute`` returns with simsimd, or without it."""
    with pytest.MonkeyPatch.context() as patch:
        if kernel == "numpy":
            patch.setattr(distances, "simsimd", None)
        else:
            pytest.importorskip("simsimd")
        found = compute(*(padded(one) for one in rows))
    assert found.dtype == np.float64
    assert found.shape == (len(rows[1]),)
    return found


def padded(rows: Bytes) -> Bytes:
    """Rows as a segment stores them."""
    data: Bytes = as_words(np.atleast_2d(rows)).view(np.uint8)
    return data if rows.ndim == 2 else data[0]


def naive_bits(query: Bytes, codes: Bytes) -> list[int]:
    return [
        sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(query, code, strict=True))
        for code in codes
    ]


def naive_squares(query: Bytes, colours: Bytes) -> list[int]:
    return [sum((int(a) - int(b)) ** 2 for a, b in zip(query, row, strict=True)) for row in colours]


rows = st.integers(1, 40).flatmap(
    lambda width: st.tuples(
        arrays(np.uint8, width),
        st.integers(0, 12).flatmap(lambda n: arrays(np.uint8, (n, width))),
    )
)


@KERNELS
@given(rows)
def test_bits_agree_with_a_naive_loop(kernel: str, case: tuple[Bytes, Bytes]) -> None:
    assert computed(kernel, differing_bits, *case).tolist() == naive_bits(*case)


@KERNELS
@given(rows)
def test_squares_agree_with_a_naive_loop(kernel: str, case: tuple[Bytes, Bytes]) -> None:
    assert computed(kernel, squared_differences, *case).tolist() == naive_squares(*case)


@KERNELS
@given(rows)
def test_bits_stay_between_the_code_itself_and_its_complement(
    kernel: str, case: tuple[Bytes, Bytes]
) -> None:
    query, codes = case
    found = computed(kernel, differing_bits, query, np.vstack([codes, query, ~query]))
    assert ((found >= 0) & (found <= 8 * len(query))).all()
    assert found[-2:].tolist() == [0, 8 * len(query)]


@KERNELS
@pytest.mark.parametrize(("some", "others"), [(3, 7), (1, 1), (0, 5), (5, 0)])
def test_bits_between_rows_are_those_of_each(kernel: str, some: int, others: int) -> None:
    rng = np.random.default_rng(4)
    a, b = (rng.integers(0, 256, (n, 24), dtype=np.uint8) for n in (some, others))
    with pytest.MonkeyPatch.context() as patch:
        if kernel == "numpy":
            patch.setattr(distances, "simsimd", None)
        found = differing_bits_between(a, b)
    assert found.shape == (some, others)
    for row, one in zip(found, a, strict=True):
        assert row.tolist() == naive_bits(one, b)


shares = arrays(np.float64, 24, elements=st.floats(0, 1)).filter(lambda p: p.sum() > 0.01)


@KERNELS
@given(shares, shares)
def test_colour_is_one_minus_the_bhattacharyya_coefficient(kernel: str, p: Any, q: Any) -> None:
    p, q = p / p.sum(), q / q.sum()
    stored = np.rint(255 * np.sqrt([p, q])).astype(np.uint8)
    [found] = computed(kernel, squared_differences, stored[0], stored[1:]) / MAX_SQUARED
    assert found == pytest.approx(1 - np.sqrt(p * q).sum(), abs=0.03)


@KERNELS
def test_same_bin_is_zero_and_no_common_bin_is_one(kernel: str) -> None:
    one_bin = np.diag(np.full(3, 255, dtype=np.uint8))
    found = computed(kernel, squared_differences, one_bin[0], one_bin) / MAX_SQUARED
    assert found.tolist() == [0, 1, 1]


@KERNELS
@pytest.mark.parametrize("bins", [5000, 33_000])
def test_does_not_overflow_where_all_differ_most(kernel: str, bins: int) -> None:
    black, white = np.zeros(bins, dtype=np.uint8), np.full((2, bins), 255, dtype=np.uint8)
    found = computed(kernel, squared_differences, black, white)
    assert found.tolist() == [bins * 255**2] * 2


@KERNELS
@pytest.mark.parametrize("width", [1, 8, 13, 96, 176])
def test_many_rows_at_once(kernel: str, width: int) -> None:
    rng = np.random.default_rng(7)
    query = rng.integers(0, 256, width, dtype=np.uint8)
    many = rng.integers(0, 256, (5003, width), dtype=np.uint8)
    bits = np.unpackbits(many ^ query, axis=1).sum(axis=1)
    np.testing.assert_array_equal(computed(kernel, differing_bits, query, many), bits)
    squares = ((many.astype(np.int64) - query) ** 2).sum(axis=1)
    np.testing.assert_array_equal(computed(kernel, squared_differences, query, many), squares)


@KERNELS
def test_takes_rows_from_the_middle_of_others(kernel: str) -> None:
    rng = np.random.default_rng(8)
    wide = rng.integers(0, 256, (50, 48), dtype=np.uint8)
    for compute in (differing_bits, squared_differences):
        whole = computed(kernel, compute, wide[3], wide)
        np.testing.assert_array_equal(computed(kernel, compute, wide[3], wide[8:24]), whole[8:24])


@KERNELS
def test_no_rows_no_distances(kernel: str) -> None:
    query, empty = np.zeros(8, dtype=np.uint8), np.zeros((0, 8), dtype=np.uint8)
    assert computed(kernel, differing_bits, query, empty).shape == (0,)
    assert computed(kernel, squared_differences, query, empty).shape == (0,)
