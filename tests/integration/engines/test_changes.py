"""A copy that follows an engine's changes is the same as one that is read anew."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.rows import Checkpoint
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines import open_engine
from tests.catalogue import LENGTHS, MODEL, VALUES, document
from tests.integration.engines.helpers import (
    Copy,
    client,
    expected_row,
    fill,
    read_anew,
    rows_by_id,
)


def change_at_random(
    engine: Engine, chance: random.Random, documents: dict[str, IndexDocument]
) -> None:
    """Write, rewrite, change facts, change models and delete, a few of each; then refresh."""
    for _ in range(chance.randrange(1, 12)):
        key = str(chance.randrange(30))
        facts = {"brand": chance.choice(["Puma", "Nike"]), "price": float(chance.randrange(9))}
        action = chance.choice(["visual", "visual", "facts", "model", "delete"])
        if action == "delete":
            assert engine.delete([key]) == (documents.pop(key, None) is not None)
        elif action == "facts":
            (outcome,) = engine.write([IndexDocument(key, facts)])
            assert (outcome.error is None) == (key in documents)
            if key in documents:
                documents[key] = IndexDocument(key, facts, documents[key].visual)
        else:
            terms = [term for group in VALUES.values() for term in group if chance.random() < 0.4]
            model = MODEL if action == "visual" else "other-1"
            seed = chance.randrange(10**6)
            documents[key] = document(key, facts, attributes=terms, model=model, seed=seed)
            (outcome,) = engine.write([documents[key]])
            assert outcome.error is None
    engine.refresh()


@pytest.mark.parametrize("seed", range(4))
def test_a_copy_in_step_is_the_same_as_one_read_anew(engine: Engine, seed: int) -> None:
    check_in_step(engine, seed)


def test_a_copy_of_three_shards_keeps_in_step(sharded: Engine) -> None:
    check_in_step(sharded, seed=5)


def check_in_step(engine: Engine, seed: int) -> None:
    chance, documents = random.Random(seed), dict[str, IndexDocument]()
    copy = Copy(engine, "brand")
    for _ in range(25):
        change_at_random(engine, chance, documents)
        copy.follow()
        rows = {key: row for key, row in copy.rows.items() if key in documents}
        assert read_anew(engine, "brand").rows == rows
        assert {key: row[1:] for key, row in rows.items()} == {
            key: expected_row(one, "brand")
            for key, one in documents.items()
            if one.visual and one.visual.model == MODEL
        }


def test_deletions_come_exactly_from_a_file(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/catalogue.db")
    engine.prepare()
    chance, documents = random.Random(7), dict[str, IndexDocument]()
    copy = Copy(engine)
    for _ in range(30):
        change_at_random(engine, chance, documents)
        copy.follow()
        assert copy.rows == read_anew(engine).rows
    assert list(engine.changes(MODEL, LENGTHS, None, copy.checkpoint)) == []
    engine.close()


def test_versions_rise_with_every_write(engine: Engine) -> None:
    versions = []
    writes = [
        document("1", {"price": 1.0}),
        document("1", {"price": 1.0}),
        IndexDocument("1", {"price": 2.0}),
        document("1", {}, seed=9),
    ]
    for one in writes:
        fill(engine, document("2"))
        fill(engine, one)
        versions.append(rows_by_id(engine.features(["1"], MODEL, LENGTHS, None))["1"][0])
        (shown,) = engine.show(["1"])
        assert shown.version == versions[-1] == read_anew(engine).rows["1"][0]
    assert sorted(set(versions)) == versions


def test_facts_that_are_the_same_are_no_change(engine: Engine) -> None:
    facts = {"brand": "Puma", "price": 9.0, "images": ["a.jpg", "b.jpg"], "note": None}
    fill(engine, document("1", facts), document("2", facts))
    copy = read_anew(engine)
    before = dict(copy.rows)
    (outcome,) = engine.write([IndexDocument("1", facts)])
    assert outcome.error is None
    engine.refresh()
    copy.follow()
    assert copy.rows == before  # with the versions, so that nobody reads them again


def test_nothing_changed_since_the_last_batch(engine: Engine) -> None:
    fill(engine, document("1"), document("2"))
    copy = read_anew(engine)
    before = dict(copy.rows)
    copy.follow()
    assert copy.rows == before


def test_an_empty_catalogue_can_be_followed(engine: Engine) -> None:
    copy = read_anew(engine)
    assert copy.rows == {}
    assert copy.checkpoint is not None and copy.checkpoint.index == engine.index_id()
    fill(engine, document("1"))
    copy.follow()
    assert copy.rows.keys() == {"1"}


def test_each_batch_tells_where_to_go_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    check_batches(engine, monkeypatch, batches=2)


def test_each_batch_of_three_shards_tells_where_to_go_on(
    sharded: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The overlap of the shards that were read takes a batch each, every time.
    check_batches(sharded, monkeypatch, batches=4)


def check_batches(engine: Engine, monkeypatch: pytest.MonkeyPatch, batches: int) -> None:
    for module in ("sqlite_rows", "cluster.changes"):
        monkeypatch.setattr(f"houndstooth.plugin.engines.{module}.BATCH", 7)
    monkeypatch.setattr("houndstooth.plugin.engines.cluster.changes.OVERLAP", 3)
    documents = [document(str(n), seed=n) for n in range(60)]
    fill(engine, *documents)
    fill(engine, *documents[::3])
    copy = Copy(engine)
    turns = 0
    while copy.rows != read_anew(engine).rows:
        before = len(copy.rows)
        copy.follow(batches)
        turns += 1
        assert len(copy.rows) - before <= 7 * batches and turns < 30
        if turns == 2:
            engine.delete(["59"])
            fill(engine, document("0", model="other-1"), document("58", seed=1000))
            copy.rows.pop("59", None)
    assert turns > 2
    assert copy.rows.keys() == {str(n) for n in range(1, 59)}


def test_what_changes_during_a_build_comes_with_the_next_call(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sqlite_rows", "cluster.changes"):
        monkeypatch.setattr(f"houndstooth.plugin.engines.{module}.BATCH", 7)
    fill(engine, *(document(str(n), seed=n) for n in range(30)))
    copy = Copy(engine)
    for count, batch in enumerate(engine.changes(MODEL, LENGTHS, None)):
        copy.rows |= rows_by_id(batch.rows)  # what is gone is ignored
        copy.checkpoint = batch.checkpoint
        if count == 1:
            engine.delete(["0"])
            fill(engine, document("1", model="other-1"), document("29", seed=99), document("30"))
    copy.follow()
    if not engine.embedded:
        assert copy.rows.pop("0", None)
    assert copy.rows == read_anew(engine).rows
    assert copy.rows.keys() == {str(n) for n in range(2, 31)}


def test_another_index_of_that_name_has_another_identity(engine: Engine, engine_url: str) -> None:
    fill(engine, document("1"))
    checkpoint = read_anew(engine).checkpoint
    first = engine.index_id()
    engine.prepare()
    assert engine.index_id() == first
    replace_catalogue(engine_url)
    engine.prepare()
    assert engine.index_id() != first
    with pytest.raises(IndexReplaced):
        list(engine.changes(MODEL, LENGTHS, None, checkpoint))
    assert read_anew(engine).rows == {}


def test_an_alias_that_moves_is_another_index(server_url: str, index_url: str) -> None:
    name = index_url.rpartition("/")[2]
    with client(server_url) as server:
        for number in (1, 2):
            opened = open_engine(f"{index_url}-{number}")
            opened.prepare()
            fill(opened, document(str(number)))
            opened.close()
        try:
            server.indices.put_alias(index=f"{name}-1", name=name)
            engine = open_engine(index_url)
            copy = read_anew(engine)
            assert copy.rows.keys() == {"1"}
            server.indices.put_alias(index=f"{name}-2", name=name)
            with pytest.raises(EngineUnavailable, match="one index behind"):
                copy.follow()
            server.indices.delete_alias(index=f"{name}-1", name=name)
            with pytest.raises(IndexReplaced):
                copy.follow()
            assert read_anew(engine).rows.keys() == {"2"}
            engine.close()
        finally:
            server.indices.delete(index=f"{name}-1,{name}-2", ignore=[404])


def test_a_shops_own_update_is_a_change(own: Engine, index_url: str) -> None:
    fill(own, document("1"), document("2"))
    copy = Copy(own, "price")
    copy.follow()
    server, _, index = index_url.rpartition("/")
    with client(server) as connection:
        connection.update(index=index, id="2", body={"doc": {"price": 77}}, refresh=True)
        connection.index(index=index, id="9", body={"name": "No features"}, refresh=True)
    before = copy.rows["2"]
    copy.follow()
    assert copy.rows.keys() == {"1", "2"}
    assert copy.rows["2"][0] > before[0]
    assert copy.rows["2"][1:-1] == before[1:-1]
    assert (before[-1], copy.rows["2"][-1]) == ("20", "77")


def replace_catalogue(url: str) -> None:
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return
    server, _, index = url.partition("?")[0].rpartition("/")
    with client(server) as connection:
        connection.indices.delete(index=index)


def test_a_checkpoint_of_unknown_shards_reads_them_from_the_start(engine: Engine) -> None:
    fill(engine, document("1"))
    (batch,) = engine.changes(MODEL, LENGTHS, None, Checkpoint(engine.index_id(), {}))
    assert list(batch.rows.product_ids) == ["1"]


def test_a_damaged_document_costs_no_other(engine: Engine) -> None:
    fill(engine, *(document(str(n), seed=n) for n in range(4)))
    whole = document("2", seed=2).visual
    assert whole is not None
    fill(engine, IndexDocument("2", {}, replace(whole, binary_code=whole.binary_code[:7])))
    batches = list(engine.changes(MODEL, LENGTHS, None))
    assert sorted(key for batch in batches for key in batch.rows.product_ids) == ["0", "1", "3"]
    assert sorted(engine.features(["0", "1", "2"], MODEL, LENGTHS, None).product_ids) == ["0", "1"]
