"""What every engine finds and returns, compared with a naive search."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from houndstooth.mappings.document import VisualSummary
from houndstooth.mappings.engine import CandidateQuery, Engine, RankingEngine
from houndstooth.mappings.product import Scalar
from houndstooth.mappings.writes import IndexDocument
from tests.catalogue import (
    CODE_BYTES,
    COLOUR_BINS,
    LENGTHS,
    MODEL,
    document,
    naive_candidates,
    random_documents,
    random_query,
    visual,
)
from tests.integration.engines.helpers import (
    ALL,
    expected_row,
    fill,
    found,
    rows_by_id,
    source_hashes,
)


@pytest.mark.parametrize("seed", range(4))
def test_matches_are_what_the_query_says(engine: Engine, seed: int) -> None:
    documents = random_documents(seed, 60)
    fill(engine, *documents)
    among = [one.product_id for one in documents[::2]] + ["nobody"]
    for n in range(40):
        query = random_query(seed * 1000 + n, documents)
        expected = {key for key, _ in naive_candidates(query, documents)}
        assert found(engine, query) == sorted(expected)
        few = engine.match(query, 3)
        assert len(set(few)) == len(few) == min(3, len(expected)) and expected.issuperset(few)
        assert sorted(engine.match(query, 1000, among)) == sorted(expected & set(among))
        assert len(engine.match(query, 2, among)) == min(2, len(expected & set(among)))
        assert engine.match(query, 1000, []) == []
        assert engine.count(query) == len(expected)


@pytest.mark.parametrize("seed", range(4))
def test_features_are_those_that_were_written(engine: Engine, seed: int) -> None:
    documents = random_documents(seed, 60)
    fill(engine, *documents)
    ids = [one.product_id for one in documents[:40]] + ["nobody"]
    for name in ("brand", "stock", "weight", "no-such-field", None):
        got = rows_by_id(engine.features(ids, MODEL, LENGTHS, name))
        assert {key: row[1:] for key, row in got.items()} == {
            one.product_id: expected_row(one, name)
            for one in documents[:40]
            if one.visual and one.visual.model == MODEL
        }


@pytest.mark.parametrize("seed", range(2))
def test_a_window_holds_the_best_matches(ranking: RankingEngine, seed: int) -> None:
    documents = random_documents(seed, 60)
    fill(ranking, *documents)
    by_id = {one.product_id: one for one in documents}
    for n in range(40):
        query = random_query(seed * 1000 + n, documents)
        expected = dict(naive_candidates(query, documents))
        rows = rows_by_id(ranking.window(query, 1000, LENGTHS))
        assert rows.keys() == expected.keys()
        for key, row in rows.items():
            assert row[1:] == expected_row(by_id[key], query.variant_field)
        sums = {key: sum_of_boosts(query, by_id[key]) for key in expected}
        best = ranking.window(query, 3, LENGTHS).product_ids
        assert sorted(sums[key] for key in best) == sorted(sums.values())[-3:]


def sum_of_boosts(query: CandidateQuery, one: IndexDocument) -> int:
    """A window's score: each boost that matters counts, several of one group too."""
    assert one.visual is not None
    groups = query.preferred.values()
    least = 0.03 * sum(max(boosts.values(), default=0) for boosts in groups)
    found = [boosts.get(term, 0) for boosts in groups for term in one.visual.attributes]
    return sum(boost for boost in found if boost > least)


def test_a_window_prefers_near_neighbours(ranking: RankingEngine) -> None:
    terms = {"1": ("a:1", "b:1"), "2": ("a:2",), "3": ("a:1", "a:2"), "4": ()}
    for key, appearance in terms.items():
        fill(ranking, with_appearance(document(key), appearance))
    boosts = {"a:1": 3, "a:2": 1, "b:1": 2}
    assert ranking.window(ALL, 1, LENGTHS, boosts).product_ids == ["1"]
    assert sorted(ranking.window(ALL, 2, LENGTHS, boosts).product_ids) == ["1", "3"]
    assert sorted(ranking.window(ALL, 3, LENGTHS, boosts).product_ids) == ["1", "2", "3"]
    assert sorted(ranking.window(ALL, 9, LENGTHS, boosts).product_ids) == ["1", "2", "3", "4"]
    red = CandidateQuery(MODEL, preferred={"colour": {"colour:red": 9}}, minimum_groups=1)
    fill(ranking, document("5", attributes=()))
    assert sorted(ranking.window(red, 9, LENGTHS, {"a:1": 3}).product_ids) == ["1", "2", "3", "4"]


def with_appearance(one: IndexDocument, terms: tuple[str, ...]) -> IndexDocument:
    assert one.visual is not None
    return replace(one, visual=replace(one.visual, appearance=terms))


