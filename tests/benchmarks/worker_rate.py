"""How much faster two Celery workers are than one, and than one ingest in process.

``python -m tests.benchmarks.worker_rate --products FEED [--limit N] [--rounds N]``

In turns: (a) the ingest in process, with all processors; (b) one worker of one process and one
thread, through a Redis; (c) two such workers. All bring the same products into a fresh index of
one OpenSearch, the real networks included, and have their networks loaded and warm. No picture is
remembered from the turn before. Prints the rates after each round, and at the end the medians of
the ratios (c) to (b) and (c) to (a), with the standard error over rounds. Starts and stops its own
Redis, OpenSearch and workers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median, stdev
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

from houndstooth.ingest.batches import feed_stamp
from houndstooth.ingest.celery_app import IngestApp
from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.images import feed_images
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.pipeline import BATCH, ingest_feed, threads_per_batch
from houndstooth.ingest.products import read_feed
from houndstooth.ingest.submit import submit
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from tests.conftest import running_node, running_redis

WORKERS = ("bench0@localhost", "bench1@localhost")
QUEUE = "ingest"
WARM_UP = 4 * BATCH
TARGETS = {"two workers to one": 1.8, "two workers to in process": 0.85}


class Bench:
    """One feed, one engine's address, and the two ways to bring the one into the other."""

    def __init__(
        self, feed: Path, limit: int | None, opensearch: str, redis: str, jobs: Path
    ) -> None:
        self.feed, self.limit, self.opensearch = feed, limit, opensearch
        self.app = IngestApp(Settings(redis=redis, jobs=jobs))
        self.taxonomy = Taxonomy.load()
        self.extractor: Extractor = load_extractor(self.taxonomy, threads=threads_per_batch())
        self.indices = 0

    def fresh_index(self) -> str:
        """URL of an index that is there and empty."""
        self.indices += 1
        url = f"{self.opensearch}/worker-rate-{self.indices}"
        engine = open_engine(url)
        engine.prepare()
        engine.close()
        return url

    def in_process(self, limit: int | None) -> float:
        """Products a second."""
        engine = open_engine(self.fresh_index())
        start = perf_counter()
        with open_feed(self.feed) as feed:
            entries = islice(read_feed(feed)[1], limit)
            outcomes = [
                outcome
                for batch in ingest_feed(
                    entries,
                    extractor=self.extractor,
                    engine=engine,
                    taxonomy=self.taxonomy,
                    load_image=feed_images(self.feed.parent),
                )
                for outcome in batch
            ]
        seconds = perf_counter() - start
        engine.close()
        check_written([outcome.status for outcome in outcomes])
        return len(outcomes) / seconds

    def by_workers(self, feed: Path, count: int) -> float:
        """Products a second, from the job's beginning to its last recorded batch."""
        idle = WORKERS[count:]
        for name in idle:
            self.app.control.cancel_consumer(QUEUE, destination=[name], reply=True)
        rate = self._by_workers(feed)
        for name in idle:
            self.app.control.add_consumer(QUEUE, destination=[name], reply=True)
        return rate

    def _by_workers(self, feed: Path) -> float:
        url = self.fresh_index()
        job_id = submit(self.app, JobRequest(feed, feed_stamp(feed), url, ReadOptions(), BATCH))
        while (job := self.app.jobs.get(job_id)).state == "running":
            sleep(0.2)
        check_written([status for status, count in job.totals.items() if count])
        return job.products / job.seconds

    def limited(self, folder: Path, limit: int | None) -> Path:
        """A feed in ``folder`` of the feed's first lines and, by links, all of its images."""
        for beside in self.feed.parent.iterdir():
            if beside != self.feed:
                (folder / beside.name).symlink_to(beside)
        path = folder / self.feed.name
        with self.feed.open("rb") as whole:
            path.write_bytes(b"".join(islice(whole, None if limit is None else limit + 1)))
        return path


def check_written(statuses: Sequence[str]) -> None:
    """Only an ingest in which every product was written is a measure."""
    if not statuses or set(statuses) != {"written"}:
        raise SystemExit(f"expected every product to be written; got {sorted(set(statuses))}")


@contextmanager
def running_workers(app: str, redis: str, jobs: Path) -> Iterator[None]:
    """Two workers of one process each."""
    words = [sys.executable, "-m", "celery", "-q", "-A", app, "worker", "--concurrency", "1"]
    started = [
        subprocess.Popen(
            [*words, "--loglevel", "warning", "--hostname", name],
            env={**os.environ, "HOUNDSTOOTH_REDIS": redis, "HOUNDSTOOTH_JOBS": str(jobs)},
        )
        for name in WORKERS
    ]
    try:
        yield
    finally:
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.wait(60)


def measure(bench: Bench, rounds: int) -> dict[str, list[float]]:
    """Measure in turns and print; returns the rounds' ratios by name."""
    ratios: dict[str, list[float]] = {name: [] for name in TARGETS}
    with ExitStack() as stack:
        warm_up, feed = (
            bench.limited(Path(stack.enter_context(TemporaryDirectory())), limit)
            for limit in (WARM_UP, bench.limit)
        )
        while len(bench.app.control.ping(timeout=1.0)) < len(WORKERS):
            pass
        bench.in_process(WARM_UP)
        bench.by_workers(warm_up, len(WORKERS))
        for number in range(rounds):
            here = bench.in_process(bench.limit)
            one, two = (bench.by_workers(feed, count) for count in (1, 2))
            ratios["two workers to one"].append(two / one)
            ratios["two workers to in process"].append(two / here)
            print(
                f"round {number + 1}: in process {here:6.1f}/s   one worker {one:6.1f}/s   "
                f"two workers {two:6.1f}/s   ratios {two / one:.3f}, {two / here:.3f}",
                flush=True,
            )
    return ratios


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.worker_rate")
    parser.add_argument("--products", type=Path, required=True, metavar="FEED")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N lines only")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument(
        "--app", default="tests.benchmarks.forgetful_workers", help="the workers' Celery app"
    )
    arguments = parser.parse_args()
    feed = arguments.products.absolute()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        opensearch = stack.enter_context(running_node())
        redis = stack.enter_context(running_redis(folder))
        stack.enter_context(running_workers(arguments.app, redis, folder))
        ratios = measure(Bench(feed, arguments.limit, opensearch, redis, folder), arguments.rounds)
    met = True
    for name, values in ratios.items():
        error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
        print(f"{name}: median {median(values):.3f} ± {error:.3f}, target {TARGETS[name]}")
        met = met and median(values) + error >= TARGETS[name]
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
