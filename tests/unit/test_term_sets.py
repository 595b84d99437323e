"""Term sets are decided as CandidateQuery says, and unpacked as they were built."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.rows import TermSet
from houndstooth.plugin.columns.term_sets import TermSets
from tests.feature_rows import attribute_score, candidate_queries, term_sets

MANY = [f"group{n % 7}:value{n}" for n in range(150)]
distinct = st.lists(term_sets, unique=True, max_size=20)


def decided(sets: TermSets, query: CandidateQuery) -> dict[TermSet, int]:
    numbers, scores = sets.decide(query)
    assert numbers.dtype == scores.dtype == np.int64
    assert numbers.tolist() == sorted(set(numbers.tolist()))
    unpacked = sets.unpack()
    return {unpacked[n]: score for n, score in zip(numbers.tolist(), scores.tolist(), strict=True)}


def expected(sets: list[TermSet], query: CandidateQuery) -> dict[TermSet, int]:
    scores = {one: attribute_score(query, one) for one in sets}
    return {one: score for one, score in scores.items() if score is not None}


@given(distinct, candidate_queries())
def test_decides_as_a_naive_loop_does(sets: list[TermSet], query: CandidateQuery) -> None:
    built, _ = TermSets.build(sets)
    assert decided(built, query) == expected(sets, query)


@given(distinct)
def test_unpacks_what_was_built(sets: list[TermSet]) -> None:
    built, places = TermSets.build(sets)
    unpacked = built.unpack()
    assert len(built) == len(sets) == len(unpacked)
    assert [unpacked[place] for place in places.tolist()] == sets
    assert [one[:2] for one in unpacked] == sorted(one[:2] for one in sets)
    again, order = TermSets.build(unpacked)
    assert again.unpack() == unpacked
    assert order.tolist() == list(range(len(sets)))


@settings(max_examples=30)
@given(st.data(), st.integers(0, 2**32))
def test_more_terms_than_a_word_has_bits(data: st.DataObject, seed: int) -> None:
    chance = np.random.default_rng(seed)
    names = [tuple(sorted(chance.choice(MANY, 60, replace=False).tolist())) for _ in range(30)]
    sets: list[TermSet] = [("g", f"c{n % 4}", terms) for n, terms in enumerate(names)]
    some = st.lists(st.sampled_from(MANY), max_size=2).map(tuple)
    boosts = st.dictionaries(st.sampled_from(MANY), st.integers(0, 9), max_size=5)
    query = CandidateQuery(
        "test-1",
        category=data.draw(st.sampled_from([None, "c1"])),
        preferred=data.draw(st.dictionaries(st.sampled_from("abc"), boosts)),
        minimum_groups=data.draw(st.integers(0, 2)),
        required=data.draw(some),
        excluded=data.draw(some),
    )
    built, places = TermSets.build(sets)
    assert [built.unpack()[place] for place in places.tolist()] == sets
    assert decided(built, query) == expected(sets, query)


@pytest.mark.parametrize("count", [63, 64, 65, 128, 129])
def test_every_bit_of_every_word(count: int) -> None:
    sets: list[TermSet] = [("g", "c", (f"t:{n:03}",)) for n in range(count)]
    built, _ = TermSets.build(sets)
    for one in sets:
        assert decided(built, CandidateQuery("test-1", required=one[2])) == {one: 0}
        left = decided(built, CandidateQuery("test-1", excluded=one[2]))
        assert left == dict.fromkeys((other for other in sets if other != one), 0)


def test_no_sets() -> None:
    built, places = TermSets.build([])
    assert (len(built), places.tolist(), built.unpack()) == (0, [], [])
    assert decided(built, CandidateQuery("test-1", required=("colour:red",))) == {}
