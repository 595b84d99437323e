"""Jobs that the queue does not know are found, however full it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from houndstooth.ingest import submit
from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.options import ReadOptions
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from tests.conftest import free_port


@pytest.fixture
def app(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[IngestApp]:
    monkeypatch.setattr(submit, "LOST_SECONDS", 0.05)
    monkeypatch.setattr(submit, "ASIDE_SECONDS", 0.05)
    with Redis.from_url(redis_url) as client:
        client.flushall()
    with IngestApp(Settings(redis=redis_url, jobs=tmp_path / "jobs")) as opened:
        yield opened


def job_of(app: IngestApp, engine: str = "opensearch://127.0.0.1:9/x", queued: int = 0) -> str:
    request = JobRequest(Path("/feeds/feed.csv"), "1", engine, ReadOptions(), 8, patience=60)
    job_id = app.jobs.create(request)
    for number in range(queued):
        app.send_task("ingest.batch", (job_id, number, "[]" * 500))
    return job_id


def test_a_lost_job_comes_back_while_others_fill_the_queue(app: IngestApp) -> None:
    first, lost, last = job_of(app, queued=250), job_of(app), job_of(app, queued=1)
    assert app.queue.jobs({first, lost, last}) == {first, last}
    time.sleep(0.1)
    assert submit.bring_back(app) == [lost]
    time.sleep(0.1)
    assert submit.bring_back(app) == []
    assert app.queue.jobs({lost}) == {lost}
    with Redis.from_url(app.settings.redis) as client:
        client.flushall()
    assert submit.bring_back(app) == [first, lost, last]


def test_a_job_that_stepped_aside_comes_back_with_its_engine(
    app: IngestApp, tmp_path: Path
) -> None:
    away = job_of(app, f"opensearch://127.0.0.1:{free_port()}/x")
    answers = job_of(app, f"sqlite:///{tmp_path}/no.db")
    for job_id in (away, answers):
        app.jobs.wait(job_id, "away")
        app.jobs.step_aside(job_id)
    time.sleep(0.1)
    assert submit.bring_back(app) == []
    engine = open_engine(f"sqlite:///{tmp_path}/no.db")
    engine.prepare()
    engine.close()
    assert submit.bring_back(app) == [answers]
    assert app.jobs.get(away).is_aside and not app.jobs.get(answers).is_aside


def test_a_job_whose_engine_stays_away_ends(
    app: IngestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = job_of(app, f"opensearch://127.0.0.1:{free_port()}/x")
    app.jobs.wait(away, "away")
    app.jobs.step_aside(away)
    time.sleep(0.1)
    now = time.time()
    monkeypatch.setattr(submit.time, "time", lambda: now + 61)
    assert submit.bring_back(app) == []
    job = app.jobs.get(away)
    assert job.state == "stopped" and "it was waited for 60 s" in (job.stopped or "")
