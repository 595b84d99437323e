"""Products with older data after two feeds that came in the wrong order.

``python -m tests.benchmarks.older_feed [--sqlite 3000] [--workers 160] [--rounds 1]``

Two runs at once into one SQLite file, the older data in one of them. Then a feed to workers, of
which one is killed with batches in hand; a newer feed goes through, and the older batches come
back. Prints, of each, the products, those with older data (wrong), and those that the older feed
left alone. Uses the OpenSearch that HOUNDSTOOTH_TEST_OPENSEARCH names, else starts one.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from houndstooth.plugin.engines import open_engine
from tests.conftest import running_or_given, running_redis
from tests.integration.ingest.shop import ROOT
from tests.integration.ingest.shop import Shop as Folder
from tests.integration.ingest.shop import row as folder_row
from tests.integration.workers.shop import Shop, finish, opened, product, wait_until

INGEST = """
import sys
from houndstooth.commands import main
from tests.fakes import FakeExtractor
sys.exit(main(["ingest", *sys.argv[1:]], extractor=FakeExtractor()))
"""
OLD, NEW = 1.0, 2.0


def two_runs(folder: Path, count: int) -> tuple[int, int]:
    """Run both at once into SQLite; return how many are wrong, and how many were left alone."""
    shop = Folder(folder)
    running = []
    for price, as_of in ((OLD, "2026-01-01"), (NEW, "2026-01-02")):
        rows = [folder_row(f"p{n}", price=str(price)) for n in range(count)]
        feed = shop.write(rows, f"{as_of}.csv")
        report = folder / f"{as_of}.json"
        words = [str(feed), "--engine", shop.url, "--as-of", as_of, "--report", str(report)]
        process = subprocess.Popen(
            [sys.executable, "-c", INGEST, *words],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        running.append((process, report))
    if any(process.wait() for process, _ in running):
        sys.exit("expected both runs to end well")
    engine = open_engine(shop.url)
    stored = engine.fetch([f"p{n}" for n in range(count)])
    engine.close()
    wrong = count - sum(one.facts["price"] == NEW for one in stored)
    return wrong, int(json.loads(running[0][1].read_text())["totals"]["overtaken"])


def killed_worker(shop: Shop, count: int) -> tuple[int, int]:
    """Kill a worker with older batches in hand; return how many are wrong, and were left alone."""
    rows = [product(n) for n in range(count)]
    old = shop.write([row | {"price": f"{OLD} EUR"} for row in rows], "old.csv")
    new = shop.write([row | {"price": f"{NEW} EUR"} for row in rows], "new.csv")
    with shop.workers(TEST_SECONDS_PER_BATCH="60", TEST_REDELIVERED_AFTER="600") as [worker]:
        words = ["ingest", old, "--celery", "--no-wait", "--engine", shop.url]
        status, job_id, errors = finish(shop.command(*words))
        if status:
            sys.exit(errors)
        wait_until(shop.children)
        for process in (worker.pid, *shop.children()):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    with shop.app() as app:
        with shop.workers(TEST_REDELIVERED_AFTER="600"):
            if finish(shop.ingest(new))[0]:
                sys.exit("expected the newer feed to come in")
        with shop.workers(TEST_REDELIVERED_AFTER="1"):
            wait_until(lambda: app.jobs.get(job_id.strip()).state == "finished")
        overtaken = app.jobs.get(job_id.strip()).totals["overtaken"]
    with opened(shop.url) as engine:
        stored = engine.fetch([row["id"] for row in rows])
    return count - sum(one.facts["price"] == NEW for one in stored), overtaken


def main() -> int:
    """Run both, print, and return 1 if a product has older data."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.older_feed")
    parser.add_argument("--sqlite", type=int, default=3000, help="products of the two runs (3000)")
    parser.add_argument("--workers", type=int, default=160, help="products of the workers (160)")
    parser.add_argument("--rounds", type=int, default=1, help="times (1)")
    options = parser.parse_args()
    wrong = 0
    for _ in range(options.rounds):
        with TemporaryDirectory() as name:
            found = two_runs(Path(name), options.sqlite)
            told = f"{found[0]} wrong, {found[1]} left alone"
            print(f"two runs into SQLite: {options.sqlite} products, {told}", flush=True)
            wrong += found[0]
        with TemporaryDirectory() as name, running_or_given("opensearch") as server:
            redis, folder = Path(name) / "redis", Path(name) / "shop"
            redis.mkdir()
            folder.mkdir()
            with running_redis(redis) as broker:
                shop = Shop(folder, f"{server}/older-{uuid4().hex}", broker)
                found = killed_worker(shop, options.workers)
            told = f"{found[0]} wrong, {found[1]} left alone"
            print(f"a worker killed: {options.workers} products, {told}", flush=True)
            wrong += found[0]
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
