"""The Celery app: when it looks for Redis again, and how it opens engines."""

from __future__ import annotations

from typing import Any

import pytest

from houndstooth.ingest.celery_app import RECONNECT_SECONDS, IngestApp
from houndstooth.mappings.errors import CatalogueNotFound
from houndstooth.plugin.config import Settings
from tests.conftest import free_port


class Enough(Exception):
    """Ends the attempts."""


def test_a_worker_looks_for_redis_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda _: None)
    pauses: list[float] = []

    def note(_error: Exception, pause: float) -> None:
        pauses.append(pause)
        if len(pauses) == 9:
            raise Enough

    with IngestApp(Settings(redis=f"redis://127.0.0.1:{free_port()}/0")) as app:
        retries = app.conf.broker_connection_max_retries
        with app.connection_for_read() as connection, pytest.raises(Enough):
            connection.ensure_connection(note, retries)
    assert pauses[:3] == [2, 4, RECONNECT_SECONDS]
    assert set(pauses[2:]) == {RECONNECT_SECONDS}


class Index:
    """An index that is there or not, and notes what it is asked."""

    def __init__(self, is_there: bool) -> None:
        self.is_there = is_there
        self.asked: list[str] = []

    def index_id(self) -> str:
        if not self.is_there:
            raise CatalogueNotFound("none")
        return "1"

    def __getattr__(self, name: str) -> Any:
        return lambda: self.asked.append(name)


def test_a_process_prepares_an_index_once_and_creates_none() -> None:
    def outage(error: Exception) -> Any:
        raise error

    with IngestApp(Settings()) as app:
        engines: Any = {"there": Index(True), "gone": Index(False)}
        app._engines = engines
        for _ in range(2):
            app.prepared_engine("there", outage)
            with pytest.raises(CatalogueNotFound):
                app.prepared_engine("gone", outage)
        assert engines["there"].asked.count("prepare") == 1
        assert "prepare" not in engines["gone"].asked