def test_rows_have_their_shapes(engine: Engine) -> None:
    fill(engine, *(document(str(n), seed=n) for n in range(5)))
    ids = ["0", "1", "2"]
    some, none = (
        engine.features(ids, MODEL, LENGTHS, None),
        engine.features(ids, "unknown", LENGTHS, None),
    )
    assert (len(some), len(none)) == (3, 0)
    assert some.binary_codes.shape == (3, CODE_BYTES) and some.binary_codes.dtype == np.uint8
    assert (
        some.colour_histograms.shape == (3, COLOUR_BINS)
        and some.colour_histograms.dtype == np.uint8
    )
    assert some.versions.dtype == np.int64
    assert (
        none.binary_codes.shape[0] == none.colour_histograms.shape[0] == none.versions.shape[0] == 0
    )


def test_more_matches_than_one_search_returns(
    ranking: RankingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("houndstooth.plugin.engines.cluster.index.MAX_HITS", 7)
    keys = [str(n) for n in range(30)]
    fill(ranking, *map(document, keys))
    assert found(ranking) == sorted(keys)
    for limit in (7, 8, 20, 30):
        assert len(set(ranking.match(ALL, limit))) == limit
        assert len(ranking.match(ALL, limit, keys[:10])) == min(limit, 10)
    assert rows_by_id(ranking.features(keys, MODEL, LENGTHS, None)).keys() == set(keys)
    assert len(ranking.window(ALL, 30, LENGTHS)) == 7


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
        ["both", "none", "one"],
        ["both", "near", "none", "one"],
        ["both", "far", "near", "none", "one"],
    ]


def test_more_groups_asked_than_named_match_nothing(engine: Engine) -> None:
    fill(engine, document("1"))
    assert found(engine, CandidateQuery(MODEL, minimum_groups=1)) == []
    assert found(engine, CandidateQuery(MODEL, preferred={"colour": {}}, minimum_groups=1)) == []
    assert found(engine, CandidateQuery(MODEL, preferred={"colour": {}})) == ["1"]


def test_large_boosts_add_up_exactly(ranking: RankingEngine) -> None:
    fill(
        ranking,
        document("1", attributes=("colour:blue", "sleeve:short")),
        document("2", attributes=("colour:red", "sleeve:long")),
        document("3", attributes=("colour:blue", "sleeve:long")),
    )
    preferred = {
        "colour": {"colour:red": 8_000_001, "colour:blue": 8_000_000},
        "sleeve": {"sleeve:long": 4_000_002, "sleeve:short": 4_000_003},
    }
    query = CandidateQuery(MODEL, preferred=preferred)
    assert ranking.window(query, 1, LENGTHS).product_ids != ["3"]
    assert sorted(ranking.window(query, 2, LENGTHS).product_ids) == ["1", "2"]


def test_ids_of_every_alphabet_are_listed(engine: Engine) -> None:
    keys = ["b", "a", "B", "10", "9", "é", "z", "𝔘", "Ω"]
    fill(engine, *(document(key) for key in keys))
    assert found(engine) == sorted(keys)


def test_shows_what_was_written_in_the_order_asked(engine: Engine) -> None:
    facts: dict[str, Scalar] = {"title": "Red tee", "price": 9.99, "note": None}
    fill(engine, document("1", facts, category="jeans"), document("2"), document("3"))
    shown = engine.show(["3", "nobody", "1"])
    assert [one.product_id for one in shown] == ["3", "1"]
    assert [one.facts for one in shown] == [{}, facts]
    made = visual("1", category="jeans")
    summary = VisualSummary(
        made.category, made.great_category, made.attributes, made.from_text, made.box
    )
    assert shown[1].visual == summary
    versions = rows_by_id(engine.features(["1", "3"], MODEL, LENGTHS, None))
    assert [one.version for one in shown] == [versions[key][0] for key in ("3", "1")]


def test_fetches_in_the_order_asked(engine: Engine) -> None:
    fill(engine, *(document(key) for key in ("1", "2", "3")))
    assert [product.product_id for product in engine.fetch(["3", "nobody", "1"])] == ["3", "1"]


def test_source_hashes_of_one_model(engine: Engine) -> None:
    fill(engine, document("1"), document("2", model="other-1"))
    assert source_hashes(engine, ["1", "2", "3"], MODEL) == {"1": "hash-1"}
    assert source_hashes(engine, ["1", "2", "3"], "other-1") == {"2": "hash-2"}


def test_source_hashes_see_what_was_just_written(engine: Engine) -> None:
    engine.write([document("1")])
    assert source_hashes(engine, ["1"], MODEL) == {"1": "hash-1"}
