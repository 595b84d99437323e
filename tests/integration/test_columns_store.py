"""Columns are built, follow their engine, are saved, shared, and built anew when they must be."""

from __future__ import annotations

import logging
import multiprocessing
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.rows import FeatureRows, Lengths
from houndstooth.plugin.columns import store
from houndstooth.plugin.columns.segment_file import load
from houndstooth.plugin.columns.store import Columns
from tests.feature_rows import LENGTHS, Product, contents, expected_contents, rows_of
from tests.listed_engine import ListedEngine

MODEL = "test-1"


def columns_of(engine: ListedEngine, folder: Path | None = None) -> Columns:
    return Columns(cast(Engine, engine), MODEL, LENGTHS, "group", folder)


def products(count: int, start: int = 0) -> list[Product]:
    return [Product(f"é{n}", group=(None, "g")[n % 2]) for n in range(start, start + count)]


def same(columns: Columns, engine: ListedEngine) -> bool:
    snapshot = columns.snapshot()
    return snapshot is not None and contents(snapshot) == expected_contents(
        engine.products.values()
    )


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def file_in(folder: Path) -> Path:
    [path] = folder.glob("*.columns")
    return path


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SAVED_FROM", 20)
    monkeypatch.setattr(store, "FOLLOW_SECONDS", 0.02)


@pytest.fixture(params=[True, False], ids=["embedded", "server"])
def engine(request: pytest.FixtureRequest) -> ListedEngine:
    return ListedEngine(embedded=request.param)


@pytest.fixture
def opened(engine: ListedEngine, tmp_path: Path) -> Iterator[Callable[..., Columns]]:
    """Opens columns of the engine, and closes them in the end."""
    every: list[Columns] = []

    def open_one(folder: Path | None = tmp_path / "columns") -> Columns:
        columns = columns_of(engine, folder)
        every.append(columns)
        columns.follow()
        wait_until(lambda: columns.snapshot() is not None)
        return columns

    yield open_one
    for columns in every:
        columns.close()


Opened = Callable[..., Columns]


def test_follow_what_is_written(engine: ListedEngine, opened: Opened) -> None:
    engine.put(*products(10))
    columns = opened()
    wait_until(lambda: same(columns, engine))
    engine.put(*products(3), *products(5, start=100))
    wait_until(lambda: same(columns, engine))
    assert engine.builds == 1
    if engine.embedded:
        engine.remove("é1", "é104")
        assert same(columns, engine)


def test_an_empty_catalogue_gets_products(engine: ListedEngine, opened: Opened) -> None:
    columns = opened(None)
    assert same(columns, engine)
    for n in range(5):
        engine.put(*products(1, start=n))
        wait_until(lambda: same(columns, engine))


def test_few_products_are_not_saved(engine: ListedEngine, opened: Opened, tmp_path: Path) -> None:
    engine.put(*products(19))
    assert len(opened().snapshot() or ()) == 19
    assert list((tmp_path / "columns").glob("*.columns")) == []


def test_others_map_what_was_saved(engine: ListedEngine, opened: Opened, tmp_path: Path) -> None:
    engine.put(*products(50))
    assert len(opened().snapshot() or ()) == 50
    saved = load(file_in(tmp_path / "columns"))
    assert saved is not None and len(saved.segment) == 50
    engine.put(*products(2, start=90))
    other = opened()
    wait_until(lambda: same(other, engine))
    assert engine.builds == 1  # it went on from the file's checkpoint
    assert saved.checkpoint.positions["0"] in engine.reads


def test_columns_that_grow_are_saved_and_mapped(
    engine: ListedEngine, opened: Opened, tmp_path: Path
) -> None:
    engine.put(*products(10))
    columns = opened()
    for n in range(10, 200, 10):
        engine.put(*products(10, start=n))
        wait_until(lambda: same(columns, engine))
    wait_until(lambda: columns.snapshot() is not None and columns._state.unsaved <= 40)  # type: ignore[union-attr]
    saved = load(file_in(tmp_path / "columns"))
    assert saved is not None and len(saved.segment) >= 100
    assert columns._state is not None and columns._state.saved is not None
    assert (engine.builds, same(columns, engine)) == (1, True)


def test_others_adopt_what_was_folded(engine: ListedEngine, opened: Opened) -> None:
    engine.put(*products(50))
    one, other = opened(), opened()
    engine.put(*products(50))  # all anew
    for columns in (one, other):
        wait_until(lambda columns=columns: same(columns, engine))  # type: ignore[misc]
    wait_until(lambda: bool(one.snapshot() and other.snapshot()) and _unsaved(one, other) == 0)
    assert same(one, engine) and same(other, engine)
    assert engine.builds == 1


