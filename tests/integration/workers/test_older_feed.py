"""A worker dies with a batch of an older feed in hand, and a newer feed goes through meanwhile."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from tests.integration.workers.shop import Shop, finish, opened, product, wait_until

PRODUCTS = 64


def test_an_older_batch_that_comes_back_leaves_newer_prices_alone(shop: Shop) -> None:
    rows = [product(n) for n in range(PRODUCTS)]
    old = shop.write([row | {"price": "1 EUR"} for row in rows], "old.csv")
    new = shop.write([row | {"price": "2 EUR"} for row in rows], "new.csv")
    words = ["ingest", old, "--celery", "--no-wait", "--engine", shop.url]
    with shop.workers(TEST_SECONDS_PER_BATCH="60", TEST_REDELIVERED_AFTER="600") as [worker]:
        status, output, _ = finish(shop.command(*words))
        assert status == 0
        wait_until(shop.children)
        for process in (worker.pid, *shop.children()):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    jobs = shop.app().jobs
    with shop.workers(TEST_REDELIVERED_AFTER="600"):
        assert finish(shop.ingest(new))[0] == 0
    with shop.workers(TEST_REDELIVERED_AFTER="1"):
        wait_until(lambda: jobs.get(output.strip()).state == "finished")
    with opened(shop.url) as engine:
        stored = engine.fetch([row["id"] for row in rows])
    assert [one.facts["price"] for one in stored] == [2.0] * PRODUCTS
    older = jobs.get(output.strip()).totals
    assert older["overtaken"] > 0 and sum(older.values()) == PRODUCTS
