"""The Celery app: when it looks for Redis again, and how it opens engines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from houndstooth.ingest.celery_app import RECONNECT_SECONDS, IngestApp
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import Outcome
from houndstooth.mappings.errors import CatalogueNotFound, IndexReplaced
from houndstooth.mappings.shop_index import Serving
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import IndexDocument, StoredState, WriteOutcome
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
    """An index that is there or not, serves versions one after another, and notes all questions."""

    embedded = False

    def __init__(self, is_there: bool, *served: Serving) -> None:
        self.is_there = is_there
        self.served = [*served]
        self.asked: list[str] = []

    def index_id(self) -> str:
        if not self.is_there:
            raise CatalogueNotFound("none")
        return "1"

    def serving(self) -> Serving | None:
        self.asked.append("serving")
        return self.served.pop(0) if self.served else None

    def stored(self, product_ids: Sequence[str]) -> dict[str, StoredState]:
        return {}

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        return []

    def __getattr__(self, name: str) -> Any:
        return lambda: self.asked.append(name)


def outage(error: Exception) -> Any:
    raise error


def test_a_process_prepares_an_index_once_and_creates_none() -> None:
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

    done: list[str] = []

    def work(engine: Any, settings: Settings) -> str:
        model = app.recent(settings).extractor.model
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


def test_a_batch_reads_once_what_serves_and_says_by_which_model_it_was_made() -> None:
    """Another version serves by the time that the batch ends."""
    url = "opensearch://127.0.0.1:9/products"
    index: Any = Index(True, Serving("visual", "/a-1.json"), Serving("visual_2", "/b-1.json"))
    request = JobRequest(Path("feed.csv"), "", url, ReadOptions(), 8)

    def load(_: Taxonomy, settings: Settings) -> Any:
        extractor = FakeExtractor()
        extractor.model = str(settings.encoder)
        return extractor

    with IngestApp(Settings(), load) as app:
        app._engines = {url: index, f"{url}?visual=visual": index}
        left_out = Outcome("1", "left_out")
        assert app.ingest(request, [left_out], outage) == ([left_out], "/a-1.json")
        assert index.asked.count("serving") == 1
        assert app.extractor(url).model == "/b-1.json"
