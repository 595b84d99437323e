"""Load a resampled catalogue into an index of the benchmark's node, and measure the load.

``python -m tests.benchmarks.scale.load --size 200000 [--port 9480] [--exact] [--hnsw]``

Three indexes may hold the same products: ``ours-N`` as ingest writes it, ``exact-N`` with a binary
``knn_vector`` for exact search, and ``hnsw-N`` with the same vector in a Lucene HNSW graph.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from threading import local
from typing import Any

from tqdm import tqdm

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.engines.index_mapping import product_index
from tests.benchmarks.scale.catalogue import VERSION, Catalogue, load_catalogue
from tests.benchmarks.scale.documents import Documents
from tests.benchmarks.scale.features import CACHE, PRODUCTS
from tests.benchmarks.scale.node import PORT

BULK = 2_000
"""Documents of one bulk request."""

CLIENTS = 2
SEGMENTS = 4
"""Segments after the load."""

EXACT, HNSW = "knn_exact", "knn_hnsw"
"""Fields of the rivals."""

KINDS = ("ours", "exact", "hnsw")


class Node:
    """Sends requests to the node; each thread has a connection of its own."""

    def __init__(self, port: int = PORT) -> None:
        self.port = port
        self._local = local()

    def raw(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send a request and return the answer's body.

        Raises:
            RuntimeError: The status is not 200.
        """
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=3600)
            self._local.connection = connection
        headers = {
            "Content-Type": "application/x-ndjson" if "_bulk" in path else "application/json"
        }
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data: bytes = response.read()
        if response.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {response.status} {data[:500]!r}")
        return data

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """Send JSON and return the answer's JSON."""
        return json.loads(
            self.raw(method, path, None if body is None else json.dumps(body).encode())
        )

    def has(self, index: str) -> bool:
        """Tell whether an index exists."""
        return any(row["index"] == index for row in self.json("GET", "/_cat/indices?format=json"))


@dataclass(frozen=True)
class Load:
    """What loading one index cost.

    Attributes:
        seconds: Of all bulk requests.
        merge_seconds: Of refresh and merge.
        store_bytes: Size on disk.
    """

    index: str
    products: int
    seconds: float
    merge_seconds: float
    store_bytes: int


def index_name(kind: str, catalogue: Catalogue) -> str:
    """Return the name of an index."""
    return f"{kind}-{len(catalogue)}-{catalogue.seed}-{VERSION}"


def create_index(node: Node, kind: str, name: str, bits: int) -> None:
    """Create an empty index that is not refreshed while it is loaded."""
    body = product_index()
    if kind != "ours":
        vector = HNSW if kind == "hnsw" else EXACT
        field: dict[str, Any] = {"type": "knn_vector", "dimension": bits, "data_type": "binary"}
        field["space_type"] = "hamming"
        if kind == "hnsw":
            field["method"] = {"name": "hnsw", "engine": "lucene"}
        body["settings"]["index"]["knn"] = kind == "hnsw"
        body["mappings"]["properties"][vector] = field
        body["mappings"]["_source"] = {"excludes": [vector]}
    node.json("PUT", f"/{name}", body)
    settings = {"refresh_interval": "-1", "translog.durability": "async"}
    settings["translog.flush_threshold_size"] = "2gb"
    node.json("PUT", f"/{name}/_settings", {"index": settings})


def load_index(node: Node, kind: str, catalogue: Catalogue, taxonomy: Taxonomy) -> Load:
    """Fill an index unless it is full already, and keep what that cost beside the catalogue."""
    name = index_name(kind, catalogue)
    record = catalogue.folder / f"load-{kind}.json"
    if node.has(name):
        count = node.json("GET", f"/{name}/_count")["count"]
        if count == len(catalogue) and record.exists():
            return Load(**json.loads(record.read_text(encoding="utf-8")))
        node.raw("DELETE", f"/{name}")
    create_index(node, kind, name, 8 * catalogue.codes.shape[1])
    documents = Documents(catalogue, taxonomy)
    field = {"ours": None, "exact": EXACT, "hnsw": HNSW}[kind]

    def send(body: bytes) -> None:
        answer = node.raw("POST", f"/{name}/_bulk?filter_path=errors", body)
        if b'"errors":false' not in answer:
            raise RuntimeError(f"expected no errors in a bulk request; got {answer[:500]!r}")

    started = time.perf_counter()
    pending: deque[Future[None]] = deque()
    with (
        ThreadPoolExecutor(CLIENTS) as pool,
        tqdm(total=len(catalogue), desc=name, unit=" products", mininterval=5) as progress,
    ):
        for start in range(0, len(catalogue), BULK):
            stop = min(start + BULK, len(catalogue))
            pending.append(pool.submit(send, documents.bulk(start, stop, field)))
            if len(pending) > 2 * CLIENTS:
                pending.popleft().result()
            progress.update(stop - start)
        for future in pending:
            future.result()
    seconds = time.perf_counter() - started
    node.raw("POST", f"/{name}/_refresh")
    node.raw("POST", f"/{name}/_forcemerge?max_num_segments={SEGMENTS}")
    node.json("PUT", f"/{name}/_settings", {"index": {"refresh_interval": None}})
    node.raw("POST", f"/{name}/_flush")
    node.raw("POST", f"/{name}/_refresh")
    merged = time.perf_counter() - started - seconds
    load = Load(name, len(catalogue), seconds, merged, store_bytes(node, name))
    record.write_text(json.dumps(vars(load)), encoding="utf-8")
    return load


def store_bytes(node: Node, name: str) -> int:
    """Return the size of an index on disk."""
    stats = node.json("GET", f"/{name}/_stats/store")
    return int(stats["_all"]["primaries"]["store"]["size_in_bytes"])


def main() -> None:
    """Load a catalogue."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.load")
    parser.add_argument("--size", type=int, default=10_000, help="products (%(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default: ours and exact")
    parser.add_argument("--products", type=Path, default=PRODUCTS, help="default: %(default)s")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: %(default)s")
    options = parser.parse_args()
    catalogue = load_catalogue(options.size, products=options.products, cache=options.cache)
    for kind in options.kind or ("ours", "exact"):
        load = load_index(Node(options.port), kind, catalogue, Taxonomy.load())
        rate = load.products / load.seconds
        print(
            f"{load.index}: {load.seconds:.0f} s, {rate:,.0f} products/s, merged in "
            f"{load.merge_seconds:.0f} s, {load.store_bytes / 1e6:,.0f} MB on disk"
        )


if __name__ == "__main__":
    main()
