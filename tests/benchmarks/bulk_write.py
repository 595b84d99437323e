"""How many documents a second are written, by this working tree and by an older commit, in turns.

``python -m tests.benchmarks.bulk_write [--commit c335a8f] [--documents 10000] [--batch N]``

Features are made before the clock runs: random codes and colours, and the appearance terms that
they have. Each round writes them to a fresh index of each engine, and then writes them again, so
that all are updated. Prints the rates, and at the end the mean ratio of both trees with its
standard error over rounds. The first round, which warms the servers up, does not count.

A node of each engine is started and stopped, unless HOUNDSTOOTH_TEST_OPENSEARCH=host:port and
HOUNDSTOOTH_TEST_ELASTICSEARCH=host:port name them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev
from uuid import uuid4

from opensearchpy import OpenSearch

from tests.benchmarks.trees import checked_out, run
from tests.conftest import RELEASES, running_or_given

CODE = """
import json, sys
from dataclasses import replace
from time import perf_counter, process_time

import numpy as np

from houndstooth.mappings.appearance_terms import appearance_terms
from houndstooth.plugin.engines import open_engine
from tests.catalogue import document

url, count, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
noise = np.random.default_rng(0)

def made(n):
    one = document(
        f"SKU-{n}",
        {
            "title": f"Slim fit cotton tee number {n}",
            "brand": f"Brand {n % 90}",
            "price": n % 200 + 0.99,
            "currency": "EUR",
            "stock": n % 40,
            "image": f"https://images.shop.example/products/{n % 97}/{n}-front.jpg",
            "url": f"https://www.shop.example/en/p/slim-fit-cotton-tee-{n}",
        },
        attributes=("colour:red", "pattern:solid", "sleeve:short", "material:cotton"),
    )
    code = noise.integers(0, 256, 256, dtype=np.uint8)
    colour = np.where(noise.random(104) < 0.1, noise.integers(0, 200, 104), 0).astype(np.uint8)
    terms = appearance_terms("t-shirt", code, colour)
    visual = replace(one.visual, binary_code=code, colour_histogram=colour, appearance=terms)
    return replace(one, visual=visual)

documents = [made(n) for n in range(count)]
engine = open_engine(url)
engine.prepare()
rates = {}
for name in ("new", "updated"):
    began, used = perf_counter(), process_time()
    for start in range(0, count, batch):
        outcomes = engine.write(documents[start : start + batch])
        assert [one.error for one in outcomes if one.error] == []
    rates[name] = count / (perf_counter() - began)
    rates[f"client's processor, us a document, {name}"] = (process_time() - used) / count * 1e6
engine.refresh()
assert engine.count() == count
print(json.dumps(rates))
"""


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bulk_write")
    parser.add_argument("--commit", default="c335a8f", help="default: %(default)s")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--batch", type=int, help="documents in a call (default: all of them)")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--engines", nargs="+", default=list(RELEASES), choices=RELEASES)
    options = parser.parse_args()
    for engine in options.engines:
        with running_or_given(engine) as server, tempfile.TemporaryDirectory() as folder:
            measure(server, Path(folder), options)


def measure(server: str, folder: Path, options: argparse.Namespace) -> None:
    """Measure on one server."""
    rates: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    words = (str(options.documents), str(options.batch or options.documents))
    with checked_out(options.commit, folder) as trees:
        for number in range(options.rounds + 1):
            for name, tree in list(trees.items())[:: 1 if number % 2 else -1]:
                index = f"bulk-write-{uuid4().hex}"
                found = run(tree, CODE, f"{server}/{index}", *words)
                with OpenSearch(f"http://{server.partition('://')[2]}") as client:
                    client.indices.delete(index=index)
                print(server, number, name, {key: round(value) for key, value in found.items()})
                for key, value in found.items() if number else ():
                    rates[key][name].append(value)
    for key, by_tree in rates.items():
        old, new = by_tree[options.commit], by_tree["this"]
        ratios = [one / other for one, other in zip(new, old, strict=True)]
        error = stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else 0.0
        figures = f"{mean(old):.0f} to {mean(new):.0f}, ratio {mean(ratios):.2f} ± {error:.2f}"
        print(f"{server} {key}: {figures}", flush=True)


if __name__ == "__main__":
    main()
