"""``houndstooth doctor`` on what is sound, away and tampered with."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from houndstooth.commands import main
from houndstooth.models.loading import DEFAULT_DETECTOR, DEFAULT_MODEL
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.cluster.server import TESTED
from houndstooth.plugin.keys import KeyFile, make_key
from tests.catalogue import document
from tests.conftest import free_port

Doctor = Callable[..., tuple[int, dict[str, tuple[str, str]], str]]


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Exit status, level and text by name, and all that was printed; Redis is away."""

    def run(**settings: str) -> tuple[int, dict[str, tuple[str, str]], str]:
        away = {"redis": f"redis://127.0.0.1:{free_port()}/0"}
        for name, value in (away | settings).items():
            monkeypatch.setenv(f"HOUNDSTOOTH_{name.upper()}", value)
        status = main(["doctor"])
        output = capsys.readouterr().out
        lines = [line for line in output.splitlines() if line[:4] in ("ok  ", "warn", "FAIL")]
        split = [(line[6:37].strip(), line[:4].strip(), line[39:]) for line in lines]
        return status, {name: (level, text) for name, level, text in split}, output

    return run


@pytest.fixture
def engine(tmp_path: Path) -> str:
    """A real SQLite file with two products of another model."""
    url = f"sqlite:///{tmp_path}/catalogue.db"
    with closing(open_engine(url)) as opened:
        opened.prepare()
        opened.write([document("1"), document("2")])
    return url


