"""Rank a gallery for each query, by float features or by binary codes, and score the ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from houndstooth.models.embedding.binary_code import binarise
from houndstooth.models.training.retrieval.benchmark import Benchmark, Query, Task
from houndstooth.models.training.retrieval.metrics import Ranking

Form = Literal["code", "float"]
"""What is compared: binary codes by differing bits, or embeddings by cosine."""

_BLOCK = 64
"""Queries that are compared with a gallery at once."""

_TIES = 20
"""Seed of the order of pictures at the same distance."""


@dataclass(frozen=True)
class Scores:
    """Scores of a task's queries.

    Attributes:
        values: float64 [queries] by metric; NaN where a query is left out.
        without_right: queries that are left out since no right picture is in the gallery.
    """

    values: Mapping[str, NDArray[np.float64]]
    without_right: int


def score_task(
    benchmark: Benchmark,
    task: Task,
    embeddings: NDArray[np.float32],
    broken: Mapping[int, str],
    form: Form,
    thresholds: NDArray[np.float32],
    advance: Callable[[int], object] = lambda done: None,
) -> Scores:
    """Score each query of a task by each metric of the benchmark.

    Broken pictures are left out of queries and gallery. Pictures at the same distance, of which
    codes have many, are in an order that is drawn once and knows nothing of labels.

    Args:
        embeddings: of the benchmark's pictures, float32 [n, d].
        thresholds: float32 [d], of codes.
        advance: told of each query that is done.
    """
    whole = [row for row, place in enumerate(task.gallery) if place not in broken]
    order = np.random.default_rng(_TIES).permutation(whole).astype(np.intp)
    gallery = np.asarray(task.gallery, dtype=np.intp)[order]
    names, numbers = np.unique(np.asarray(task.labels, dtype=str), return_inverse=True)
    labels = numbers[order]
    number_of = {name: number for number, name in enumerate(names.tolist())}
    values = {name: np.full(len(task.queries), np.nan) for name in benchmark.metrics}
    without_right = 0
    advance(sum(query.picture in broken for query in task.queries))
    distances = _distances(task.queries, embeddings, broken, gallery, form, thresholds)
    for row, distance in distances:
        advance(1)
        query = task.queries[row]
        ranked = np.argsort(distance, kind="stable")
        if benchmark.skips_query:
            ranked = ranked[gallery[ranked] != query.picture]
        found = labels[ranked]
        if benchmark.by_item:
            found = found[np.sort(np.unique(found, return_index=True)[1])]
        right: Ranking = np.isin(found, [number_of[n] for n in query.right if n in number_of])
        if not right.any():
            without_right += 1
            continue
        for name, metric in benchmark.metrics.items():
            values[name][row] = metric(right)
    return Scores(values, without_right)


def _distances(
    queries: Sequence[Query],
    embeddings: NDArray[np.float32],
    broken: Mapping[int, str],
    gallery: NDArray[np.intp],
    form: Form,
    thresholds: NDArray[np.float32],
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield place and distances of each query whose picture is whole, float32 [gallery]."""
    stored = comparable(embeddings[gallery], form, thresholds)
    rows = [row for row, query in enumerate(queries) if query.picture not in broken]
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        asked = np.stack([query_embedding(queries[row], embeddings, broken) for row in block])
        yield from zip(block, -(comparable(asked, form, thresholds) @ stored.T), strict=True)


def comparable(
    embeddings: NDArray[np.float32], form: Form, thresholds: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Make vectors whose inner products tell which are near, float32 [n, d].

    They are embeddings of length 1, or codes with -1 for a bit that is not set: the inner product
    of two codes is d less twice the bits in which they differ, exactly.
    """
    vectors: NDArray[np.float32]
    if form == "float":
        lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
        vectors = embeddings / np.maximum(lengths, np.finfo(np.float32).tiny)
    else:
        bits = np.unpackbits(binarise(embeddings, thresholds), axis=1, count=embeddings.shape[1])
        vectors = 2 * bits.astype(np.float32) - 1
    return vectors


def query_embedding(
    query: Query, embeddings: NDArray[np.float32], broken: Mapping[int, str]
) -> NDArray[np.float32]:
    """Compute a query's embedding, float32 [d]: its picture's, less one mean, plus another.

    Where one of the two has no picture left, the picture's own is returned.
    """
    own: NDArray[np.float32] = embeddings[query.picture]
    less = [place for place in query.less if place not in broken]
    more = [place for place in query.more if place not in broken]
    if less and more:
        own = own - embeddings[less].mean(axis=0) + embeddings[more].mean(axis=0)
    return own
