"""Request ids, and the forms of log lines."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from celery.signals import after_setup_logger

from houndstooth.ingest import celery_app
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.logs import log_formatter
from houndstooth.web.observability.record import read_request_id

ROOT = Path(__file__).parents[2]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("given", "parent", "expected"),
    [
        ("shop-42", None, "shop-42"),
        (
            "Root=1-6789/a.b:c+d@e_f",
            PARENT,
            "Root=1-6789/a.b:c+d@e_f",
        ),
        ("a" * 128, PARENT, "a" * 128),
        (None, PARENT, TRACE),
        ("", PARENT, TRACE),
        ("a b", PARENT, TRACE),
    ],
)
def test_an_id_is_the_callers(given: str | None, parent: str | None, expected: str) -> None:
    assert read_request_id(given, parent) == expected


@pytest.mark.parametrize(
    "given", [None, "", "a" * 129, "a\nb", "a b", "é", '"', "<script>", "a\r\nSet-Cookie: b"]
)
@pytest.mark.parametrize(
    "parent", [None, "", TRACE, f"00-{'0' * 32}-00f067aa0ba902b7-01", "00-" * 99]
)
def test_an_unsound_id_is_replaced_by_a_new_one(given: str | None, parent: str | None) -> None:
    first, second = (read_request_id(given, parent) for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def logged(form: str) -> str:
    """What a logger writes: a warning in two lines, and an error with its exception."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log_formatter(form))
    logger = logging.Logger("houndstooth.test")
    logger.addHandler(handler)
    logger.warning("größe\nof %d", 7, extra={"request_id": "a", "stages_ms": {"decode": 1.5}})
    try:
        raise ValueError("why")
    except ValueError:
        logger.exception("failed")
    return stream.getvalue()


def test_a_log_line_in_json() -> None:
    first, second = map(json.loads, logged("json").splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00", first.pop("time"))
    assert first == {
        "level": "WARNING",
        "logger": "houndstooth.test",
        "message": "größe\nof 7",
        "request_id": "a",
        "stages_ms": {"decode": 1.5},
    }
    assert second["message"] == "failed" and "ValueError: why" in second["exc_info"]


def test_a_log_line_in_text() -> None:
    assert "WARNING houndstooth.test: größe" in logged("text")
    assert "ValueError: why" in logged("text")


@pytest.mark.parametrize(("form", "is_json"), [("json", True), ("text", False)])
def test_workers_write_their_log_as_it_is_set(
    form: str, is_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = celery_app.app.settings
    monkeypatch.setattr(celery_app.app, "settings", type(settings)(log=form))
    logger = logging.Logger("worker")
    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    after_setup_logger.send(sender=None, logger=logger)
    logger.warning("ready")
    text = handler.stream.getvalue()
    assert (json.loads(text)["message"] if is_json else text.strip()) == "ready"


def test_a_clock_tells_its_observer_of_each_part() -> None:
    parts: list[tuple[str, float, float]] = []
    clock = Clock(lambda *part: parts.append(part))
    with clock.stage("fetch"):
        pass
    with pytest.raises(KeyError), clock.stage("rerank"):
        raise KeyError
    assert [name for name, _, _ in parts] == ["fetch", "rerank"]
    for name, began, ended in parts:
        assert clock.took_ms()[name] == 1000 * (ended - began) >= 0


def test_opentelemetry_is_imported_only_where_it_is_asked_for() -> None:
    code = "import sys, houndstooth.web.app; print('opentelemetry' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stdout + run.stderr
