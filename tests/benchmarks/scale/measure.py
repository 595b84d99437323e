"""Ask the same queries in all ways, in turn, and keep every time."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from tests.benchmarks.scale.catalogue import Catalogue
from tests.benchmarks.scale.distances import hamming
from tests.benchmarks.scale.ours import Ours
from tests.benchmarks.scale.queries import Query
from tests.benchmarks.scale.reference import Truth
from tests.benchmarks.scale.rivals import Page, Way

WARM_UP = 10
"""Queries of each way that are asked before and not counted."""

BLOCK = 16
"""Queries that several clients ask one way before the next way has its turn."""


@dataclass(frozen=True)
class Measured:
    """One query, asked in one way.

    Attributes:
        passing: Products that pass the filter.
        milliseconds: From the request to the page: at the client for a rival, the sum of the
            stages for ours.
        stages: Milliseconds by stage, as the way tells them.
        recall: Share of the page's exact answer that was found. Exact is the weighted scan for
            ours and Hamming alone for a rival.
    """

    way: str
    category: str
    variant: str
    passing: int
    step: str
    clients: int
    milliseconds: float
    stages: dict[str, float]
    recall: float


@dataclass(frozen=True)
class Rate:
    """Queries per second of one way with several clients."""

    way: str
    category: str
    variant: str
    clients: int
    queries: int
    seconds: float


def one_client(
    ways: Sequence[Way], asked: Sequence[tuple[Query, Truth]], catalogue: Catalogue, seed: int = 1
) -> Iterator[Measured]:
    """Ask each query in all ways, in random order, before the next query."""
    order = random.Random(seed)
    for query, truth in asked[:WARM_UP]:
        for way in ways:
            way.search(query, truth)
    for query, truth in tqdm(asked, desc=f"{asked[0][0].category}, {asked[0][0].variant}"):
        for way in order.sample(list(ways), len(ways)):
            way.prepare(truth)
            yield measure(way, query, truth, catalogue, 1)


def several_clients(
    ways: Sequence[Way], asked: Sequence[tuple[Query, Truth]], catalogue: Catalogue, clients: int
) -> tuple[list[Measured], list[Rate]]:
    """Ask blocks of queries with several clients at once, each way in turn."""
    measured: list[Measured] = []
    seconds = dict.fromkeys((way.name for way in ways), 0.0)
    with ThreadPoolExecutor(clients) as pool:
        for start in range(0, len(asked), BLOCK):
            block = asked[start : start + BLOCK]
            for way in ways:
                for _, truth in block:
                    way.prepare(truth)
                began = time.perf_counter()
                found = [pool.submit(timed, way, query, truth) for query, truth in block]
                pages = [future.result() for future in found]
                seconds[way.name] += time.perf_counter() - began
                measured += [
                    record(way, query, truth, catalogue, clients, *page)
                    for (query, truth), page in zip(block, pages, strict=True)
                ]
    first = asked[0][0]
    rates = [
        Rate(name, first.category, first.variant, clients, len(asked), took)
        for name, took in seconds.items()
    ]
    return measured, rates


def measure(way: Way, query: Query, truth: Truth, catalogue: Catalogue, clients: int) -> Measured:
    """Ask once."""
    return record(way, query, truth, catalogue, clients, *timed(way, query, truth))


def timed(way: Way, query: Query, truth: Truth) -> tuple[Page, float]:
    """Ask once; return the page and the milliseconds at the client."""
    began = time.perf_counter()
    page = way.search(query, truth)
    return page, 1000 * (time.perf_counter() - began)


def record(
    way: Way, query: Query, truth: Truth, catalogue: Catalogue, clients: int, page: Page, ms: float
) -> Measured:
    """Compare a page with the exact answer."""
    return Measured(
        way.name,
        query.category,
        query.variant,
        len(truth.passing),
        truth.step,
        clients,
        page.stages.get("sum", ms),
        {**page.stages, "client": ms},
        recall(way, query, truth, catalogue, page),
    )


def recall(way: Way, query: Query, truth: Truth, catalogue: Catalogue, page: Page) -> float:
    """Return the share of the exact answer that is on the page.

    A rival may break ties of the Hamming distance in any way: a hit counts if it is as near as the
    last of the exact page.
    """
    rows = [catalogue.row_of(product_id) for product_id in page.ids]
    wanted = len(truth.best)
    if isinstance(way, Ours):
        return len({*rows} & {*truth.best.tolist()}) / wanted
    if not rows:
        return 0.0
    near = hamming(query.features.binary_code, np.asarray(catalogue.codes[rows]))
    passing = np.isin(rows, truth.passing)
    return int(((near <= truth.nearest) & passing).sum()) / wanted
