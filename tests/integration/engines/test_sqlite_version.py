"""A SQLite file that another version of Houndstooth made is refused in words."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from houndstooth.commands import main
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.sqlite_file import VERSION
from tests.catalogue import document
from tests.integration.engines.helpers import found

# The columns of 0.1.0's beginnings, which wrote no version into the file.
OLDER = """
CREATE TABLE product (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, facts TEXT NOT NULL, visual TEXT NOT NULL);
CREATE TABLE candidate (
    product INTEGER PRIMARY KEY, id TEXT NOT NULL, model TEXT NOT NULL, category TEXT NOT NULL,
    great_category TEXT NOT NULL, source_hash TEXT NOT NULL, bits0 INTEGER NOT NULL,
    code BLOB NOT NULL, colour BLOB NOT NULL);
"""


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def older(tmp_path: Path) -> Path:
    path = tmp_path / "older.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(OLDER)
    return path


def every_way(engine: Engine) -> None:
    actions = (
        engine.prepare,
        engine.ping,
        engine.count,
        lambda: found(engine),
        lambda: engine.fetch(["1"]),
        lambda: engine.write([document("1")]),
        lambda: engine.delete(["1"]),
    )
    for act in actions:
        with pytest.raises(EngineUnavailable, match="version of Houndstooth") as caught:
            act()
        assert "delete it (or name another file) and give the feed again" in str(caught.value)


def test_an_older_file_is_refused_and_left_as_it_is(older: Path) -> None:
    before = older.read_bytes()
    with closing(open_engine(f"sqlite:///{older}")) as engine:
        every_way(engine)
    assert older.read_bytes() == before


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    with closing(open_engine(f"sqlite:///{path}")) as engine:
        engine.prepare()
        assert version_of(path) == VERSION
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with closing(open_engine(f"sqlite:///{path}")) as engine:
        with pytest.raises(EngineUnavailable, match="by a newer version"):
            engine.ping()
        every_way(engine)


def test_the_command_says_so(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    feed = older.with_name("feed.csv")
    feed.write_text("id,title,image\n1,Shirt,1.png\n")
    assert main(["ingest", str(feed), "--engine", f"sqlite:///{older}"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "older.db was made by an older version of Houndstooth" in line


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE note (text TEXT)")
    before = path.read_bytes()
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(EngineUnavailable, match="got one of another program"):
        engine.prepare()
    engine.close()
    assert path.read_bytes() == before


def test_a_file_that_is_not_there_says_what_makes_it(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(EngineUnavailable, match="there is none yet; make it with: houndstooth ing"):
        engine.count()
    engine.close()
