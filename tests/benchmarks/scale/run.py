"""Measure search on catalogues of several sizes, beside its rivals on the same node.

``python -m tests.benchmarks.scale.run --sizes 10000,200000 --out docs`` (``make bench`` calls it)

For each size: the catalogue is resampled and loaded unless that was done before, and all ways are
asked the same queries in one run, in turn. The answers are compared with an exhaustive scan. Raw
figures are written after each size, then the tables and plots.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from houndstooth.mappings.taxonomy import Taxonomy
from tests.benchmarks.scale.catalogue import FIXED_SIZES, Catalogue, load_catalogue
from tests.benchmarks.scale.features import CACHE, PRODUCTS, ROOT, RealProducts, load_products
from tests.benchmarks.scale.load import Node, load_index
from tests.benchmarks.scale.measure import one_client, several_clients
from tests.benchmarks.scale.node import PORT, BenchmarkNode
from tests.benchmarks.scale.ours import Ours
from tests.benchmarks.scale.queries import VARIANTS, queries
from tests.benchmarks.scale.reference import Reference
from tests.benchmarks.scale.report import write_report
from tests.benchmarks.scale.rivals import ExactVector, Faiss, Graph, HammingBit, Painless, Way

WAYS = ("columns", "engine", "earlier", "painless", "hammingbit", "exact", "hnsw", "faiss")
EARLIER = "f215a5a"
"""Commit of the earlier build that the present one is compared with."""


def main() -> None:
    """Measure every size and write the report."""
    options = _options()
    real, taxonomy = load_products(options.products, options.cache), Taxonomy.load()
    node = BenchmarkNode(options.port, options.heap)
    node.start()
    try:
        raw = [
            measure_size(options, real, taxonomy, node, size) for size in sorted(set(options.sizes))
        ]
    finally:
        if not options.keep_node:
            node.stop()
    write_report(raw, options.out)


def measure_size(
    options: argparse.Namespace,
    real: RealProducts,
    taxonomy: Taxonomy,
    running: BenchmarkNode,
    size: int,
) -> dict[str, Any]:
    """Measure one size; return all figures."""
    catalogue = load_catalogue(size, products=options.products, cache=options.cache)
    node = Node(options.port)
    kinds = {"ours": True, "exact": "exact" in options.ways, "hnsw": uses_graph(options, size)}
    loads = [load_index(node, kind, catalogue, taxonomy) for kind, used in kinds.items() if used]
    figures: dict[str, Any] = {
        "size": size,
        "machine": machine(),
        "heap": options.heap,
        "loads": [asdict(load) for load in loads],
        "distinct_term_sets": catalogue.distinct_term_sets(),
        "single": [],
        "several": [],
        "rates": [],
    }
    if "columns" in options.ways:
        figures["columns"] = build_columns(node, catalogue)
    reference = Reference(catalogue, taxonomy)
    with opened_ways(options, node, catalogue, size) as ways:
        figures["ready_seconds"] = {w.name: w.ready_seconds for w in ways if isinstance(w, Ours)}
        for category in options.categories or FIXED_SIZES:
            if len(catalogue.rows_of(category)) != FIXED_SIZES[category]:
                continue
            for variant in options.variants:
                wanted = queries(real, category, variant, options.queries)
                asked = [(query, reference.answer(query)) for query in wanted]
                if 1 in options.clients:
                    figures["single"] += map(asdict, one_client(ways, asked, catalogue))
                for clients in sorted({*options.clients} - {1}):
                    measured, rates = several_clients(ways, asked, catalogue, clients)
                    figures["several"] += map(asdict, measured)
                    figures["rates"] += map(asdict, rates)
                gc.collect()
        figures["resident"] = {w.name: w.resident_bytes() for w in ways if isinstance(w, Ours)}
        figures["node_resident"] = running.resident_bytes()
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"scale-{size}.json"
    path.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return figures


@contextmanager
def opened_ways(
    options: argparse.Namespace, node: Node, catalogue: Catalogue, size: int
) -> Iterator[list[Way]]:
    """Open the ways that were asked for and close them in the end."""
    ways: list[Way] = []
    try:
        for name in options.ways:
            if name == "columns":
                ways.append(Ours("ours, columns", node, catalogue, columns=columns_of(catalogue)))
            elif name == "engine":
                ways.append(Ours("ours, engine alone", node, catalogue))
            elif name == "earlier":
                checkout = earlier_checkout(options.cache)
                ways.append(Ours(f"build {EARLIER}", node, catalogue, checkout=checkout))
            elif name == "faiss":
                ways.append(Faiss(catalogue))
            elif name != "hnsw" or uses_graph(options, size):
                ways.append(ENGINE_WAYS[name](node, catalogue))
        yield ways
    finally:
        for way in ways:
            way.close()


ENGINE_WAYS = {"painless": Painless, "hammingbit": HammingBit, "exact": ExactVector, "hnsw": Graph}


def columns_of(catalogue: Catalogue) -> Path:
    """Return the folder of a catalogue's columns."""
    return catalogue.folder / "columns"


