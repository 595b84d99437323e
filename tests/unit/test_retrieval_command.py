"""``houndstooth evaluate --dataset``, with the shipped networks and an encoder by its card."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from houndstooth.commands import main
from tests.onnx_encoders import build, card_of
from tests.unit.retrieval_folders import holidays, ukbench


def test_one_command_compares_encoders_and_floats_with_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holidays(tmp_path / "data")
    (tmp_path / "data/jpg/100001.jpg").write_bytes(b"no picture")
    card_of(build(tmp_path / "tiny.onnx"), region="whole")
    words = ["evaluate", "--dataset", "holidays", "--data", str(tmp_path / "data"), "--float"]
    words += [
        "--encoder",
        str(tmp_path / "tiny-7.json"),
        "--cache",
        str(tmp_path / "cache"),
        "--json",
    ]
    assert main(words) == 0
    said = capsys.readouterr()
    title, header, *rows, note, last = said.out.splitlines()
    assert title == "holidays: 9 pictures, 1 of them left out"
    assert header.split()[:6] == ["task", "encoder", "features", "queries", "mAP", "mAP,"]
    assert [row.split()[2] for row in rows] == ["code", "float"] * 2
    assert all("tiny-7" in row for row in rows[2:]) and not any("tiny-7" in row for row in rows[:2])
    assert note.endswith("nothing right is in the gallery: 1")
    assert "left out: 100001: " in said.err and "embedding attribute-distilled" in said.err
    figures = json.loads(last)
    assert [row["queries"] for row in figures["rows"]] == [2] * 4
    assert figures["rows"][2]["figures"]["mAP"] == {"value": 1, "error": 0}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dataset", "ukbench"], "expected --data, the folder of ukbench; got none"),
        (["--data", "."], "expected --dataset with --data; got none"),
        (["--float", "--products", "x.csv"], "expected --dataset with --float; got none"),
        (["--dataset", "ukbench", "--clicks", "x"], "options for encoders; got --clicks"),
        (["--dataset", "holidays", "--data", "DATA"], "jpg/100000.jpg in .*; got full/, thumbnail"),
        (["--dataset", "ukbench", "--data", "DATA", "--encoder", "x"], "the path of its card; got"),
        (["--dataset", "lookbench"], "Invalid value for '--dataset'"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    ukbench(tmp_path)
    assert main(["evaluate", *(str(tmp_path) if w == "DATA" else w for w in words)]) == 2
    assert re.search(message, capsys.readouterr().err)
