"""Run a cluster of OpenSearch or Elasticsearch nodes on loopback, whose nodes can be killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from tests.benchmarks.scale.node import node_script

TRANSPORT = 100
"""What is added to a node's port for its transport port."""

HEAP = "256m"
MANAGERS = {
    "opensearch": ("cluster.initial_cluster_manager_nodes", "cluster_manager"),
    "elasticsearch": ("cluster.initial_master_nodes", "master"),
}
"""The setting that names the first managers, and the path that names the elected one."""


class Cluster:
    """Nodes that form one cluster.

    Args:
        ports: A port on 127.0.0.1 for each node.
        release: What they run, such as ``opensearch-3.8.0``.
    """

    def __init__(self, ports: Sequence[int], release: str) -> None:
        self._script = node_script()
        self._release = self._script.Release(*release.split("-"))
        self._first_managers, self._manager = MANAGERS[self._release.engine]
        self.ports = list(ports)
        self._cache = self._script.default_cache()
        self._nodes = {port: self._make(port) for port in self.ports}

    @property
    def hosts(self) -> str:
        """All hosts, for a URL."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start all nodes, and stop those that still run."""
        os.umask(0o022)
        self._drop_data()
        try:
            with ThreadPoolExecutor(len(self.ports)) as threads:
                list(threads.map(self.start, self.ports))
            yield
        finally:
            for node in self._nodes.values():
                node.stop()
            self._drop_data()

    def start(self, port: int) -> None:
        """Start a node, or start it again with its data."""
        self._nodes[port].start(self._data(port))

    def kill(self, port: int) -> None:
        """Kill a node with SIGKILL, by its process id; that of Elasticsearch has a launcher."""
        pid = self._nodes[port].pid()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for one in (*map(int, children), pid):
            os.kill(one, signal.SIGKILL)

    def manager(self) -> int:
        """Return the port of the elected cluster manager."""
        (row,) = self.ask(f"/_cat/{self._manager}?format=json")
        return int(row["node"].rpartition("-")[2])

    def primaries(self, index: str) -> dict[int, int]:
        """Return how many primary shards of an index each node has, by port."""
        counts = dict.fromkeys(self.ports, 0)
        for row in self.ask(f"/_cat/shards/{index}?format=json"):
            if row["prirep"] == "p":
                counts[int(row["node"].rpartition("-")[2])] += 1
        return counts

    def wait(self, status: str, nodes: int) -> float:
        """Wait for a status and a number of nodes; return the seconds that it took."""
        began = monotonic()
        path = f"/_cluster/health?wait_for_status={status}&wait_for_nodes={nodes}&timeout=5s"
        while True:
            with suppress(OSError):
                health = self.ask(path)
                if not health["timed_out"]:
                    return monotonic() - began
            if monotonic() - began > 120:
                raise TimeoutError(f"expected a {status} cluster of {nodes} nodes")
            sleep(0.1)

    def ask(self, path: str) -> Any:
        """Read JSON from the first node that answers."""
        for port in self.ports:
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer,
            ):
                return json.load(answer)
        raise OSError("no node answers")

    def _data(self, port: int) -> Path:
        data: Path = self._cache / "cluster" / str(port)
        return data

    def _drop_data(self) -> None:
        for port in self.ports:
            shutil.rmtree(self._data(port), ignore_errors=True)

    def _make(self, port: int) -> Any:
        names = ",".join(f"node-{one}" for one in self.ports)
        seeds = ",".join(f"127.0.0.1:{one + TRANSPORT}" for one in self.ports)
        settings = {
            "cluster.name": f"houndstooth-{self.ports[0]}",
            "transport.port": port + TRANSPORT,
            "discovery.seed_hosts": seeds,
            self._first_managers: names,
        }
        replaced = ("-Ediscovery.type", "-Etransport.port")

        class Member(self._script.Node):  # type: ignore[name-defined, misc]
            heap = HEAP

            def settings(self, folders: dict[str, Path]) -> list[str]:
                kept = [one for one in super().settings(folders) if not one.startswith(replaced)]
                return [*kept, *(f"-E{name}={value}" for name, value in settings.items())]

        return Member(self._cache, port, self._release)
