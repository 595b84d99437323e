"""Rank 160,000 rows on one thread, beside FAISS and the machine's memory.

``python -m tests.benchmarks.scale.kernel [--rows 160000] [--rounds 60]``

FAISS computes Hamming distances alone; ours computes Hamming, colour and agreement and selects the
page. The three are timed in turn in each round. Codes are read from memory of their own in each
round, so that no cache holds them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from houndstooth.mappings.features import Bytes
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.colour_distance import colour_distances
from houndstooth.plugin.hamming import hamming_distances
from tests.benchmarks.scale.catalogue import Catalogue, load_catalogue
from tests.benchmarks.scale.features import CACHE, PRODUCTS, load_products
from tests.benchmarks.scale.queries import TOP, Query, queries
from tests.benchmarks.scale.reference import Reference, Truth
from tests.benchmarks.scale.rivals import import_faiss

Task = Callable[[int], object]
CATEGORY = "shirt"
COPIES = 3
"""Copies of the rows that rounds take in turn, so that none is in a cache."""


def main() -> None:
    """Time the three and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.kernel")
    parser.add_argument("--size", type=int, default=200_000, help="catalogue (%(default)s)")
    parser.add_argument("--rounds", type=int, default=60, help="default: %(default)s")
    parser.add_argument("--products", type=Path, default=PRODUCTS, help="default: %(default)s")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: %(default)s")
    options = parser.parse_args()
    catalogue = load_catalogue(options.size, products=options.products, cache=options.cache)
    real, taxonomy = load_products(options.products, options.cache), Taxonomy.load()
    asked = queries(real, CATEGORY, "whole", options.rounds)
    reference = Reference(catalogue, taxonomy)
    truths = [reference.answer(query) for query in asked]
    rows = catalogue.rows_of(CATEGORY)
    tasks, sizes = build_tasks(catalogue, rows, asked, truths)
    times: Mapping[str, list[float]] = {name: [] for name in tasks}
    for number in range(options.rounds):
        for name, task in tasks.items():
            started = time.perf_counter()
            task(number)
            times[name].append(1000 * (time.perf_counter() - started))
    print(f"{len(rows):,} rows, one thread, {options.rounds} rounds")
    print("| task | p50, ms | p95, ms | bytes read | GB/s | to FAISS |\n|---|---|---|---|---|---|")
    faiss = float(np.median(times["FAISS IndexBinaryFlat, Hamming, top 24"]))
    for name, taken in times.items():
        p50, p95 = np.percentile(taken, [50, 95])
        rate = sizes[name] / p50 / 1e6
        print(
            f"| {name} | {p50:.2f} | {p95:.2f} | {sizes[name] / 1e6:.1f} MB | {rate:.1f} "
            f"| {p50 / faiss:.2f} |"
        )


def build_tasks(
    catalogue: Catalogue, rows: np.ndarray, asked: list[Query], truths: list[Truth]
) -> tuple[dict[str, Task], dict[str, int]]:
    """Return the tasks and the bytes that each reads."""
    faiss = import_faiss()
    codes: list[Bytes] = [np.ascontiguousarray(catalogue.codes[rows]) for _ in range(COPIES)]
    colours: list[Bytes] = [np.ascontiguousarray(catalogue.histograms[rows]) for _ in codes]
    indexes = []
    for copy in codes:
        index = faiss.IndexBinaryFlat(8 * copy.shape[1])
        index.add(copy)
        indexes.append(index)
    whole = [np.concatenate([codes[0].ravel(), colours[0].ravel()]) for _ in range(COPIES)]
    words = [block[: block.size // 8 * 8].view(np.uint64) for block in whole]

    def read_codes(number: int) -> object:
        return words[number % COPIES][: codes[0].size // 8].sum()

    def read_all(number: int) -> object:
        return words[number % COPIES].sum()

    def search_faiss(number: int) -> object:
        code = asked[number].features.binary_code[np.newaxis]
        return indexes[number % COPIES].search(code, TOP)

    def hamming(number: int) -> object:
        return hamming_distances(asked[number].features.binary_code, codes[number % COPIES])

    def colour(number: int) -> object:
        histogram = asked[number].features.colour_histogram
        return colour_distances(histogram, colours[number % COPIES])

    code_bytes, all_bytes = codes[0].size, codes[0].size + colours[0].size
    tasks: dict[str, Task] = {
        "memory read of the codes (numpy sum)": read_codes,
        "memory read of codes and histograms": read_all,
        "FAISS IndexBinaryFlat, Hamming, top 24": search_faiss,
        "numpy Hamming": hamming,
        "numpy colour": colour,
    }
    sizes = dict(zip(tasks, [code_bytes, all_bytes, *[code_bytes] * 2, colours[0].size]))
    ours = our_ranking(catalogue, rows, asked, truths)
    if ours is not None:
        tasks["ours: Hamming, colour, agreement, top 24"] = ours
        sizes["ours: Hamming, colour, agreement, top 24"] = all_bytes
    return tasks, sizes


def our_ranking(
    catalogue: Catalogue, rows: np.ndarray, asked: list[Query], truths: list[Truth]
) -> Task | None:
    """Return the ranking of resident columns as a task; None as long as there is none."""
    try:
        from houndstooth.plugin.columns import ranking
    except ImportError:
        return None
    return ranking_task(ranking, catalogue, rows, asked, truths)


def ranking_task(
    ranking: object, catalogue: Catalogue, rows: np.ndarray, asked: list[Query], truths: list[Truth]
) -> Task:
    """Adapt ``plugin.columns.ranking.rank``."""
    raise NotImplementedError("columns exist: adapt this function to them")


if __name__ == "__main__":
    main()
