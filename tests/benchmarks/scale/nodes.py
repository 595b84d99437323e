"""Kill a node of three while clients query, and compare every answer with a naive scan.

``python -m tests.benchmarks.scale.nodes [--release opensearch-3.8.0] [--queries 2000]``

The index has three shards and one replica. Streams of queries, each with one node killed in the
middle, which starts again before the next stream. The URL names all nodes, except in the fourth:

1. the elected cluster manager; the columns rank
2. another node, while products change; the columns rank
3. another node; the engine ranks alone, where only failures count
4. the only node that the URL names; the columns rank

The exit status is 1 if an answer was wrong, stale or missing.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

from opensearchpy import OpenSearch

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.engines.index_mapping import product_index
from houndstooth.plugin.service import VisualSearch
from tests.benchmarks.scale.changes import QUIET_QUERIES, follow, report
from tests.benchmarks.scale.cluster import Cluster
from tests.benchmarks.scale.history import LAG_SECONDS, Answered, History, Judge
from tests.benchmarks.scale.traffic import Clients, LagProbe, Writer, ask, fill, random_question
from tests.catalogue import MODEL
from tests.conftest import RELEASES

INDEX = "nodes"


def main() -> None:
    """Run the benchmark and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.nodes")
    parser.add_argument("--release", default=RELEASES["opensearch"], help="default: %(default)s")
    parser.add_argument("--queries", type=int, default=2_000, help="of each stream")
    parser.add_argument("--products", type=int, default=6_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--rate", type=float, default=100.0, help="changes a second in stream 2")
    parser.add_argument("--port", type=int, default=9291, help="of the first node of three")
    parser.add_argument("--streams", default="1,2,3,4")
    options = parser.parse_args()
    cluster = Cluster(range(options.port, options.port + 3), options.release)
    with cluster.running(), tempfile.TemporaryDirectory() as folder:
        cluster.wait("green", 3)
        sys.exit(1 if Run(cluster, Path(folder), options).streams() else 0)


class Run:
    """One run of the benchmark.

    Args:
        cluster: Three nodes.
        folder: Folder for the columns.
        options: See ``main``.
    """

    def __init__(self, cluster: Cluster, folder: Path, options: argparse.Namespace) -> None:
        self.cluster, self._folder, self._options = cluster, folder, options
        self._history = History(Taxonomy.load(), MODEL)
        self._scheme = options.release.partition("-")[0]
        self._url = f"{self._scheme}://{cluster.hosts}/{INDEX}"

    def streams(self) -> int:
        """Run the streams that were chosen; return how many answers were not right."""
        body = product_index()
        body["settings"]["index"] = {"number_of_shards": 3, "number_of_replicas": 1}
        with OpenSearch(f"http://127.0.0.1:{self.cluster.ports[0]}") as client:
            client.indices.create(index=INDEX, body=body)
        engine = open_engine(self._url)
        engine.prepare()
        fill(engine, self._history, self._options.products)
        self.cluster.wait("green", 3)
        print(f"primaries by port: {self.cluster.primaries(INDEX)}")
        faults = 0
        for stream in self._options.streams.split(","):
            run = {"1": self._quiet, "2": self._changing, "3": self._alone, "4": self._named}
            faults += run[stream](engine)
        engine.close()
        return faults

    def _quiet(self, engine: Engine) -> int:
        search = follow(self._url, self._history.taxonomy, self._folder)
        answers = self._stream(search, self.cluster.manager())
        close(search)
        return report(Judge(self._history), "manager killed", answers)

    def _changing(self, engine: Engine) -> int:
        search = follow(self._url, self._history.taxonomy, self._folder)
        probe = LagProbe(search)
        writer = Writer(
            engine,
            self._history,
            self._options.products,
            rate=self._options.rate,
            refreshed=probe.refreshed,
        )
        stop = Event()
        thread = Thread(target=writer.run, args=(10**9, stop))
        with probe.running():
            thread.start()
            answers = self._stream(search, self._other())
            stop.set()
            thread.join()
        sleep(LAG_SECONDS)
        chance = random.Random(9)
        products = self._options.products
        quiet = [ask(search, random_question(chance, products)) for _ in range(QUIET_QUERIES)]
        close(search)
        print(f"{sum(writer.counts.values())} changes, {writer.counts}")
        print(f"longest bulk and refresh: {writer.longest:.1f} s")
        print(
            f"refreshed change to columns, s: median {statistics.median(probe.seconds):.2f}, "
            f"max {max(probe.seconds):.2f}, n {len(probe.seconds)}"
        )
        judge = Judge(self._history)
        faults = report(judge, "node killed while products change", answers)
        return faults + report(judge, "quiet", quiet)

    def _alone(self, engine: Engine) -> int:
        search = follow(self._url, self._history.taxonomy, None)
        answers = self._stream(search, self._other())
        close(search)
        failed = [one.error for one in answers if one.error and not missing(one)]
        times = sorted(one.ended - one.began for one in answers)
        print(f"engine alone: {len(answers)} queries, {len(failed)} failed {failed[:3]}")
        print(f"s: p50 {times[len(times) // 2]:.3f}, longest {times[-1]:.2f}")
        return len(failed)

    def _named(self, engine: Engine) -> int:
        port = self._other()
        url = f"{self._scheme}://127.0.0.1:{port}/{INDEX}"
        search = follow(url, self._history.taxonomy, self._folder)
        answers = self._stream(search, port)
        close(search)
        return report(Judge(self._history), "the only named node killed", answers)

    def _other(self) -> int:
        """Return a node with primary shards that is not the manager."""
        primaries = self.cluster.primaries(INDEX)
        del primaries[self.cluster.manager()]
        return max(primaries, key=primaries.__getitem__)

    def _stream(self, search: VisualSearch, port: int) -> Sequence[Answered]:
        """Query, kill a node in the middle, and start it again."""
        clients = Clients(
            search, self._options.products, self._options.clients, self._options.queries
        )
        began = monotonic()
        clients.start()
        wait_until(lambda: len(clients.answers) >= self._options.queries // 2)
        primaries = self.cluster.primaries(INDEX)[port]
        self.cluster.kill(port)
        print(f"node {port} with {primaries} primaries killed after {monotonic() - began:.1f} s")
        answers = clients.join()
        seconds = monotonic() - began
        print(f"{len(answers)} queries in {seconds:.1f} s, {len(answers) / seconds:.0f} a second")
        self.cluster.start(port)
        print(f"green again after {self.cluster.wait('green', 3):.1f} s")
        return answers


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    while not condition():
        sleep(0.01)


def missing(answered: Answered) -> bool:
    """Tell whether the error is that the product is not there, which is right in some queries."""
    return type(answered.error).__name__ == "ProductNotFound"


def close(search: VisualSearch) -> None:
    """End following and close the connections."""
    search.close()
    search.engine.close()


if __name__ == "__main__":
    main()
