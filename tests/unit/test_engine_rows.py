"""Bytes read from an engine become one matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from houndstooth.mappings.errors import InvalidDocument
from houndstooth.mappings.features import Bytes
from houndstooth.mappings.stored_values import encode_bytes
from houndstooth.plugin.engines.cluster.rows import decode_rows
from houndstooth.plugin.engines.documents import byte_matrix

matrices = arrays(np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 40)))


@given(matrices)
def test_rows_of_bytes(matrix: Bytes) -> None:
    assert np.array_equal(byte_matrix([row.tobytes() for row in matrix]), matrix)


@given(matrices, st.booleans())
def test_rows_of_base64_with_or_without_padding(matrix: Bytes, padded: bool) -> None:
    rows = [encode_bytes(row) for row in matrix]
    got = decode_rows(rows if padded else [row.rstrip("=") for row in rows])
    assert np.array_equal(got, matrix) and got.flags.c_contiguous


def test_no_rows() -> None:
    assert byte_matrix([]).shape == decode_rows([]).shape == (0, 0)


def test_rows_of_several_lengths_are_refused() -> None:
    with pytest.raises(InvalidDocument, match=r"\[1, 2\]"):
        byte_matrix([b"a", b"bc"])
    with pytest.raises(InvalidDocument, match=r"\[4, 8\]"):
        decode_rows(["AAAA", "AAAAAAAA"])


@pytest.mark.parametrize("row", ["AAA?", "A=AA", "-_AA", "AAA ", "AAAé", "????", "A\nAA"])
def test_rows_that_are_not_base64_are_refused(row: str) -> None:
    with pytest.raises(InvalidDocument, match="expected base64"):
        decode_rows(["AAAA", row])
