"""The first line of each id, in little memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest.first_lines import FirstLines


@given(st.lists(st.text(max_size=2)))
def test_the_first_line_of_each_id(ids: list[str]) -> None:
    lines, expected = FirstLines(), dict[str, int]()
    for line, product_id in enumerate(ids):
        assert lines.add(product_id, line) == expected.get(product_id)
        expected.setdefault(product_id, line)


def test_an_id_takes_at_most_45_bytes() -> None:
    tracemalloc.start()
    lines = FirstLines()
    for line in range(100_000):
        lines.add(f"a rather long id of a product, number {line}", line)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 45 * 100_000
