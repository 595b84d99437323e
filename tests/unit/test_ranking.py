"""Columns rank as a naive loop does, however the products lie in segments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.plugin.columns import ranking
from houndstooth.plugin.columns.best import Best
from houndstooth.plugin.columns.builder import SegmentBuilder
from houndstooth.plugin.columns.query import RankedRow, RankingQuery
from houndstooth.plugin.columns.ranking import count, rank
from houndstooth.plugin.columns.segment import variant_hash
from houndstooth.plugin.columns.snapshot import Part, Snapshot
from tests.feature_rows import (
    Product,
    candidate_queries,
    few_codes,
    few_colours,
    naive_rank,
    naive_row,
    products_of,
    rows_of,
    unique_products,
)

FEW = settings(max_examples=30)

share = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)


@st.composite
def bit_weights(draw: st.DrawFn) -> np.ndarray:
    """Weights of bits that add up to 1, in whole 1,024ths: sums of them are exact."""
    cuts = draw(st.lists(st.integers(0, 1024), min_size=31, max_size=31))
    return np.diff(sorted([0, *cuts, 1024])) / 1024


@st.composite
def ranking_queries(draw: st.DrawFn, products: list[Product]) -> RankingQuery:
    ids = [one.product_id for one in products]
    like = draw(st.sampled_from([None, *products]))
    code = list(like.code) if like else draw(few_codes)
    colour = list(like.colour) if like else draw(few_colours)
    return RankingQuery(
        binary_code=np.array(code, dtype=np.uint8),
        colour_histogram=np.array(colour, dtype=np.uint8),
        candidates=draw(candidate_queries(ids)),
        appearance_weight=draw(share),
        attribute_weight=draw(share),
        without=tuple(draw(st.lists(candidate_queries(), max_size=2))),
        sold_out_last=draw(st.booleans()),
        bit_weights=draw(st.none() | bit_weights()),
    )


@st.composite
def snapshots(draw: st.DrawFn, products: list[Product]) -> Snapshot:
    """The products in up to three segments, between dead rows."""
    where = draw(st.lists(st.integers(0, 2), min_size=len(products), max_size=len(products)))
    parts = []
    for number in range(3):
        here = [one for one, place in zip(products, where, strict=True) if place == number]
        dead = draw(st.lists(products_of(st.just("dead")), max_size=3))
        dead = [replace(one, product_id=f"dead{n}") for n, one in enumerate(dead)]
        builder = SegmentBuilder()
        builder.add(rows_of([*here, *dead]))
        part = Part(builder.segment())
        rows = part.segment.find([one.product_id for one in dead])
        parts.append(part.without(rows))
    return Snapshot(tuple(parts))


@st.composite
def cases(draw: st.DrawFn) -> tuple[RankingQuery, Snapshot, list[Product]]:
    products = draw(unique_products())
    return draw(ranking_queries(products)), draw(snapshots(products)), products


@given(cases(), st.integers(1, 40), st.sampled_from([1, 3, 4096]))
def test_agrees_with_a_naive_loop(case: Any, top: int, block: int) -> None:
    query, snapshot, products = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "BLOCK", block)
        assert rank(query, snapshot, top) == naive_rank(query, products)[:top]


@FEW
@given(cases(), st.integers(1, 5), st.sampled_from([1, 4096]))
def test_pages_join_without_gap_or_repeat(case: Any, top: int, block: int) -> None:
    query, snapshot, products = case
    joined: list[RankedRow] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "BLOCK", block)
        page = rank(query, snapshot, top)
        while page:
            joined += page
            page = rank(query, snapshot, top, after=joined[-1].place)
    assert joined == naive_rank(query, products)


@FEW
@given(
    cases(), st.booleans(), st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0]), st.integers(1, 40)
)
def test_goes_on_after_a_place_where_no_product_is(
    case: Any, last: bool, score: float, top: int
) -> None:
    query, snapshot, products = case
    after = (last and query.sold_out_last, -score, "b")
    later = [row for row in naive_rank(query, products) if row.place > after]
    assert rank(query, snapshot, top, after=after) == later[:top]


@FEW
@given(cases(), st.data(), st.integers(1, 40), st.sampled_from([1, 4096]))
def test_among_some(case: Any, data: st.DataObject, top: int, block: int) -> None:
    query, snapshot, products = case
    ids = [one.product_id for one in products]
    # Unknown and dead products are asked for as well.
    wanted = data.draw(st.permutations([*ids, "dead0", "unknown"]))
    wanted = wanted[: data.draw(st.integers(0, len(wanted)))]
    some = [one for one in products if one.product_id in wanted]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "BLOCK", block)
        found = rank(query, snapshot, top, among=snapshot.find(wanted))
        assert found == naive_rank(query, some)[:top]
        # Rows that are dead are left out even where they are named.
        rows = [part.segment.find(wanted) for part in snapshot.parts]
        assert rank(query, snapshot, top, among=rows) == found


@FEW
@given(cases(), st.sets(st.sampled_from(["g", "h", "é", "unknown"]), min_size=1))
def test_among_variants(case: Any, groups: set[str]) -> None:
    query, snapshot, products = case
    hashes = np.array([variant_hash(group) for group in groups], dtype=np.uint64)
    among = [part.segment.rows_of_variants(hashes) for part in snapshot.parts]
    some = [one for one in products if one.group in groups]
    assert rank(query, snapshot, 40, among=among) == naive_rank(query, some)


@FEW
@given(cases())
def test_counts_what_it_ranks(case: Any) -> None:
    query, _, products = case
    candidates = replace(query.candidates, without_id=None, without_variant_group=None)
    counted = replace(query, candidates=candidates)
    snapshot = Snapshot.of(rows_of(products))
    assert count(query, snapshot) == len(naive_rank(counted, products))


@FEW
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(case: Any, random: Any) -> None:
    query, _, products = case
    shuffled = list(products)
    random.shuffle(shuffled)
    found = rank(query, Snapshot.of(rows_of(products)), 5)
    assert rank(query, Snapshot.of(rows_of(shuffled)), 5) == found


@FEW
@given(cases())
def test_figures_stay_between_zero_and_one(case: Any) -> None:
    query, snapshot, _ = case
    for row in rank(query, snapshot, 40):
        for figure in (row.score, row.appearance_distance, row.colour_distance):
            assert 0 <= figure <= 1


@FEW
@given(cases())
def test_bounds_never_cut_a_right_row(case: Any) -> None:
    """A threshold that is a product's own score lets it through, to the last digit."""
    query, _, products = case
    for one in products:
        row = naive_row(query, one)
        if row:
            [part] = Snapshot.of(rows_of([one])).parts
            best = Best(1, None)
            best.threshold = row.score
            assert len(list(ranking._Comparison(query, part).blocks(None, best))) == 1


