"""The command line itself: help that suffices, statuses, and starting without what is heavy."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from houndstooth.commands import COMMANDS, main
from houndstooth.ingest.pipeline import BATCH
from houndstooth.mappings.search import MAX_HITS
from houndstooth.plugin.config import Settings
from houndstooth.web.serving.limits import Limits

OURS = (
    *("demo", "ingest", "attach", "detach", "migrate", "remove"),
    *("search", "duplicates", "serve", "worker", "jobs", "doctor", "encoder", "completion"),
)
HEAVY = ("numpy", "onnxruntime", "celery", "flask", "redis", "torch")


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words, "--help"]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "words",
    [[name] for name in OURS if name not in ("jobs", "encoder", "completion")]
    + [["jobs", name] for name in ("list", "status", "failures", "cancel", "resume", "retry")]
    + [["encoder", name] for name in ("import", "fit", "check")],
    ids=" ".join,
)
def test_help_tells_statuses_and_what_every_option_is_for(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = help_of(capsys, *words)
    assert "Exit status: 0" in text
    assert words[0] in COMMANDS


def test_help_shows_the_defaults_that_hold(capsys: pytest.CaptureFixture[str]) -> None:
    ingest, search = help_of(capsys, "ingest"), help_of(capsys, "search")
    assert f"images. [default: {BATCH}]" in ingest
    assert Settings.engine in ingest and f"else {Settings.appearance_weight}]" in search
    assert f"Hits, 1 to {MAX_HITS}." in search
    serve = help_of(capsys, "serve")
    assert f"Searches at once. [default: {Limits.threads}]" in serve
    assert f"503 at once. [default: {Limits.queue}]" in serve


@pytest.mark.parametrize("name", OURS)
def test_help_loads_nothing_heavy(name: str) -> None:
    code = (
        "import sys; from houndstooth.commands import main; "
        f"main([{name!r}, '--help']); print(sorted({set(HEAVY)} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout.splitlines()[-1] == "[]", run.stdout + run.stderr


def test_what_is_unknown_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weave"]) == 2
    assert "No such command 'weave'" in capsys.readouterr().err
    assert main(["search", "x.jpg", "--colour", "red"]) == 2
    assert "--colour" in capsys.readouterr().err


def test_what_is_outside_the_bounds_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["worker", "--concurrency", "0"], ["demo", "--count", "none"]):
        assert main(words) == 2
        assert "expected a whole number from 1 to" in capsys.readouterr().err


def test_a_variable_that_is_no_setting_is_told_on_stderr() -> None:
    environ = {**os.environ, "HOUNDSTOOTH_CANDIDATS": "10", "HOUNDSTOOTH_ENGINE": "none"}
    for words in (["jobs", "list"], ["search", "none.jpg"], ["remove", "1"], ["serve"], ["worker"]):
        command = [sys.executable, "-m", "houndstooth", *words]
        run = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
        assert run.stderr.count("did you mean HOUNDSTOOTH_CANDIDATES?") == 1, words
        assert "CANDIDATS" not in run.stdout


def test_a_setting_that_makes_no_sense_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOUNDSTOOTH_CANDIDATES", "many")
    for words in (["ingest", "f.csv"], ["remove", "1"], ["search", "i.jpg"], ["jobs", "list"]):
        assert main(words) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("error: HOUNDSTOOTH_CANDIDATES: expected a whole number")
