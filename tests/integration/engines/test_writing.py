"""What every engine does with documents it is given."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from houndstooth.mappings.engine import CandidateQuery, Engine, RangeFilter, TermFilter
from houndstooth.mappings.product import Scalar
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines import open_engine
from tests.catalogue import (
    MODEL,
    VALUES,
    document,
    visual,
)
from tests.integration.engines.helpers import ALL, fill, found, only, same, source_hashes, the


def test_stores_and_returns_a_whole_document(engine: Engine) -> None:
    facts: dict[str, Scalar] = {
        "title": "Red tee",
        "price": 9.99,
        "stock": 3,
        "on_sale": True,
        "note": None,
    }
    fill(engine, document("1", facts, seed=5))
    product = the(engine, "1")
    assert product.product_id == "1"
    assert product.facts == facts
    assert same(product.visual, visual("1", seed=5))


def test_a_document_with_visual_replaces_visual_and_keeps_other_facts(engine: Engine) -> None:
    fill(engine, document("1", {"brand": "Puma", "price": 1.0}, attributes=VALUES["colour"]))
    fill(engine, document("1", {"price": 2.0}, category="jeans", attributes=(), seed=9))
    assert the(engine, "1").facts == {"brand": "Puma", "price": 2.0}
    assert same(the(engine, "1").visual, visual("1", category="jeans", attributes=(), seed=9))
    assert engine.count() == 1
    assert found(engine, CandidateQuery(MODEL, category="t-shirt")) == []
    assert found(engine, CandidateQuery(MODEL, required=("colour:red",))) == []


def test_facts_alone_leave_visual_and_the_other_facts(engine: Engine) -> None:
    fill(engine, document("1", {"brand": "Puma", "price": 30.0, "stock": 4}))
    fill(engine, IndexDocument("1", {"price": 5.0, "stock": None}))
    assert the(engine, "1").facts == {"brand": "Puma", "price": 5.0, "stock": None}
    assert same(the(engine, "1").visual, visual("1"))
    assert found(engine, only(RangeFilter("price", 29, 31))) == []
    assert found(engine, only(RangeFilter("stock", None, None))) == []
    assert found(engine, only(RangeFilter("price", 5, 5))) == ["1"]
    assert found(engine, only(TermFilter("brand", "Puma"))) == ["1"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (document("b" * 513), "512 bytes"),
        (document("\ud800"), "UTF-8"),
        (IndexDocument("bad", {}, visual("other")), "other"),
        (IndexDocument("bad", {"price": 1.0}), "bad"),
        (IndexDocument("bad", {}, visual("bad"), insert=False), "product that is there"),
    ],
)
def test_one_bad_document_costs_only_itself(engine: Engine, bad: IndexDocument, said: str) -> None:
    good = [document("1", {"price": 1.0}), document("2", {"price": "2.5"})]
    outcomes = engine.write([good[0], bad, good[1]])
    assert [outcome.product_id for outcome in outcomes] == ["1", bad.product_id, "2"]
    assert outcomes[0].error is None and outcomes[2].error is None
    assert said in (outcomes[1].error or "")
    assert not outcomes[1].retryable
    engine.refresh()
    assert found(engine) == ["1", "2"]
    assert engine.count() == 2


def test_a_refused_update_changes_nothing(engine: Engine) -> None:
    fill(engine, document("1", {"brand": "Puma", "price": 1.0}))
    (outcome,) = engine.write([IndexDocument("1", {"brand": "Nike"}, visual("2"))])
    assert outcome.error
    engine.refresh()
    assert the(engine, "1").facts == {"brand": "Puma", "price": 1.0}
    assert found(engine, CandidateQuery(MODEL, "t-shirt", filters=(TermFilter("brand", "Puma"),)))
    assert not found(engine, only(TermFilter("brand", "Nike")))


def test_the_last_of_two_versions_in_one_bulk_wins(engine: Engine) -> None:
    fill(engine, document("1", {"price": 1.0}), document("1", {"price": 2.0}, seed=2))
    assert the(engine, "1").facts == {"price": 2.0}
    assert same(the(engine, "1").visual, visual("1", seed=2))


def test_writing_nothing_is_fine(engine: Engine) -> None:
    assert engine.write([]) == []
    assert engine.delete([]) == 0
    assert engine.fetch([]) == []
    assert source_hashes(engine, [], MODEL) == {}


def test_deletes_what_is_there(engine: Engine) -> None:
    facts: dict[str, Scalar] = {"brand": "Puma", "price": 1.0}
    fill(engine, document("1", facts), document("2", facts), document("é/3", facts))
    assert engine.delete(["1", "nobody", "é/3", "1"]) == 2
    engine.refresh()
    assert found(engine) == ["2"]
    assert engine.count() == 1
    assert engine.facets(ALL, ["brand"]) == {"brand": [("Puma", 1)]}
    fill(engine, document("1"))
    assert found(engine, only(TermFilter("brand", "Puma"))) == ["2"]


def test_several_processes_prepare_a_new_index_at_once(engine_url: str) -> None:
    def prepare(_number: int) -> None:
        engine = open_engine(engine_url)
        try:
            engine.prepare()
        finally:
            engine.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(prepare, range(8))) == [None] * 8
