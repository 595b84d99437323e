"""Jobs whose engine goes away: they wait with their batches in hand, and let others pass."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from houndstooth.ingest.job import Job
from tests.engine_proxy import EngineProxy, engine_proxy
from tests.integration.engines.helpers import client
from tests.integration.workers.shop import Shop, finish, opened, product, wait_until

PRODUCTS = 80
AWAY_SECONDS = 14.0
LIMITS = {"TEST_BATCH_LIMIT": "6", "TEST_REDELIVERED_AFTER": "8"}
"""Shorter than the engine is away."""


@pytest.fixture
def proxy(shop: Shop) -> Iterator[EngineProxy]:
    with engine_proxy(shop.url) as between:
        shop.url = between.url
        yield between


def feed_of(shop: Shop, name: str = "feed.csv") -> Path:
    """Products with a picture each."""
    rows = [product(n, image=f"images/{n}.png") for n in range(PRODUCTS)]
    picture = (shop.folder / "images" / "red.png").read_bytes()
    for n in range(PRODUCTS):
        (shop.folder / "images" / f"{n}.png").write_bytes(picture + bytes([n]))
    return shop.write(rows, name)


def latest(shop: Shop) -> Job | None:
    with shop.app() as app:
        return next((app.jobs.get(job_id) for job_id in app.jobs.recent(1)), None)


def is_going(shop: Shop) -> bool:
    job = latest(shop)
    return job is not None and job.done > 2


def is_waiting(shop: Shop) -> bool:
    job = latest(shop)
    return job is not None and job.away is not None


def looks(shop: Shop) -> int:
    return len((shop.folder / "looks").read_text().splitlines())


@pytest.mark.parametrize("kind", ["away", "flood stage"])
def test_batches_stay_in_hand_and_are_recognised_once(
    shop: Shop, proxy: EngineProxy, kind: str
) -> None:
    def trouble(is_on: bool) -> None:
        if kind == "away":
            proxy.is_away = is_on
            return
        with client(f"{proxy.scheme}://{proxy.node}") as server:
            body = {"index.blocks.read_only_allow_delete": is_on or None}
            server.indices.put_settings(index=proxy.index, body=body)

    settings = {"TEST_LOOKS": str(shop.folder / "looks"), "TEST_SECONDS_PER_BATCH": "0.1"}
    with shop.workers(1, concurrency=2, **settings, **LIMITS):
        command = shop.ingest(feed_of(shop), "--batch", "4")
        wait_until(lambda: is_going(shop), 120)
        trouble(True)
        wait_until(lambda: is_waiting(shop), 120)
        job = latest(shop)
        assert job is not None
        status, _, errors = finish(shop.command("jobs", "status", job.job_id))
        assert status == 3 and "it waits for its engine, until" in errors
        time.sleep(AWAY_SECONDS)
        trouble(False)
        status, output, errors = finish(command, 120)
    log = shop.log.read_text()
    assert status == 0, output + errors + log[-8000:]
    assert shop.report()["totals"]["written"] == PRODUCTS
    assert looks(shop) == PRODUCTS
    assert "Timeout (0:00:06)!" not in log
    job = latest(shop)
    assert job is not None and job.away is None and job.state == "finished"


def test_a_job_of_another_engine_goes_on_meanwhile(
    shop: Shop, proxy: EngineProxy, opensearch_url: str
) -> None:
    other = Shop.__new__(Shop)
    other.__dict__ = {**shop.__dict__, "url": f"{opensearch_url}/other-{uuid4().hex}"}
    with shop.workers(1, supervised=True, TEST_SECONDS_PER_BATCH="0.1"):
        first = shop.ingest(feed_of(shop), "--batch", "4")
        wait_until(lambda: is_going(shop), 120)
        proxy.is_away = True
        wait_until(lambda: is_waiting(shop), 120)
        second = other.ingest(feed_of(shop, "other.csv"), "--batch", "4", report="other.json")
        status, output, errors = finish(second, 120)
        assert status == 0, output + errors + shop.log.read_text()[-8000:]
        assert first.poll() is None
        proxy.is_away = False
        status, output, errors = finish(first, 120)
    assert status == 0, output + errors + shop.log.read_text()[-8000:]
    for url in (f"{opensearch_url}/{proxy.index}", other.url):
        with opened(url) as engine:
            assert engine.count() == PRODUCTS


def test_a_worker_that_waits_ends_when_asked_to_and_counts_no_death(
    shop: Shop, proxy: EngineProxy
) -> None:
    feed = feed_of(shop)
    settings = {"TEST_SECONDS_PER_BATCH": "0.1", **LIMITS}
    with shop.workers(1, supervised=True, **settings):
        command = shop.ingest(feed, "--batch", "4")
        wait_until(lambda: is_going(shop), 120)
        proxy.is_away = True
        wait_until(lambda: is_waiting(shop), 120)
    for number in range(3):
        shop.log.write_text("")
        with shop.workers(1, supervised=True, **settings) as [worker]:
            wait_until(lambda: "waits for its engine" in shop.log.read_text(), 120)
            start = time.monotonic()
            if number == 1:
                worker.kill()
            else:
                worker.terminate()
            worker.wait(30)
            assert time.monotonic() - start < 15
    proxy.is_away = False
    with shop.workers(1, supervised=True, **settings):
        status, output, errors = finish(command, 120)
    assert status == 0, output + errors + shop.log.read_text()[-8000:]
    assert "worker died" not in output
