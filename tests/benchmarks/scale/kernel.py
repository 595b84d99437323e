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
from houndstooth.mappings.rows import FeatureRows
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.attribute_query import attribute_query
from houndstooth.plugin.columns.query import RankingQuery
from houndstooth.plugin.columns.ranking import rank
from houndstooth.plugin.columns.snapshot import Snapshot
from houndstooth.plugin.config import ATTRIBUTE_WEIGHT
from tests.benchmarks.scale.catalogue import Catalogue, load_catalogue
from tests.benchmarks.scale.features import CACHE, PRODUCTS, load_products
from tests.benchmarks.scale.queries import TOP, Query, queries
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
    rows = catalogue.rows_of(CATEGORY)
    tasks, sizes = build_tasks(catalogue, rows, taxonomy, asked)
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
    catalogue: Catalogue, rows: np.ndarray, taxonomy: Taxonomy, asked: list[Query]
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

    code_bytes, all_bytes = codes[0].size, codes[0].size + colours[0].size
    tasks: dict[str, Task] = {
        "memory read of the codes (numpy sum)": read_codes,
        "memory read of codes and histograms": read_all,
        "FAISS IndexBinaryFlat, Hamming, top 24": search_faiss,
    }
    sizes = dict(zip(tasks, [code_bytes, all_bytes, code_bytes], strict=True))
    name = "ours: Hamming, colour, agreement, top 24"
    tasks[name] = our_ranking(catalogue, rows, taxonomy, asked)
    sizes[name] = all_bytes
    return tasks, sizes


def our_ranking(
    catalogue: Catalogue, rows: np.ndarray, taxonomy: Taxonomy, asked: list[Query]
) -> Task:
    """Return the ranking of resident columns as a task."""
    greats = [taxonomy.great_category(name) for name in catalogue.categories]
    places = rows.tolist()
    snapshots = [
        Snapshot.of(
            FeatureRows(
                [catalogue.product_id(row) for row in places],
                np.arange(len(places)),
                [
                    (greats[number], catalogue.categories[number], catalogue.attributes(row))
                    for row, number in zip(places, catalogue.category[rows].tolist(), strict=True)
                ],
                np.asarray(catalogue.codes[rows]),
                np.asarray(catalogue.histograms[rows]),
                [None] * len(places),
            )
        )
        for _ in range(COPIES)
    ]
    ranking_queries = [
        RankingQuery(
            query.features.binary_code,
            query.features.colour_histogram,
            attribute_query(query.features, query.request, taxonomy)[0][1],
            query.request.appearance_weight,
            ATTRIBUTE_WEIGHT,
        )
        for query in asked
    ]

    def search(number: int) -> object:
        return rank(ranking_queries[number], snapshots[number % COPIES], TOP)

    return search


if __name__ == "__main__":
    main()
