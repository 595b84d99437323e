"""What every engine finds and returns, compared with a naive search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from houndstooth.mappings.engine import (
    CandidateQuery,
    Engine,
)
from tests.catalogue import (
    CODE_BYTES,
    COLOUR_BINS,
    MODEL,
    document,
    group_of,
    naive_candidates,
    random_documents,
    random_query,
)
from tests.integration.engines.helpers import ALL, fill, found


@pytest.mark.parametrize("seed", range(4))
def test_candidates_are_what_the_query_says(engine: Engine, seed: int) -> None:
    documents = random_documents(seed, 60)
    fill(engine, *documents)
    by_id = {one.product_id: one for one in documents}
    for n in range(40):
        query = random_query(seed * 1000 + n, documents)
        expected = naive_candidates(query, documents)
        for limit in (1000, 3):
            got = engine.candidates(query, limit)
            assert list(zip(got.product_ids, got.scores.tolist(), strict=True)) == expected[:limit]
            groups = [group_of(by_id[key], query.variant_field) for key in got.product_ids]
            assert list(got.variant_groups or [None] * len(got)) == groups
            for row, key in enumerate(got.product_ids):
                wanted = by_id[key].visual
                assert wanted is not None
                assert np.array_equal(got.binary_codes[row], wanted.binary_code)
                assert np.array_equal(got.colour_histograms[row], wanted.colour_histogram)
        assert engine.count(query) == len(expected)


def test_candidates_have_their_shapes(engine: Engine) -> None:
    fill(engine, *(document(str(n), seed=n) for n in range(5)))
    some, none = engine.candidates(ALL, 3), engine.candidates(CandidateQuery("unknown"), 3)
    assert (len(some), len(none)) == (3, 0)
    assert some.binary_codes.shape == (3, CODE_BYTES) and some.binary_codes.dtype == np.uint8
    assert (
        some.colour_histograms.shape == (3, COLOUR_BINS)
        and some.colour_histograms.dtype == np.uint8
    )
    assert some.scores.dtype == np.int64
    assert (
        none.binary_codes.shape[0] == none.colour_histograms.shape[0] == none.scores.shape[0] == 0
    )


def test_relaxing_a_query_step_by_step_widens_it(engine: Engine) -> None:
    fill(
        engine,
        document("both", attributes=("colour:red", "sleeve:long")),
        document("one", attributes=("colour:blue",)),
        document("none", attributes=()),
        document("near", category="shirt", attributes=("colour:red",)),
        document("far", category="boots", attributes=("colour:red", "sleeve:long")),
    )
    preferred = {"colour": {"colour:red": 60, "colour:blue": 30}, "sleeve": {"sleeve:long": 50}}
    steps: list[dict[str, Any]] = [
        {"category": "t-shirt", "minimum_groups": 2},
        {"category": "t-shirt", "minimum_groups": 1},
        {"category": "t-shirt"},
        {"great_category": "top"},
        {},
    ]
    assert [found(engine, CandidateQuery(MODEL, preferred=preferred, **s)) for s in steps] == [
        ["both"],
        ["both", "one"],
        ["both", "one", "none"],
        ["both", "near", "one", "none"],
        ["both", "far", "near", "one", "none"],
    ]


def test_more_groups_asked_than_named_match_nothing(engine: Engine) -> None:
    fill(engine, document("1"))
    assert found(engine, CandidateQuery(MODEL, minimum_groups=1)) == []
    assert found(engine, CandidateQuery(MODEL, preferred={"colour": {}}, minimum_groups=1)) == []
    assert found(engine, CandidateQuery(MODEL, preferred={"colour": {}})) == ["1"]


def test_large_weights_add_up_exactly(engine: Engine) -> None:
    fill(engine, document("1", attributes=("colour:red", "sleeve:long")), document("2"))
    preferred = {"colour": {"colour:red": 8_000_001}, "sleeve": {"sleeve:long": 4_000_002}}
    got = engine.candidates(CandidateQuery(MODEL, preferred=preferred), 9)
    assert got.scores.tolist() == [12_000_003, 8_000_001]


def test_ties_are_broken_by_id_in_byte_order(engine: Engine) -> None:
    keys = ["b", "a", "B", "10", "9", "é", "z", "𝔘", "Ω"]
    fill(engine, *(document(key) for key in keys))
    assert found(engine) == sorted(keys)


def test_fetches_in_the_order_asked(engine: Engine) -> None:
    fill(engine, *(document(key) for key in ("1", "2", "3")))
    assert [product.product_id for product in engine.fetch(["3", "nobody", "1"])] == ["3", "1"]


def test_source_hashes_of_one_model(engine: Engine) -> None:
    fill(engine, document("1"), document("2", model="other-1"))
    assert engine.source_hashes(["1", "2", "3"], MODEL) == {"1": "hash-1"}
    assert engine.source_hashes(["1", "2", "3"], "other-1") == {"2": "hash-2"}


def test_source_hashes_see_what_was_just_written(engine: Engine) -> None:
    engine.write([document("1")])
    assert engine.source_hashes(["1"], MODEL) == {"1": "hash-1"}
