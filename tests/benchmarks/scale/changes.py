"""Change products at random while clients query, and compare every answer with a naive scan.

``python -m tests.benchmarks.scale.changes [--products 20000] [--operations 10000] [--clients 4]``

It starts an OpenSearch node of its own and stops it. The exit status is 1 if an answer was wrong,
stale or missing.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.scale.features import ROOT
from tests.benchmarks.scale.history import LAG_SECONDS, Answered, History, Judge
from tests.benchmarks.scale.server import NoExtractor
from tests.benchmarks.scale.traffic import Clients, LagProbe, Writer, ask, fill, random_question
from tests.catalogue import LENGTHS, MODEL

QUIET_QUERIES = 200


def main() -> None:
    """Run the benchmark and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.changes")
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--writers", type=int, default=2, help="each has products of its own")
    parser.add_argument("--rate", type=float, default=500.0, help="changes a second")
    parser.add_argument("--port", type=int, default=9290, help="of the node that is started")
    options = parser.parse_args()
    with node(options.port) as url, tempfile.TemporaryDirectory() as folder:
        sys.exit(1 if run(f"{url}/changes", Path(folder), options) else 0)


@contextmanager
def node(port: int) -> Iterator[str]:
    """Run a node and return its URL."""
    script = ROOT / ".ci" / "engines" / "node"
    subprocess.run([sys.executable, script, "start", "--port", str(port)], check=True)
    try:
        yield f"opensearch://127.0.0.1:{port}"
    finally:
        subprocess.run([sys.executable, script, "stop", "--port", str(port)], check=True)


def run(url: str, folder: Path, options: argparse.Namespace) -> int:
    """Return how many answers were not right."""
    engine = open_engine(url)
    engine.prepare()
    history = History(Taxonomy.load(), MODEL)
    fill(engine, history, options.products)
    search = follow(url, history.taxonomy, folder)
    probe = LagProbe(search)
    writers = [
        Writer(
            engine,
            history,
            options.products,
            (number, options.writers),
            options.rate / options.writers,
            seed=number,
            refreshed=probe.refreshed,
        )
        for number in range(options.writers)
    ]
    clients = Clients(search, options.products, options.clients)
    began = monotonic()
    with probe.running():
        clients.start()
        write(writers, options.operations)
        seconds = monotonic() - began
        clients.stop.set()
        answers = clients.join()
    sleep(LAG_SECONDS)
    chance = random.Random(9)
    quiet = [ask(search, random_question(chance, options.products)) for _ in range(QUIET_QUERIES)]
    search.close()
    search.engine.close()
    engine.close()
    done = sum((Counter(writer.counts) for writer in writers), Counter[str]())
    print(f"{sum(done.values())} changes in {seconds:.1f} s: {dict(done)}")
    print(f"longest bulk and refresh: {1000 * max(w.longest for w in writers):.0f} ms")
    print(
        f"refreshed change to columns, s: median {statistics.median(probe.seconds):.2f}, "
        f"max {max(probe.seconds):.2f}, n {len(probe.seconds)}"
    )
    judge = Judge(history)
    late = max(probe.seconds) > LAG_SECONDS
    return report(judge, "changing", answers) + report(judge, "quiet", quiet) + late


def follow(url: str, taxonomy: Taxonomy, folder: Path | None) -> VisualSearch:
    """Open a search and wait for its columns, if it has a folder for them."""
    settings = Settings(engine=url, columns=folder)
    search = VisualSearch(NoExtractor(MODEL, LENGTHS), open_engine(url), taxonomy, settings)  # type: ignore[arg-type]
    search.follow()
    while folder and search.columns and search.columns.snapshot() is None:
        sleep(0.05)
    return search


def write(writers: Sequence[Writer], operations: int) -> None:
    """Let all writers write, and wait until they have ended."""
    share = operations // len(writers)
    threads = [Thread(target=writer.run, args=(share, Event())) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def report(judge: Judge, name: str, answers: Sequence[Answered]) -> int:
    """Print the verdicts on some answers; return how many are not right."""
    counts: Counter[str] = Counter()
    for answered in answers:
        verdict, fault = judge.verdict(answered)
        counts[verdict] += 1
        if fault and counts[verdict] <= 10:
            print(f"  {verdict}: {answered.asked.request} {fault}")
    times = sorted(1000 * (one.ended - one.began) for one in answers)
    compared = sum(counts.values()) - counts["skipped"] - counts["failed"]
    print(
        f"{name}: {len(answers)} queries, {compared} answers compared, {counts['wrong']} wrong, "
        f"{counts['stale']} stale, {counts['failed']} failed; ms p50 {times[len(times) // 2]:.1f}, "
        f"p95 {times[len(times) * 95 // 100]:.1f}, longest {times[-1]:.0f}; "
        f"load {os.getloadavg()[0]:.1f}"
    )
    return counts["wrong"] + counts["stale"] + counts["failed"]


if __name__ == "__main__":
    main()
