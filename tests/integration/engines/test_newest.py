"""Of several writes with a time, whatever their order, the newest facts and features stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from opensearchpy.exceptions import AuthorizationException

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.writes import IndexDocument, StoredState, WriteOutcome
from houndstooth.plugin.engines import open_engine, open_shop_index, sqlite_write
from houndstooth.plugin.engines.cluster import deleted
from houndstooth.plugin.engines.newest import NEWER_FACTS, NEWER_FEATURES
from tests.catalogue import document, visual
from tests.integration.engines.helpers import client, fill, same, the


def dated(as_of: int, price: float, seed: int = 0, product_id: str = "1") -> IndexDocument:
    return replace(document(product_id, {"price": price}, seed=seed), as_of=as_of)


def facts(as_of: int | None, price: float, product_id: str = "1") -> IndexDocument:
    return IndexDocument(product_id, {"price": price}, as_of=as_of)


def write(engine: Engine, *documents: IndexDocument) -> list[WriteOutcome]:
    outcomes = engine.write(documents)
    assert [outcome.error for outcome in outcomes] == [None] * len(documents)
    return outcomes


def state(engine: Engine) -> StoredState:
    return engine.stored(["1"])["1"]


def times(engine: Engine) -> tuple[int | None, int | None]:
    return state(engine).facts_as_of, state(engine).as_of


def is_stored(engine: Engine, price: float, seed: int) -> bool:
    stored = the(engine, "1")
    return stored.facts == {"price": price} and same(stored.visual, visual("1", seed=seed))


@pytest.mark.parametrize("reads", [False, True], ids=["not read before", "read before"])
def test_whatever_their_order_the_newest_stays(engine: Engine, reads: bool) -> None:
    for as_of in (3, 5, 1, 4, 5):
        one = dated(as_of, float(as_of), seed=as_of)
        read = engine.stored(["1"]).get("1") if reads else None
        [outcome] = write(engine, replace(one, stored=read))
        assert outcome.is_overtaken == (as_of in (1, 4))
    assert is_stored(engine, 5.0, seed=5)
    assert times(engine) == (5, 5)


def test_facts_and_features_are_of_times_of_their_own(engine: Engine) -> None:
    write(engine, dated(1, 1.0, seed=1))
    write(engine, facts(5, 5.0))
    assert times(engine) == (5, 1)
    [outcome] = write(engine, dated(3, 3.0, seed=3))
    assert [note.kind for note in outcome.notes] == [NEWER_FACTS]
    assert is_stored(engine, 5.0, seed=3) and times(engine) == (5, 3)
    [outcome] = write(engine, facts(4, 4.0))
    assert outcome.is_overtaken
    [outcome] = write(engine, IndexDocument("1", {}, visual("1", seed=7), False, as_of=7))
    assert not outcome.notes
    [outcome] = write(engine, dated(6, 6.0, seed=6))
    assert [note.kind for note in outcome.notes] == [NEWER_FEATURES]
    assert is_stored(engine, 6.0, seed=7) and times(engine) == (6, 7)


def test_features_that_were_found_unchanged_are_as_new(engine: Engine) -> None:
    write(engine, dated(1, 1.0))
    read = state(engine)
    [outcome] = write(engine, replace(facts(3, 1.0), keeps=read.features, stored=read))
    assert not outcome.is_changed and times(engine) == (3, 3)
    [outcome] = write(engine, replace(dated(2, 2.0, seed=2), stored=read))
    assert outcome.is_overtaken
    assert is_stored(engine, 1.0, seed=0)
    [outcome] = write(engine, replace(facts(4, 4.0), keeps=read.features, stored=read))
    assert outcome.is_changed and is_stored(engine, 4.0, seed=0)


def test_features_that_others_wrote_meanwhile_are_not_taken_for_unchanged(engine: Engine) -> None:
    write(engine, dated(1, 1.0))
    read = state(engine)
    other = replace(visual("1", seed=2), source_hash="other")
    write(engine, IndexDocument("1", {}, other, as_of=2))
    [outcome] = engine.write([replace(facts(3, 3.0), keeps=read.features, stored=read)])
    assert outcome.is_conflict and outcome.error and outcome.retryable
    assert the(engine, "1").facts == {"price": 1.0} and times(engine) == (1, 2)


def test_without_a_time_a_write_wins_and_leaves_the_times(engine: Engine) -> None:
    write(engine, dated(5, 5.0, seed=5))
    write(engine, document("1", {"price": 1.0}, seed=1), facts(None, 2.0))
    assert is_stored(engine, 2.0, seed=1) and times(engine) == (5, 5)
    write(engine, document("2"), facts(7, 7.0, "2"), facts(6, 6.0, "2"))
    assert the(engine, "2").facts == {"price": 7.0}
    assert engine.stored(["2", "3"]).keys() == {"2"}


def test_a_product_that_went_meanwhile_comes_back_or_is_missed(engine: Engine) -> None:
    fill(engine, dated(1, 1.0), dated(1, 1.0, product_id="2"))
    read = engine.stored(["1", "2"])
    assert engine.delete(["1", "2"]) == 2
    documents: Sequence[IndexDocument] = [
        replace(dated(2, 2.0, seed=2), stored=read["1"]),
        replace(facts(2, 2.0, "2"), keeps=read["2"].features, stored=read["2"]),
    ]
    came, missed = engine.write(documents)
    assert came.error is None and is_stored(engine, 2.0, seed=2) and times(engine) == (2, 2)
    assert missed.error == "expected a product that is there; '2' is not"


def test_many_products_at_once_each_keep_their_newest(engine: Engine) -> None:
    names = [f"p{n}" for n in range(120)]
    newer = names[::3]
    write(engine, *(dated(3, 3.0, product_id=name) for name in newer))
    outcomes = write(engine, *(dated(2, 2.0, product_id=name) for name in names))
    assert [one.product_id for one in outcomes if one.is_overtaken] == newer
    read = engine.stored(names)
    outcomes = write(
        engine, *(replace(facts(2, 9.0, name), stored=read[name]) for name in names[:60])
    )
    assert [one.product_id for one in outcomes if one.is_overtaken] == newer[:20]
    found = {one.product_id: one.facts["price"] for one in engine.fetch(names)}
    assert found == {
        name: 3.0 if name in newer else 9.0 if n < 60 else 2.0 for n, name in enumerate(names)
    }


def test_what_an_ingest_wrote_of_before_a_time_is_found_and_deleted(engine: Engine) -> None:
    older = [dated(1, 1.0, product_id=f"old {n}") for n in range(30)]
    fill(engine, *older, dated(5, 5.0, product_id="new"), document("no time"))
    fill(engine, dated(1, 1.0, product_id="dear"), facts(6, 6.0, "old 0"))
    read = engine.stored(["old 1", "old 2"])
    confirmed = replace(facts(5, 1.0, "old 1"), keeps=read["old 1"].features)
    pictured = IndexDocument("old 2", {}, visual("old 2"), insert=False, as_of=5)
    fill(engine, confirmed, pictured)
    found = engine.outdated(5, kept=["dear"], examples=2)
    assert (found.count, found.total, found.examples) == (27, 32, ("old 10", "old 11"))
    assert engine.outdated(5).count == 28
    assert [engine.delete_outdated(5, ["dear"], limit=20) for _ in range(3)] == [20, 7, 0]
    engine.refresh()
    left = ["dear", "new", "no time", "old 0", "old 1", "old 2"]
    assert engine.count() == len(left) == len(engine.fetch(left))
    assert engine.outdated(5, kept=["dear"]).count == 0


def test_a_deletion_of_a_time_leaves_what_is_newer(engine: Engine) -> None:
    fill(engine, *(dated(n, 1.0, product_id=str(n)) for n in (1, 2, 3)), document("no time"))
    fill(engine, facts(4, 2.0, "1"))
    assert engine.delete(["1", "2", "3", "no time", "unknown"], as_of=2) == 2
    engine.refresh()
    assert [one.product_id for one in engine.fetch(["1", "2", "3", "no time"])] == ["1", "3"]


def test_what_was_deleted_stays_so_for_older_writes(engine: Engine) -> None:
    fill(engine, dated(1, 1.0), dated(1, 1.0, product_id="2"), dated(1, 1.0, product_id="kept"))
    read = engine.stored(["1"])
    assert engine.delete(["1", "never there"], as_of=4) == 1
    assert engine.delete(["1"], as_of=3) == 0
    assert engine.delete_outdated(5, ["kept"], limit=20) == 1
    older: Sequence[IndexDocument] = [
        replace(dated(3, 3.0), stored=read["1"]),
        dated(4, 4.0, product_id="never there"),
        dated(4, 4.0, product_id="2"),
        facts(4, 4.0),
    ]
    assert all(one.is_overtaken and not one.error for one in engine.write(older))
    engine.refresh()
    assert engine.count() == 1
    newer = [dated(5, 5.0), document("2", seed=2), dated(5, 5.0, product_id="never there")]
    assert not any(one.is_overtaken for one in write(engine, *newer))
    assert is_stored(engine, 5.0, seed=0)
    assert engine.delete(["1"]) == 1
    [outcome] = write(engine, dated(5, 5.0))
    assert not outcome.is_overtaken, "a deletion without a time keeps nothing out"


def test_a_product_that_is_deleted_while_it_is_inserted_goes_again(index_url: str) -> None:
    """The deletion is noted after the look for it, and before the product is there."""
    engine = open_engine(index_url)
    engine.prepare()
    sender = engine._writer._bulk  # type: ignore[attr-defined]
    send = sender.send

    def delete_first(lines: Sequence[str]) -> Any:
        sender.send = send
        assert engine.delete(["1"], as_of=2) == 0
        return send(lines)

    sender.send = delete_first
    [outcome] = engine.write([dated(1, 1.0)])
    assert outcome.is_overtaken and not engine.stored(["1"])
    engine.close()


def test_an_index_that_is_made_anew_knows_nothing_of_deletions(index_url: str) -> None:
    server, _, index = index_url.rpartition("/")
    for _ in range(2):
        engine = open_engine(index_url)
        engine.prepare()
        [outcome] = write(engine, dated(1, 1.0))
        assert not outcome.is_overtaken
        assert engine.delete(["1"], as_of=2) == 1
        engine.close()
        with client(server) as connection:
            assert index in connection.indices.get(index="test-*")
            assert f"{index}-houndstooth-deleted" not in connection.indices.get(index="test-*")
            connection.indices.delete(index=index)


def test_without_the_right_to_note_deletions_products_are_deleted_all_the_same(
    index_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(index_url)
    engine.prepare()
    fill(engine, dated(1, 1.0))

    def refuse(**_: Any) -> None:
        raise AuthorizationException(403, "security_exception", {"error": {"reason": "no right"}})

    indices = engine._client.indices  # type: ignore[attr-defined]
    monkeypatch.setattr(indices, "create", refuse)
    monkeypatch.setattr(indices, "exists", lambda **_: False)
    assert engine.delete(["1"], as_of=2) == 1
    assert "may bring back what is deleted" in caplog.text
    engine.close()


def test_what_is_known_of_deletions_can_be_removed(index_url: str) -> None:
    engine = open_shop_index(index_url)
    engine.prepare()
    for _ in range(2):
        engine.delete(["1"], as_of=2)
        engine.forget_deletions()
        with client(index_url.rpartition("/")[0]) as connection:
            assert not connection.indices.exists(index=engine._index.deleted)  # type: ignore[attr-defined]
    engine.forget_deletions()
    engine.close()


def test_deletions_are_known_for_so_long(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (deleted, sqlite_write):
        monkeypatch.setattr(module, "DELETED_SECONDS", -10)
    monkeypatch.setattr(deleted, "CLEAN_SECONDS", -1)
    assert engine.delete(["1"], as_of=2) == engine.delete(["2"], as_of=2) == 0
    first, second = write(engine, dated(1, 1.0), dated(1, 1.0, product_id="2"))
    assert (first.is_overtaken, second.is_overtaken) == (False, True)