def _unsaved(*every: Columns) -> int:
    return sum(columns._state.unsaved for columns in every if columns._state)


def test_a_fold_waits_for_another_and_takes_its_file(tmp_path: Path) -> None:
    engine = ListedEngine(embedded=True)
    engine.put(*products(50))
    one, other = columns_of(engine, tmp_path), columns_of(engine, tmp_path)
    assert same(one, engine) and same(other, engine)
    path = file_in(tmp_path)
    one._folding.acquire()
    one._fold()
    written = path.stat().st_mtime_ns
    other._folding.acquire()
    other._fold()
    assert path.stat().st_mtime_ns == written
    assert same(one, engine) and same(other, engine)


def test_another_index_has_columns_of_its_own(
    engine: ListedEngine, opened: Opened, tmp_path: Path
) -> None:
    engine.put(*products(50))
    columns = opened()
    wait_until(lambda: same(columns, engine))
    engine.replace_index("index-2", *products(30, start=1000))
    wait_until(lambda: same(columns, engine))
    assert engine.builds == 2
    saved = load(file_in(tmp_path / "columns"))
    assert saved is not None and saved.checkpoint.index == "index-2"
    other = opened()
    wait_until(lambda: same(other, engine))
    assert engine.builds == 2


@pytest.mark.parametrize("damage", [b"garbage", b"", b"houndstooth columns 1\n" + b"\xff" * 99])
def test_a_damaged_file_is_built_anew(
    engine: ListedEngine, opened: Opened, tmp_path: Path, damage: bytes
) -> None:
    engine.put(*products(50))
    opened()
    path = file_in(tmp_path / "columns")
    path.unlink()  # it is mapped
    path.write_bytes(damage)
    assert same(opened(), engine)
    assert engine.builds == 2
    assert load(file_in(tmp_path / "columns")) is not None