def test_all_is_well(doctor: Doctor, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/catalogue.db"
    with closing(open_engine(url)) as opened:
        opened.prepare()
    status, found, output = doctor(
        engine=url, image_hosts="127.0.0.1", columns=f"{tmp_path}/columns"
    )
    assert status == 0, output
    assert "FAIL" not in {level for level, _ in found.values()}
    assert found["Python"][0] == found["packages"][0] == found["taxonomy"][0] == "ok"
    for name in (DEFAULT_MODEL, DEFAULT_DETECTOR):
        assert f"{name}: SHA-256 as in its card" in output
    level, text = found["one photo"]
    assert level in ("ok", "warn") and f"s by {DEFAULT_MODEL}+{DEFAULT_DETECTOR}" in text
    assert found["engine"] == ("ok", f"{url} answers, and its index is there")
    assert found["products"][0] == "warn" and "houndstooth ingest FEED" in output
    assert found["columns"][0] == "ok" and found["columns"][1].startswith(f"{tmp_path}/columns, no")
    assert found["distances"] == ("ok", "by simsimd")
    assert found["Redis"][0] == "warn" and "houndstooth ingest --celery" in output
    assert found["image host 127.0.0.1"] == ("ok", "127.0.0.1: not public, and allowed")
    assert len(output.splitlines()) < 70


def test_columns_that_cannot_be_saved_or_are_not_wanted(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _, found, output = doctor(columns=f"{tmp_path}/file/columns")
    assert found["columns"][0] == "warn" and "keeps columns in its memory" in output
    _, found, _ = doctor(columns="no")
    assert found["columns"][0] == "warn" and "OpenSearch ranks by itself" in found["columns"][1]


def test_products_of_another_model_fail(doctor: Doctor, engine: str) -> None:
    status, found, _ = doctor(engine=engine)
    assert status == 1
    level, text = found["products"]
    assert level == "FAIL" and text.startswith("0 by attribute-") and ", 2 by others" in text


@pytest.mark.parametrize("kind", ["sqlite", "opensearch", "elasticsearch"])
def test_a_catalogue_that_is_not_there_yet_is_no_failure(
    doctor: Doctor, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/none.db"
    if kind != "sqlite":
        url = f"{request.getfixturevalue(f'{kind}_url')}/houndstooth-none"
    status, found, output = doctor(engine=url)
    assert (status, found["engine"][0]) == (0, "warn"), output
    assert "houndstooth ingest FEED makes it" in output
    assert not list(tmp_path.iterdir())


def test_an_engine_that_is_away(doctor: Doctor) -> None:
    port = free_port()
    url = f"elasticsearch://127.0.0.1:{port}/products"
    status, found, output = doctor(engine=url, engine_user="me", engine_password="secret")
    assert (status, found["engine"][0]) == (1, "FAIL")
    assert f"127.0.0.1:{port}" in found["engine"][1] and "server" not in found
    assert found["HOUNDSTOOTH_ENGINE_PASSWORD"] == ("ok", "set, not shown")
    assert "secret" not in output


@pytest.mark.parametrize("kind", ["opensearch", "elasticsearch"])
def test_a_server_is_named(
    doctor: Doctor, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{request.getfixturevalue(f'{kind}_url')}/houndstooth-none"
    level, text = doctor(engine=url)[1]["server"]
    product, _, version = text.partition(";")[0].partition(" ")
    assert product.lower() == kind and version[0].isdecimal()
    monkeypatch.setitem(TESTED, product, (version.rpartition(".")[0], "0.1"))
    assert doctor(engine=url)[1]["server"] == ("ok", f"{product} {version}")
    monkeypatch.setitem(TESTED, product, ("0.1", version[:-1]))
    level, text = doctor(engine=url)[1]["server"]
    assert level == "warn" and text.startswith(f"{product} {version}; tested are 0.1 and ")
    other = {"opensearch": "elasticsearch", "elasticsearch": "opensearch"}[kind]
    _, found, output = doctor(engine=url.replace(kind, other, 1))
    assert found["server"][0] == "warn" and found["server"][1].startswith(f"{product} {version}, ")
    assert f"Begin HOUNDSTOOTH_ENGINE with {kind}:// or, with TLS, {kind}s://" in output


def test_a_tampered_network(doctor: Doctor, tmp_path: Path, engine: str) -> None:
    for path in WEIGHTS.glob(f"{DEFAULT_MODEL}*"):
        shutil.copy(path, tmp_path)
    model = str(tmp_path / f"{DEFAULT_MODEL}.json")
    assert doctor(engine=engine, model=model)[1]["one photo"][0] in ("ok", "warn")
    with (tmp_path / f"{DEFAULT_MODEL}.onnx").open("ab") as stream:
        stream.write(b"one more")
    status, found, output = doctor(engine=engine, model=model)
    assert status == 1
    assert (
        f"FAIL  network                          expected {DEFAULT_MODEL}.onnx with the SHA-256"
        in output
    )
    assert "Install Houndstooth anew, or correct HOUNDSTOOTH_MODEL" in output
    assert "one photo" not in found
    assert f"{DEFAULT_DETECTOR}: SHA-256 as in its card" in output
    (tmp_path / f"{DEFAULT_MODEL}.json").write_text(json.dumps({"name": "mine"}))
    assert doctor(engine=engine, model=model)[0] == 1


def test_settings_that_make_no_sense(doctor: Doctor) -> None:
    status, found, output = doctor(candidates="many", engine="opensearch://u:secret@h/i")
    assert status == 1
    assert found["HOUNDSTOOTH_CANDIDATES"][0] == "FAIL"
    assert "Correct or unset HOUNDSTOOTH_CANDIDATES" in output
    assert found["HOUNDSTOOTH_ENGINE"] == ("ok", "opensearch://…@h/i")
    assert found["HOUNDSTOOTH_ENGINE_API_KEY"] == ("ok", "none (default)")
    assert found["HOUNDSTOOTH_VARIANT_FIELD"] == ("ok", "group (default)")
    assert "secret" not in output
    status, found, output = doctor(engine="opensearch://u:secret@h/i", candidates="10")
    assert found["engine"][0] == "FAIL" and "HOUNDSTOOTH_ENGINE_PASSWORD" in found["engine"][1]
    assert "secret" not in output
    status, found, output = doctor(engine="opensearch://h/i", engine_api_key="secret: 1")
    assert status == 1 and found["HOUNDSTOOTH_ENGINE_API_KEY"][0] == "FAIL"
    assert "secret" not in output


def test_variables_that_are_no_settings(
    doctor: Doctor, engine: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HOUNDSTOOTH_ENGIN", engine)
    found = doctor(engine=engine)[1]
    assert found["HOUNDSTOOTH_ENGIN"] == ("warn", "is no setting; did you mean HOUNDSTOOTH_ENGINE?")
    ours = [one for one in caplog.records if one.name.startswith("houndstooth")]
    assert not ours  # once is enough


def test_api_keys(doctor: Doctor, engine: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    _, found, _ = doctor(engine=engine, keys=str(path))
    assert found["API keys"][0] == "ok" and "nobody writes" in found["API keys"][1]
    assert doctor(engine=engine, search_keys="yes")[1]["API keys"][0] == "FAIL"
    text, key = make_key(["ingest"])
    other = make_key(["search"])[1]
    KeyFile(path).add(key)
    _, found, output = doctor(engine=engine, key_records=other.record, proxies="10.0.0.0/8, ::1")
    assert found["API keys"] == ("ok", f"{other.key_id} (search), {key.key_id} (ingest)")
    assert found["HOUNDSTOOTH_PROXIES"][1] == "10.0.0.0/8, ::1/128"
    assert text not in output and key.sha256 not in output and other.sha256 not in output
    path.write_text("{")
    assert doctor(engine=engine)[1]["API keys"][0] == "FAIL"


def test_an_image_host_without_an_address(doctor: Doctor, engine: str) -> None:
    status, found, _ = doctor(engine=engine, image_hosts="images.invalid")
    assert (status, found["image host images.invalid"][0]) == (1, "FAIL")


def test_a_file_of_an_older_version_is_said(doctor: Doctor, engine: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
        db.execute("PRAGMA user_version = 0")
    _, found, _ = doctor(engine=engine)
    assert "was made by an older version of Houndstooth" in found["engine"][1]


def test_redis_and_a_worker_less_queue(doctor: Doctor, engine: str, redis_url: str) -> None:
    _, found, output = doctor(engine=engine, redis=redis_url)
    assert found["Redis"] == ("ok", f"{redis_url} answers")
    assert found["workers"] == ("warn", "0 answer")
    assert "houndstooth worker" in output
