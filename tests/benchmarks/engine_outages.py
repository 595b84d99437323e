"""Products lost, doubled or wrong when the engine goes away during a job.

``python -m tests.benchmarks.engine_outages [--products N] [--away SECONDS …] [--blocked SECONDS]``

In full: ``--products 10000 --away 300``. The engine cannot be reached, for each of the given times
in turn; then its index takes no writes for a while, as on a full disk. Two workers run as people
start them, with an extractor without networks. Prints how long it took each time until the next
batch was done, how many images were recognised, and at the end what is in the index. Uses the
OpenSearch that HOUNDSTOOTH_TEST_OPENSEARCH names, else starts one; the workers reach it by a proxy
of this command, which cuts all connections meanwhile.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from tests.benchmarks.broker_losses import begin_job, faults, wait_for_batch
from tests.conftest import running_or_given, running_redis
from tests.engine_proxy import EngineProxy, engine_proxy
from tests.integration.engines.helpers import client
from tests.integration.workers.shop import Shop

Switch = Callable[[bool], None]
"""Begins or ends a trouble of the engine."""


def block(proxy: EngineProxy, is_on: bool) -> None:
    """Let the index take no writes, or take them again."""
    with client(f"{proxy.scheme}://{proxy.node}") as server:
        body = {"index.blocks.read_only_allow_delete": is_on or None}
        server.indices.put_settings(index=proxy.index, body=body)


def measure(shop: Shop, proxy: EngineProxy, arguments: argparse.Namespace) -> dict[str, int]:
    """Run one job through all outages; print each."""
    deadline = time.monotonic() + arguments.seconds
    job = begin_job(shop, arguments.products, deadline)
    job_id = job.job_id
    troubles: list[tuple[str, Switch, float]] = [
        ("away", lambda is_on: setattr(proxy, "is_away", is_on), seconds)
        for seconds in arguments.away
    ]
    if arguments.blocked:
        troubles.append(("blocked", lambda is_on: block(proxy, is_on), arguments.blocked))
    for name, switch, seconds in troubles:
        for _ in range(20):
            job = wait_for_batch(shop, job_id, deadline)
        switch(True)
        time.sleep(seconds)
        with shop.app() as app:
            before = app.jobs.get(job_id)
        switch(False)
        start = time.monotonic()
        job = wait_for_batch(shop, job_id, deadline)
        print(
            f"{name} for {seconds:.0f} s ({before.away or 'not noticed'}); the next batch "
            f"{time.monotonic() - start:.1f} s later, {job.products:,} products so far",
            flush=True,
        )
    while job.state == "running":
        job = wait_for_batch(shop, job_id, deadline)
    return {"stopped": int(job.state != "finished"), **faults(shop, job, arguments.products)}


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.engine_outages")
    parser.add_argument("--products", type=int, default=2000, metavar="N")
    parser.add_argument("--away", type=float, nargs="*", default=[10, 30], metavar="SECONDS")
    parser.add_argument("--blocked", type=float, default=10, metavar="SECONDS")
    parser.add_argument("--seconds", type=float, default=1800, help="give up after so long")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(running_or_given("opensearch"))
        (folder / "redis").mkdir()
        redis = stack.enter_context(running_redis(folder / "redis"))
        proxy = stack.enter_context(engine_proxy(f"{server}/outages-{uuid4().hex}"))
        shop = Shop(folder, proxy.url, redis)
        looks = folder / "looks"
        settings = {"TEST_SECONDS_PER_BATCH": "0.1", "TEST_REDELIVERED_AFTER": "60"}
        stack.enter_context(shop.workers(2, supervised=True, TEST_LOOKS=str(looks), **settings))
        found = measure(shop, proxy, arguments)
        recognised = len(looks.read_text().splitlines())
        with client(server) as connection:
            connection.indices.delete(index=proxy.index)
    print(f"{recognised:,} images recognised")
    print(f"{arguments.products:,} products: " + ", ".join(f"{n} {k}" for k, n in found.items()))
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
