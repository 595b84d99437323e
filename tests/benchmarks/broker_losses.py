"""Products lost, doubled or wrong when the workers' Redis is lost again and again during a job.

``python -m tests.benchmarks.broker_losses [--losses N] [--products N] [--down SECONDS]``

In full: ``--losses 23 --products 10000 --down 60 --seconds 3600``. Redis is killed and comes back
with what it knew, comes back empty, or is full for a while, in turns. Two workers run as people
start them, with an extractor without networks. Prints how long it took each time until the next
batch was done, and at the end what is in the index. Uses the OpenSearch that
HOUNDSTOOTH_TEST_OPENSEARCH names, else starts one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

from redis import Redis

from houndstooth.ingest.job import Job
from tests.conftest import free_port, running_or_given, running_redis
from tests.integration.workers.shop import Shop, opened, product

KINDS = ("remembers", "forgets", "is full")


class Broker:
    """A Redis that can be lost, and comes back."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.running = ExitStack()

    def start(self) -> None:
        """Start it with what is in its folder."""
        self.running.enter_context(running_redis(self.folder, self.port, keeps=True))

    def lose(self, kind: str, seconds: float) -> None:
        """Lose it for a time."""
        with Redis(port=self.port) as client:
            if kind == "is full":
                client.config_set("maxmemory", 1)
                time.sleep(seconds)
                client.config_set("maxmemory", 0)
                return
            os.kill(client.info("server")["process_id"], signal.SIGKILL)
        self.running.close()
        time.sleep(seconds)
        if kind == "forgets":
            shutil.rmtree(self.folder)
            self.folder.mkdir()
        self.start()


def begin_job(shop: Shop, products: int, deadline: float) -> Job:
    """Give a feed to the workers; return its job when the first batch is recorded."""
    feed = shop.write([product(n) for n in range(products)])
    command = shop.command("ingest", feed, "--celery", "--no-wait", "--engine", shop.url)
    output, errors = command.communicate(timeout=300)
    if command.returncode:
        raise SystemExit(errors)
    return wait_for_batch(shop, output.strip(), deadline)


def wait_for_batch(shop: Shop, job_id: str, deadline: float) -> Job:
    """Return the job when its next batch is recorded, or it ends."""
    with shop.app() as app:
        job = before = app.jobs.get(job_id)
        while job.state == "running" and job.done == before.done:
            if time.monotonic() > deadline:
                raise SystemExit(f"expected a batch to be done by now; got {job}")
            time.sleep(0.05)
            job = app.jobs.get(job_id)
    return job


def faults(shop: Shop, job: Job, products: int) -> dict[str, int]:
    """Count products that are lost, doubled or wrong in the index and in the job's counts."""
    expected = {row["id"]: row["price"] for row in map(product, range(products))}
    with opened(shop.url) as engine:
        engine.refresh()
        found = {one.product_id: one for one in engine.fetch(list(expected))}
        extra = engine.count() - len(found)
    right = [
        one
        for key, one in found.items()
        if one.visual and f"{one.facts['price']:.2f} EUR" == expected[key]
    ]
    return {
        "lost": products - len(found),
        "doubled": max(extra, job.products - products, 0),
        "wrong": len(found) - len(right) + job.totals["failed"] + max(products - job.products, 0),
    }


def measure(shop: Shop, broker: Broker, arguments: argparse.Namespace) -> dict[str, int]:
    """Run one job through all losses; print each."""
    deadline = time.monotonic() + arguments.seconds
    chance = random.Random(31)
    job = begin_job(shop, arguments.products, deadline)
    job_id = job.job_id
    waits = []
    for number in range(arguments.losses):
        if job.state != "running":
            print(f"the job ended after {number} losses: give it more --products")
            break
        kind, down = KINDS[number % len(KINDS)], chance.uniform(1, arguments.down)
        if number == arguments.losses - 1:
            down = arguments.down
        broker.lose(kind, down)
        start = time.monotonic()
        job = wait_for_batch(shop, job_id, deadline)
        waits.append(time.monotonic() - start)
        print(
            f"loss {number + 1:2}: it {kind:<9} after {down:4.1f} s; the next batch "
            f"{waits[-1]:5.1f} s later, {job.products:,} products so far",
            flush=True,
        )
        time.sleep(chance.uniform(0, 3))
    while job.state == "running":
        job = wait_for_batch(shop, job_id, deadline)
    if waits:
        print(f"until the next batch: median {median(waits):.1f} s, at most {max(waits):.1f} s")
    print(f"Celery ended by itself {shop.log.read_text().count('it starts again')} times")
    return {"stopped": int(job.state != "finished"), **faults(shop, job, arguments.products)}


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.broker_losses")
    parser.add_argument("--losses", type=int, default=3, metavar="N")
    parser.add_argument("--products", type=int, default=2000, metavar="N")
    parser.add_argument(
        "--down", type=float, default=5, metavar="SECONDS", help="at most; the last loss is so long"
    )
    parser.add_argument("--seconds", type=float, default=300, help="give up after so long")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(running_or_given("opensearch"))
        (folder / "redis").mkdir()
        broker = Broker(folder / "redis")
        broker.start()
        stack.callback(broker.running.close)
        shop = Shop(folder, f"{server}/losses-{uuid4().hex}", f"redis://127.0.0.1:{broker.port}/0")
        settings = {"TEST_SECONDS_PER_BATCH": "0.2", "TEST_REDELIVERED_AFTER": "30"}
        stack.enter_context(shop.workers(2, supervised=True, **settings))
        found = measure(shop, broker, arguments)
    print(f"{arguments.products:,} products: " + ", ".join(f"{n} {k}" for k, n in found.items()))
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