def test_a_folder_that_cannot_be_written(
    engine: ListedEngine, opened: Opened, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    engine.put(*products(50))
    with caplog.at_level(logging.WARNING):
        assert same(opened(tmp_path / "file" / "columns"), engine)
    assert "columns are kept in memory" in caplog.text
    assert len(caplog.records) == 1


def test_a_folder_that_fails_later(
    engine: ListedEngine, opened: Opened, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine.put(*products(50))
    columns = opened()
    wait_until(lambda: same(columns, engine))
    folder = tmp_path / "columns"
    shutil.rmtree(folder)
    folder.write_text("no folder")
    with caplog.at_level(logging.WARNING):
        engine.put(*products(100))
        wait_until(lambda: same(columns, engine))
        wait_until(lambda: "columns cannot be saved" in caplog.text)
    engine.put(*products(100))
    wait_until(lambda: same(columns, engine))
    assert len(caplog.records) == 1


def test_a_folder_that_fails_while_they_are_built(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("houndstooth.plugin.columns.columns_file.save", no_space)
    engine = ListedEngine(embedded=True)
    engine.put(*products(50))
    with caplog.at_level(logging.WARNING):
        assert same(columns_of(engine, tmp_path), engine)
    assert "kept in memory, as they cannot be saved: no space left" in caplog.text


def test_a_server_that_fails_for_a_while(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine = ListedEngine()
    engine.put(*products(30))
    columns = columns_of(engine, tmp_path)
    columns.follow()
    try:
        wait_until(lambda: columns.snapshot() is not None)
        before = columns.snapshot()
        with caplog.at_level(logging.WARNING):
            engine.fails = True
            engine.put(*products(1, start=70))
            wait_until(lambda: "not in step" in caplog.text)
            time.sleep(0.2)
            assert columns.snapshot() is before
        assert len(caplog.records) == 1
        engine.fails = False
        wait_until(lambda: same(columns, engine))
        assert engine.builds == 1
    finally:
        columns.close()


def test_a_server_that_is_down_at_first(caplog: pytest.LogCaptureFixture) -> None:
    engine = ListedEngine()
    engine.put(*products(3))
    engine.fails = True
    columns = columns_of(engine)
    columns.follow()
    try:
        wait_until(lambda: "not in step" in caplog.text)
        assert columns.snapshot() is None
        engine.fails = False
        wait_until(lambda: columns.snapshot() is not None)
        assert same(columns, engine)
    finally:
        columns.close()


def test_a_file_that_fails_raises_and_recovers() -> None:
    engine = ListedEngine(embedded=True)
    engine.put(*products(3))
    columns = columns_of(engine)
    assert same(columns, engine)
    engine.fails = True
    with pytest.raises(EngineUnavailable):
        columns.snapshot()
    engine.fails = False
    engine.put(*products(1, start=50))
    assert same(columns, engine)
    assert engine.builds == 1


def test_changes_that_break_off_go_on_later(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ListedEngine(embedded=True)
    engine.put(*products(5))
    columns = columns_of(engine)
    assert same(columns, engine)
    engine.put(*products(60, start=100))
    real = engine._check
    calls = iter(range(100))

    def fail_later() -> None:
        if next(calls) == 4:
            raise EngineUnavailable("in the middle")

    monkeypatch.setattr(engine, "_check", fail_later)
    with pytest.raises(EngineUnavailable):
        columns.snapshot()
    monkeypatch.setattr(engine, "_check", real)
    assert same(columns, engine)


def test_without_following_a_server_only_what_was_saved_is_used(tmp_path: Path) -> None:
    engine = ListedEngine()
    engine.put(*products(50))
    alone = columns_of(engine, tmp_path)
    assert alone.snapshot() is None
    service = columns_of(engine, tmp_path)
    service.follow()
    wait_until(lambda: service.snapshot() is not None)
    service.close()
    engine.put(*products(2, start=80))
    assert same(columns_of(engine, tmp_path), engine)
    assert engine.builds == 1


def test_products_that_come_twice_in_a_full_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ListedEngine(embedded=True)
    engine.put(*products(40))

    def twice(listed: list[Product]) -> FeatureRows:
        older = [Product(one.product_id, 0, code=b"old!") for one in listed[:2]]
        return rows_of([*listed, *older])

    monkeypatch.setattr(engine, "rows", twice)
    for folder in (None, tmp_path):
        assert same(columns_of(engine, folder), engine)


def test_a_file_with_bytes_of_other_lengths_is_built_anew(tmp_path: Path) -> None:
    engine = ListedEngine(embedded=True)
    engine.put(*products(40))
    assert same(columns_of(engine, tmp_path), engine)
    lengths = Lengths(LENGTHS.code + 1, LENGTHS.histogram)
    longer = Columns(cast(Engine, engine), MODEL, lengths, "group", tmp_path)
    engine.products = {
        key: replace(one, code=one.code + b"!") for key, one in engine.products.items()
    }
    assert same(longer, engine)


def test_products_that_are_gone_from_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CHECK_SECONDS", 0.05)
    engine = ListedEngine()
    engine.put(*products(100))
    columns = columns_of(engine, tmp_path)
    columns.follow()
    try:
        wait_until(lambda: columns.snapshot() is not None)
        engine.remove(*(f"é{n}" for n in range(15)))
        time.sleep(0.3)
        assert (len(columns.snapshot() or ()), engine.builds) == (100, 1)
        engine.remove(*(f"é{n}" for n in range(15, 30)))
        wait_until(lambda: same(columns, engine))
        time.sleep(0.2)
        assert engine.builds == 2
        saved = load(file_in(tmp_path))
        assert saved is not None and len(saved.segment) == 70
    finally:
        columns.close()


def test_takes_over_what_was_read_anew_unless_it_has_moved_on() -> None:
    engine = ListedEngine()
    engine.put(*products(10))
    columns = columns_of(engine)
    columns.sync()
    before = columns.snapshot()
    assert before is not None
    after = before.changed(rows_of([]), ["é3"])
    columns.apply(before, after)
    assert columns.snapshot() is after
    engine.put(*products(1, start=3))
    columns.sync()
    columns.apply(after, after.changed(rows_of([]), ["é3"]))  # what was read before that
    assert same(columns, engine)


def _other_process(folder: Path, log: Path) -> int:
    """What another process does; returns the number of its products."""
    store.SAVED_FROM = 20
    engine = ListedEngine(embedded=True)
    engine.put(*products(500))
    engine.log, engine.seconds = log, 0.5
    columns = columns_of(engine, folder)
    assert same(columns, engine)
    return len(columns.snapshot() or ())


def test_processes_that_start_at_once_build_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    folder = tmp_path / "columns"
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        found = pool.map(_other_process, [folder] * 3, [log] * 3)
    assert list(found) == [500] * 3
    assert log.read_text() == "full\n"
    engine = ListedEngine(embedded=True)
    engine.put(*products(500), *products(1, start=900))
    assert same(columns_of(engine, folder), engine)
    assert engine.builds == 0
    assert sorted(path.suffix for path in folder.iterdir()) == [".columns", ".lock"]
