"""Which photos a benchmark asks, and what is in the catalogue then."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from houndstooth.models.training.samples import split_of
from tests.benchmarks.feed import Row, catalogue_and_queries

ROWS = [{"id": str(number), "group": str(number)} for number in range(400)]


def splits(rows: Sequence[Row]) -> set[str]:
    return {split_of(row["group"]) for row in rows}


@pytest.mark.parametrize(
    ("asked", "catalogue"), [("validation", {"train"}), ("test", {"train", "validation"})]
)
def test_a_split_is_asked_of_what_could_be_seen_before(asked: str, catalogue: set[str]) -> None:
    products, queries = catalogue_and_queries(ROWS, asked)
    assert splits(queries) == {asked}
    assert splits(products) == catalogue


def test_every_photo_of_the_split_is_asked_once() -> None:
    _, queries = catalogue_and_queries(ROWS, "test")
    assert [row["id"] for row in queries] == [
        row["id"] for row in ROWS if split_of(row["group"]) == "test"
    ]
