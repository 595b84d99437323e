"""The SQLite file after kill -9, on a full disk, and under threads and processes at once."""

from __future__ import annotations

import multiprocessing
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from houndstooth.mappings.engine import CandidateQuery, Engine, TermFilter
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.engines import open_engine, sqlite_file
from houndstooth.plugin.engines.sqlite_query import MAX_TERMS
from tests.catalogue import MODEL, document, random_documents, random_query

BATCH = 200
ROOT = Path(__file__).parents[2]

# Tells each batch before and after it is written, until it is killed.
WRITER = f"""
import sys
from tests.catalogue import document
from houndstooth.plugin.engines import open_engine, sqlite_file

engine = open_engine(sys.argv[1])
for batch in range(int(sys.argv[2]), 1_000_000):
    keys = [f"{{batch}}-{{n}}" for n in range({BATCH})]
    documents = [document(key, {{"brand": "Puma", "batch": str(batch)}}) for key in keys]
    print("begun", batch, flush=True)
    engine.write(documents)
    print("done", batch, flush=True)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/catalogue.db"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = open_engine(url)
    opened.prepare()
    yield opened
    opened.close()


def test_kill_9_in_the_middle_of_a_batch_loses_that_batch_at_most(
    engine: Engine, url: str, tmp_path: Path
) -> None:
    done: set[int] = set()
    for life in range(4):
        done |= killed_writer(url, first=life * 1000, batches=3, after_seconds=0.004 * life)
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        orphans = "SELECT count(*) FROM fact WHERE product NOT IN (SELECT key FROM product)"
        assert db.execute(orphans).fetchone() == (0,)
        same = "SELECT count(*) FROM product JOIN candidate ON product = key"
        assert db.execute(same).fetchone() == (engine.count(),)
    batches = dict(engine.facets(CandidateQuery(MODEL), ["batch"], size=10_000)["batch"])
    assert done <= {int(batch) for batch in batches}
    assert set(batches.values()) == {BATCH}
    assert engine.count() == engine.count(CandidateQuery(MODEL)) == BATCH * len(batches)
    assert [outcome.error for outcome in engine.write([document("after")])] == [None]


def test_a_full_disk_loses_nothing_that_was_written(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as the engine being away, so that an ingest waits; with room it goes on."""
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_file, "PRAGMAS", "PRAGMA max_page_count = 400;")
        full, written = open_engine(url), 0
        full.prepare()
        with pytest.raises(EngineUnavailable, match="disk is full"):
            while written < 100:
                names = [f"{written}-{n}" for n in range(BATCH)]
                full.write([document(name) for name in names])
                written += 1
        assert full.count() == BATCH * written > 0
        full.close()
    engine = open_engine(url)
    assert [one.error for one in engine.write([document(name) for name in names])] == [None] * BATCH
    assert engine.count() == BATCH * (written + 1)
    engine.close()
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def killed_writer(url: str, first: int, batches: int, after_seconds: float) -> set[int]:
    """The batches that a writer said were done before it was killed inside another.

    Kills so long after the beginning of the batch that follows ``batches`` whole ones.
    """
    command = [sys.executable, "-c", WRITER, url, str(first)]
    done = set()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            word, batch = line.split()
            if word == "done":
                done.add(int(batch))
            elif len(done) == batches:
                break
        time.sleep(after_seconds)
        process.kill()
        for line in process.stdout:
            if line.startswith("done") and line.endswith("\n"):
                done.add(int(line.split()[1]))
    assert process.returncode == -9
    return done


def test_threads_read_while_others_write(engine: Engine) -> None:
    documents = random_documents(seed=1, count=300)
    engine.write(documents)

    def work(n: int) -> int:
        engine.write([document(f"new-{n}-{m}", {"brand": f"brand {n}"}) for m in range(5)])
        engine.match(random_query(n, documents), 50)
        return engine.count(CandidateQuery(MODEL, filters=(TermFilter("brand", f"brand {n}"),)))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == [5] * 40
    assert engine.count() == 500


def test_processes_create_and_write_one_file(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        errors = pool.starmap(write_some, [(url, n) for n in range(6)])
    assert errors == [0] * 6
    engine = open_engine(url)
    assert engine.count() == 6 * 50
    assert engine.facets(CandidateQuery(MODEL), ["shared"]) == {"shared": [("yes", 300)]}
    engine.close()


def write_some(url: str, n: int) -> int:
    """Write five batches and count what was refused."""
    engine = open_engine(url)
    engine.prepare()
    outcomes = []
    for batch in range(5):
        keys = [f"{n}-{batch}-{m}" for m in range(10)]
        outcomes += engine.write([document(key, {"shared": "yes"}) for key in keys])
    engine.close()
    return sum(outcome.error is not None for outcome in outcomes)


def test_a_forked_process_uses_connections_of_its_own(url: str) -> None:
    # The parent is a fresh process: forking this one, with the threads of other tests, can hang.
    process = multiprocessing.get_context("spawn").Process(target=write_and_fork, args=(url,))
    process.start()
    process.join()
    assert process.exitcode == 0


def write_and_fork(url: str) -> None:
    engine = open_engine(url)
    engine.prepare()
    engine.write([document("1")])
    process = multiprocessing.get_context("fork").Process(target=write_in_child, args=(engine,))
    process.start()
    process.join()
    assert process.exitcode == 0
    engine.write([IndexDocument("1", {"price": 1.0})])
    assert engine.count() == 2
    engine.close()


def write_in_child(engine: Engine) -> None:
    assert [outcome.error for outcome in engine.write([document("2")])] == [None]


def test_unchanged_facts_and_terms_leave_no_trace_behind(engine: Engine, tmp_path: Path) -> None:
    for price in (1.0, 2.0, 2.0):
        engine.write([document("1", {"price": price, "brand": "Puma"})])
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
        entries = db.execute("SELECT field, value FROM fact ORDER BY field").fetchall()
    assert entries == [("brand", "Puma"), ("price", 2.0)]


def test_a_document_of_too_many_new_terms_leaves_no_trace(engine: Engine, tmp_path: Path) -> None:
    many = document("many", {"brand": "Puma"}, attributes=[f"size:{n}" for n in range(MAX_TERMS)])
    outcomes = engine.write([document("before"), many, document("after", attributes=["fit:slim"])])
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert str(MAX_TERMS) in (outcomes[1].error or "")
    assert engine.count() == engine.count(CandidateQuery(MODEL)) == 2
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
        assert db.execute("SELECT count(*) FROM fact").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM term").fetchone() == (2,)
