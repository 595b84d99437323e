"""Writes of several bulks at once, to documents that are new and to documents that are there."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.product import Fact
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.cluster import actions, write
from tests.catalogue import document, visual
from tests.integration.engines.helpers import client, fill, same, the


@pytest.fixture(autouse=True)
def short_bulks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write so few documents in a bulk that a short list takes many."""
    monkeypatch.setattr(write, "FIRST_BULK", 2)
    monkeypatch.setattr(actions, "BULK_DOCUMENTS", 3)


@pytest.fixture
def engine(index_url: str) -> Iterator[Engine]:
    """An engine of a cluster; SQLite knows no bulks."""
    opened = open_engine(index_url)
    opened.prepare()
    yield opened
    opened.close()


def test_the_last_write_of_each_document_wins_over_all_bulks(engine: Engine) -> None:
    chance = random.Random(5)
    writes = [document(str(chance.randrange(9)), {"stock": n}, seed=n) for n in range(60)]
    fill(engine, *writes)
    for last in {one.product_id: one for one in writes}.values():
        assert last.visual is not None
        assert the(engine, last.product_id).facts == last.facts
        assert same(the(engine, last.product_id).visual, last.visual)


def test_outcomes_come_in_order_whatever_becomes_of_each_document(engine: Engine) -> None:
    fill(engine, *(document(f"old {n}", {"brand": "Puma"}) for n in range(9)))
    writes: list[IndexDocument] = []
    for n in range(9):
        writes += [
            document(f"new {n}", {"price": n}, seed=n),
            document(f"old {n}", {"price": n}, seed=n),
            IndexDocument(f"old {n}", {"stock": n}),
            IndexDocument(f"nobody {n}", {"stock": n}),
            IndexDocument(f"no one {n}", {}, visual(f"no one {n}"), insert=False),
        ]
    outcomes = engine.write(writes)
    assert [one.product_id for one in outcomes] == [one.product_id for one in writes]
    assert [one.error is None for one in outcomes] == [True, True, True, False, False] * 9
    for n in range(9):
        old: dict[str, Fact] = {"brand": "Puma", "price": n, "stock": n}
        assert the(engine, f"old {n}").facts == old
        assert the(engine, f"new {n}").facts == {"price": n}
        assert same(the(engine, f"old {n}").visual, visual(f"old {n}", seed=n))
    engine.refresh()
    assert engine.count() == 18


def test_a_document_that_is_there_is_never_overwritten(engine: Engine, index_url: str) -> None:
    """Whether the writes before found their documents or not."""
    server, _, index = index_url.rpartition("/")
    with client(server) as shop:
        for n in range(12):
            shop.index(index=index, id=f"shop {n}", body={"title": f"Tee {n}", "price": 5.0})
    mine = [document(f"mine {n}") for n in range(12)]
    shops = [document(f"shop {n}", {"price": 4.0}, seed=n) for n in range(12)]
    fill(engine, *mine, *shops, *mine, *shops)
    fill(engine, *(one for pair in zip(shops, mine, strict=True) for one in pair))
    for n in range(12):
        assert the(engine, f"shop {n}").facts == {"title": f"Tee {n}", "price": 4.0}
        assert same(the(engine, f"shop {n}").visual, visual(f"shop {n}", seed=n))
    assert engine.count() == 24


def test_a_refused_fact_costs_itself_in_any_bulk(index_url: str) -> None:
    server, _, index = index_url.rpartition("/")
    with client(server) as shop:
        shop.indices.create(
            index=index, body={"mappings": {"properties": {"day": {"type": "date"}}}}
        )
    engine = open_engine(index_url)
    engine.prepare()
    days = ["soon" if n % 4 else "2026-01-02" for n in range(20)]
    writes = [document(str(n), {"stock": n, "day": day}) for n, day in enumerate(days)]
    for _ in range(2):  # new documents, then the same ones
        outcomes = engine.write(writes)
        assert [one.error for one in outcomes] == [None] * 20
        assert [len(one.notes) for one in outcomes] == [int(day == "soon") for day in days]
        stored = [one.facts for one in engine.fetch([one.product_id for one in writes])]
        kept = [None if day == "soon" else day for day in days]
        assert stored == [{"stock": n, "day": day} for n, day in enumerate(kept)]
    assert engine.delete([str(n) for n in range(20)]) == 20
    engine.close()
