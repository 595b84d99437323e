"""Jobs that the queue does not know are found, however full it is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
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
    assert app.queue.waiting({first, lost, last}) == {first, last}
    time.sleep(0.1)
    assert submit.bring_back(app) == [lost]
    time.sleep(0.1)
    assert submit.bring_back(app) == []
    assert app.queue.waiting({lost}) == {lost}
    with Redis.from_url(app.settings.redis) as client:
        client.flushall()
    assert submit.bring_back(app) == [first, lost, last]


def test_a_job_is_lost_whose_steps_were_given_to_a_worker_that_has_none(app: IngestApp) -> None:
    nothing, reads, is_read, waits, last = (job_of(app) for _ in range(5))
    with Redis.from_url(app.settings.redis) as client:
        for job_id in (nothing, reads, is_read, waits, last):
            client.hset("houndstooth:unacked", job_id, f"a step of {job_id}")
    app.jobs.end_feed(last, 3)
    app.jobs.wait(waits, "away")
    app.jobs.begin(reads, "batch 3")
    for job_id, step in ((reads, "read 16"), (is_read, "batch 3"), (last, "batch 2")):
        app.jobs.begin(job_id, step)
    time.sleep(0.1)
    assert submit.lost(app, app.jobs.running()) == {nothing, is_read}
    with app.jobs.attempt(last, "batch 2"):
        pass
    time.sleep(0.1)
    assert submit.bring_back(app) == [nothing, is_read, last]


def test_a_step_that_is_to_be_tried_later_is_at_hand_until_a_minute_after_its_time(
    app: IngestApp,
) -> None:
    soon, late = job_of(app), job_of(app)
    with Redis.from_url(app.settings.redis) as client:
        for job_id, seconds in ((soon, -30), (late, -90)):
            eta = datetime.fromtimestamp(time.time() + seconds, UTC).isoformat()
            client.hset("houndstooth:unacked", job_id, json.dumps([{"eta": eta}, job_id]))
    time.sleep(0.1)
    assert submit.lost(app, app.jobs.running()) == {late}


def test_a_batch_stays_at_hand_while_others_wait_for_the_engine(app: IngestApp) -> None:
    job_id = job_of(app)
    app.jobs.end_feed(job_id, 2)
    app.jobs.begin(job_id, "batch 1")
    app.jobs.wait(job_id, "away")
    app.jobs.begin(job_id, "batch 0")
    app.jobs.record(job_id, 0, [], "m")
    assert app.jobs.get(job_id).is_at_hand
    with app.jobs.attempt(job_id, "batch 1") as attempts:
        assert attempts == 1, "that of a process that waited counts for nothing"


def test_a_job_that_is_brought_back_does_not_wait_for_its_engine(app: IngestApp) -> None:
    job_id = job_of(app)
    app.jobs.wait(job_id, "away")
    app.jobs.step_aside(job_id)
    assert app.jobs.resume_if_quiet(app.jobs.get(job_id), -1)
    assert not app.jobs.get(job_id).is_at_hand


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
