"""The Celery app: when it looks for Redis again, and how it opens engines."""

from __future__ import annotations

from typing import Any

import pytest

from houndstooth.ingest.celery_app import RECONNECT_SECONDS, IngestApp
from houndstooth.mappings.errors import CatalogueNotFound, IndexReplaced
from houndstooth.mappings.shop_index import Serving
from houndstooth.plugin.config import Settings
from tests.conftest import free_port
from tests.fakes import FakeExtractor


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

    with IngestApp(Settings(), lambda *_: FakeExtractor()) as app:
        engines: Any = {"there": Index(True), "gone": Index(False)}
        app._engines = engines
        for _ in range(2):
            app.by_version("there", outage, lambda engine, _: engine.index_id())
            with pytest.raises(CatalogueNotFound):
                app.by_version("gone", outage, lambda engine, _: engine.index_id())
        assert engines["there"].asked.count("prepare") == 1
        assert "prepare" not in engines["gone"].asked


def test_a_step_is_done_again_where_another_version_comes_to_serve() -> None:
    """A deletion or a search for placeholders does not end its job."""
    serving: list[Serving | None] = [None]

    class Versioned(Index):
        embedded = False

        def serving(self) -> Serving | None:
            return serving[0]

    def outage(error: Exception) -> Any:
        raise error

    done: list[str] = []

    def work(engine: Any, model: str) -> str:
        done.append(model)
        if len(done) == 1:
            serving[0] = Serving("visual_2", "/tiny-7.json")
        if len(done) < 3:
            raise IndexReplaced("another version serves")
        return model

    def load(_: Any, settings: Settings) -> FakeExtractor:
        extractor = FakeExtractor()
        extractor.model = str(settings.encoder)
        return extractor

    with IngestApp(Settings(), load) as app:
        engines: Any = {url: Versioned(True) for url in ("url", "url?visual=visual_2")}
        app._engines = engines
        with pytest.raises(IndexReplaced):  # nothing else serves at the second attempt
            app.by_version("url", outage, work)
        assert done == ["None", "/tiny-7.json"]
        assert app.by_version("url", outage, work) == "/tiny-7.json"