@pytest.mark.parametrize("seed", range(6))
def test_many_products_of_many_agreements(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough of them that thresholds rise and blocks are cut."""
    monkeypatch.setattr(ranking, "BLOCK", 64)
    chance = np.random.default_rng(seed)
    terms = [(), ("colour:red",), ("colour:blue",), ("colour:red", "sleeve:long")]
    products = [
        Product(
            f"p{n}",
            term_set=("top", ("shirt", "t-shirt")[n % 2], terms[chance.integers(4)]),
            code=chance.choice([0, 3, 255], 4).astype(np.uint8).tobytes(),
            colour=chance.choice([0, 255], 3).astype(np.uint8).tobytes(),
            group=(None, "g")[chance.integers(2)],
        )
        for n in range(3000)
    ]
    boosts = {"colour": {"colour:red": 900, "colour:blue": 300}, "sleeve": {"sleeve:long": 70}}
    query = RankingQuery(
        np.zeros(4, dtype=np.uint8),
        np.zeros(3, dtype=np.uint8),
        CandidateQuery("test-1", preferred=boosts),
        0.7,
        (0.0, 0.1, 0.5, 0.9, 1.0, 0.3)[seed],
    )
    snapshot = Snapshot()
    for start in range(0, 3000, 1000):
        snapshot = Snapshot((*snapshot.parts, *Snapshot.of(rows_of(products[start:][:1000])).parts))
    expected = naive_rank(query, products)
    after = None
    for top in (1, 24, 200, 700):
        assert rank(query, snapshot, top) == expected[:top]
        after = expected[top].place
        assert rank(query, snapshot, top, after=after) == expected[top + 1 :][:top]


@pytest.mark.parametrize(("weight", "first"), [(1.0, "shape"), (0.0, "colour")])
def test_weight_moves_between_shape_and_colour(weight: float, first: str) -> None:
    products = [
        Product("colour", code=bytes([255]), colour=bytes([255, 0])),
        Product("shape", code=bytes([0]), colour=bytes([0, 255])),
    ]
    query = RankingQuery(
        binary_code=np.array([0], dtype=np.uint8),
        colour_histogram=np.array([255, 0], dtype=np.uint8),
        candidates=CandidateQuery("test-1"),
        appearance_weight=weight,
        attribute_weight=0.5,
    )
    [found] = rank(query, Snapshot.of(rows_of(products)), 1)
    assert (found.product_id, found.score) == (first, 1)


@pytest.mark.parametrize(("code", "bins"), [(12, 3), (4, 12)])
def test_refuses_a_query_of_another_length(code: int, bins: int) -> None:
    query = RankingQuery(
        np.zeros(code, dtype=np.uint8),
        np.zeros(bins, dtype=np.uint8),
        CandidateQuery("test-1"),
        0.5,
        0.5,
    )
    with pytest.raises(ValueError, match="expected 8 bytes"):
        rank(query, Snapshot.of(rows_of([Product("1")])), 1)


def test_nothing_to_rank() -> None:
    query = RankingQuery(
        np.zeros(4, dtype=np.uint8), np.zeros(3, dtype=np.uint8), CandidateQuery("test-1"), 1, 0
    )
    assert rank(query, Snapshot(), 5) == rank(query, Snapshot.of(rows_of([])), 5) == []
    assert count(query, Snapshot()) == count(query, Snapshot.of(rows_of([]))) == 0
