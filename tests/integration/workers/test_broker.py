"""A Redis that restarts, forgets everything or is full, and workers that end by themselves."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from redis import Redis

from tests.conftest import free_port, running_redis
from tests.integration.workers.shop import Shop, finish, opened, product, wait_until

PRODUCTS = 200
SLOW = {"TEST_SECONDS_PER_BATCH": "0.15"}


@contextmanager
def going(shop: Shop, done: int = 5) -> Iterator[subprocess.Popen[str]]:
    """A job that is followed, of which some batches are done."""
    feed = shop.write([product(n) for n in range(PRODUCTS)])
    command = shop.ingest(feed, "--batch", "4")
    with shop.app() as app:
        wait_until(lambda: any(app.jobs.get(job).done >= done for job in app.jobs.recent(1)))
    try:
        yield command
    finally:
        command.kill()


def assert_complete(shop: Shop, command: subprocess.Popen[str]) -> None:
    status, output, errors = finish(command, 120)
    assert status == 0, output + errors + shop.log.read_text()[-8000:]
    totals = shop.report()["totals"]
    assert totals["written"] + totals["unchanged"] == PRODUCTS
    assert totals["failed"] == totals["left_out"] == 0
    with opened(shop.url) as engine:
        assert engine.count() == PRODUCTS


@pytest.fixture
def broker(shop: Shop) -> Path:
    """The folder of a Redis of this test's own, on the shop's port from now on."""
    folder = shop.folder / "redis"
    folder.mkdir()
    shop.redis = f"redis://127.0.0.1:{free_port()}/0"
    return folder


def port_of(shop: Shop) -> int:
    return int(shop.redis.rpartition(":")[2].partition("/")[0])


@pytest.mark.parametrize("keeps", [True, False])
def test_a_redis_that_starts_anew_with_or_without_what_it_knew(
    shop: Shop, broker: Path, keeps: bool
) -> None:
    later = {**SLOW, "TEST_REDELIVERED_AFTER": "300"}
    with ExitStack() as stack:
        with running_redis(broker, port_of(shop), keeps):
            stack.enter_context(shop.workers(2, supervised=True, **later))
            command = stack.enter_context(going(shop))
        assert command.poll() is None
        [job] = [path.stem for path in (shop.folder / "jobs").glob("*.jsonl")]
        status, listed, errors = finish(shop.command("jobs", "status", job))
        assert (status, "running" in listed) == (3, True)
        assert "expected a Redis" in errors and "goes on when it is back" in errors
        stack.enter_context(running_redis(broker, port_of(shop), keeps))
        assert_complete(shop, command)


def test_a_redis_that_is_full_while_a_part_of_the_feed_is_queued(shop: Shop, broker: Path) -> None:
    part = shop.folder / "part"
    later = {**SLOW, "TEST_REDELIVERED_AFTER": "300", "TEST_WAITS_WITH_PART": str(part)}
    with (
        running_redis(broker, port_of(shop)) as url,
        Redis.from_url(url) as redis,
        shop.workers(2, supervised=True, **later),
        going(shop) as command,
    ):
        wait_until(part.exists)
        redis.config_set("maxmemory", 1)
        part.write_text("go")
        # The part cannot be given back.
        wait_until(lambda: "reject requeue=True" in shop.log.read_text())
        redis.config_set("maxmemory", 0)
        assert_complete(shop, command)
    assert "the worker ended" not in shop.log.read_text(), "it waits, as for any other outage"


def children(process: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def test_celerys_process_is_started_again_and_ends_when_asked_to(shop: Shop) -> None:
    with shop.workers(supervised=True, **SLOW) as [worker]:
        with going(shop) as command:
            [celery] = children(worker.pid)
            os.kill(celery, signal.SIGKILL)
            wait_until(lambda: children(worker.pid) not in ([], [celery]), 10)
            assert_complete(shop, command)
        worker.terminate()
        assert worker.wait(30) == 0
    assert "the worker ended with status -9; it starts again in 2 s" in shop.log.read_text()


def test_a_worker_whose_supervisor_dies_does_not_stay_behind(shop: Shop) -> None:
    with shop.workers(supervised=True) as [worker]:
        [celery] = children(worker.pid)
        worker.kill()
        wait_until(lambda: not Path(f"/proc/{celery}").exists(), 10)


def test_a_celery_option_that_is_none_ends_the_worker(shop: Shop) -> None:
    command = shop.command("worker", "--", "--no-such-option")
    status, _, errors = finish(command, 60)
    assert status == 2
    assert "--no-such-option" in errors