def build_columns(node: Node, catalogue: Catalogue) -> dict[str, float]:
    """Build the columns from the index and close them; opening them again loads their file."""
    folder = columns_of(catalogue)
    shutil.rmtree(folder, ignore_errors=True)
    building = Ours("columns", node, catalogue, columns=folder)
    building.close()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"build_seconds": building.ready_seconds, "bytes": size}


def uses_graph(options: argparse.Namespace, size: int) -> bool:
    """Tell whether the HNSW graph is built at this size; that takes hours for millions."""
    return "hnsw" in options.ways and size <= options.hnsw_up_to


def earlier_checkout(cache: Path) -> Path:
    """Return a checkout of the earlier build, made with git the first time."""
    folder = cache / f"build-{EARLIER}"
    if not folder.exists():
        archive = subprocess.run(
            ["git", "archive", EARLIER], cwd=ROOT, check=True, capture_output=True
        )
        folder.mkdir(parents=True)
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def machine() -> dict[str, Any]:
    """Describe the machine."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.partition(":")[2].strip() for line in cpu.splitlines() if "model name" in line]
    memory = Path("/proc/meminfo").read_text(encoding="utf-8").split()[1]
    return {
        "cores": len(models),
        "cpu": models[0] if models else "",
        "memory_gb": round(int(memory) / 1e6, 1),
        "python": platform.python_version(),
    }


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _words(text: str) -> list[str]:
    return text.split(",")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.scale.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sizes", type=_numbers, default=[10_000, 200_000], metavar="N,N")
    parser.add_argument("--clients", type=_numbers, default=[1, 8], metavar="N,N")
    parser.add_argument("--queries", type=int, default=60, help="of each kind (%(default)s)")
    parser.add_argument("--ways", type=_words, default=list(WAYS), help=",".join(WAYS))
    parser.add_argument("--variants", type=_words, default=list(VARIANTS), help=",".join(VARIANTS))
    parser.add_argument("--categories", type=_words, help=",".join(FIXED_SIZES))
    parser.add_argument("--hnsw-up-to", type=int, default=200_000, help="products (%(default)s)")
    parser.add_argument("--products", type=Path, default=PRODUCTS, help="default: %(default)s")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="default: %(default)s")
    parser.add_argument("--port", type=int, default=PORT, help="of the node (%(default)s)")
    parser.add_argument("--heap", default="4g", help="of the node (%(default)s)")
    parser.add_argument("--keep-node", action="store_true", help="leave the node running")
    options = parser.parse_args()
    if unknown := {*options.ways} - {*WAYS} | {*options.variants} - {*VARIANTS}:
        sys.exit(f"expected ways of {WAYS} and variants of {VARIANTS}; got {sorted(unknown)}")
    return options


if __name__ == "__main__":
    main()
