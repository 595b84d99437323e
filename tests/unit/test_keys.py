"""API keys: made at random, kept as hashes, known again when their file changes."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from houndstooth.commands import main
from houndstooth.mappings.errors import InvalidConfig, InvalidInput
from houndstooth.plugin.keys import KeyFile, Keys, make_key, read_records


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keys" / "keys.json"
    monkeypatch.setenv("HOUNDSTOOTH_KEYS", str(path))
    return path


def change(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000_000))


def test_a_key_is_known_again_and_kept_as_a_hash(path: Path) -> None:
    text, key = make_key(["ingest"], "stock")
    KeyFile(path).add(key)
    assert text not in path.read_text() and text.split("_", 2)[2] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keys = Keys(path)
    assert keys.find(text) == key
    assert key.allows("ingest") and not key.allows("search") and not key.allows("admin")
    other, _ = make_key(["admin"])
    wrong = f"hs_{key.key_id}_{other[-43:]}"
    for stranger in ("", other, wrong, text[:-1], f"{text}=", f"{text}\n", "ä", text.upper()):
        assert keys.find(stranger) is None


def test_admin_may_do_everything() -> None:
    _, key = make_key(["admin"])
    assert all(key.allows(scope) for scope in ("search", "ingest", "admin"))


def test_keys_differ() -> None:
    made = [make_key(["search"]) for _ in range(50)]
    assert len({text for text, _ in made}) == len({key.sha256 for _, key in made}) == 50


def test_labels_are_short_and_printable() -> None:
    for label in ("x" * 101, "a\nb"):
        with pytest.raises(InvalidInput, match="label of at most 100"):
            make_key(["search"], label)


def test_a_file_that_changes_is_read_again(path: Path) -> None:
    keys = Keys(path)
    text, key = make_key(["search"])
    assert not keys.exist and keys.find(text) is None
    KeyFile(path).add(key)
    assert keys.exist and keys.find(text) == key
    assert KeyFile(path).remove(key.key_id)
    assert keys.find(text) is None
    assert keys.exist, "revoking the last key must not open the service"
    assert Keys(path).exist
    assert not KeyFile(path).remove(key.key_id)


def test_a_file_that_breaks_or_goes_leaves_the_keys(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text, key = make_key(["search"])
    KeyFile(path).add(key)
    keys = Keys(path)
    for broken in ("{", "[]", '{"keys": [{"key_id": "1"}]}', '{"keys": [1]}', '{"other": []}'):
        change(path, broken)
        assert keys.find(text) == key
        assert "HOUNDSTOOTH_KEYS" in caplog.text
        caplog.clear()
        with pytest.raises(InvalidConfig, match="HOUNDSTOOTH_KEYS"):
            Keys(path)
    path.unlink()
    assert keys.find(text) == key and keys.exist
    assert "is gone" in caplog.text
    caplog.clear()
    assert keys.find(text) == key and not caplog.text, "it is said once"
    KeyFile(path).add(make_key(["search"])[1])
    assert keys.find(text) is None


def test_records_stand_in_the_place_of_a_file(path: Path) -> None:
    text, key = make_key(["search", "ingest"])
    [read] = read_records(key.record)
    assert (read.key_id, read.scopes, read.sha256) == (key.key_id, key.scopes, key.sha256)
    keys = Keys(path, read_records(f" {key.record}\n{make_key(['admin'])[1].record} "))
    assert keys.exist and keys.find(text) == read
    for wrong in (text, "x", f"{key.key_id}:all:{key.sha256}", f"{key.key_id}::{key.sha256}"):
        with pytest.raises(ValueError, match="expected"):
            read_records(wrong)


def test_the_command_makes_lists_and_revokes(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "list"]) == 0
    assert "no keys" in capsys.readouterr().err
    assert main(["keys", "create", "ingest", "search", "--label", "stock updates"]) == 0
    text = capsys.readouterr().out.strip()
    key = Keys(path).find(text)
    assert key and key.scopes == ("search", "ingest")
    assert main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert re.fullmatch(rf"{key.key_id}  \S+  search\+ingest  stock updates\n", listed)
    assert text not in listed and key.sha256 not in listed
    assert main(["keys", "revoke", "00000000"]) == 2
    assert main(["keys", "revoke", key.key_id]) == 0
    assert json.loads(path.read_text()) == {"keys": []}


def test_revoking_where_there_is_no_file_makes_none(path: Path) -> None:
    assert main(["keys", "revoke", "00000000"]) == 2
    assert not path.exists()


def test_the_command_writes_no_file_for_a_record(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "admin", "--record"]) == 0
    text, record = capsys.readouterr().out.split()
    assert not path.exists()
    assert Keys(path, read_records(record)).find(text)


def test_the_command_refuses_unknown_scopes_and_unusable_files(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "create", "write"]) == 2
    assert "expected search, ingest, admin; got 'write'" in capsys.readouterr().err
    assert main(["keys", "create"]) == 2
    path.parent.mkdir()
    path.write_text("{")
    for words in (["create", "admin"], ["list"], ["revoke", "00000000"]):
        assert main(["keys", *words]) == 2
        assert "HOUNDSTOOTH_KEYS" in capsys.readouterr().err
