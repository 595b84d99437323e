"""Compare encoders, and float features with binary codes, on one benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.retrieval.benchmark import Benchmark
from houndstooth.models.training.retrieval.embedding import Embedder, embed_pictures
from houndstooth.models.training.retrieval.metrics import Estimate, estimate
from houndstooth.models.training.retrieval.ranking import Form, score_task

ALL = "all"
"""The name of all tasks' queries taken together."""


@dataclass(frozen=True)
class Row:
    """Figures of one encoder in one form, on one task.

    Attributes:
        task: its name, or ALL.
        encoder: the model that made the embeddings.
        form: code or float.
        queries: how many were scored.
        figures: the mean by metric.
        gains: mean difference from the first encoder and form, over the same queries, by metric;
            empty for the first.
    """

    task: str
    encoder: str
    form: Form
    queries: int
    figures: Mapping[str, Estimate]
    gains: Mapping[str, Estimate]


@dataclass(frozen=True)
class Comparison:
    """Figures of a benchmark.

    Attributes:
        rows: by task, in it the first encoder and form first.
        broken: why each picture was left out.
        without_right: queries that were left out since nothing right is in the gallery.
    """

    rows: Sequence[Row]
    broken: Sequence[str]
    without_right: int


Progress = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]
"""Begins a progress bar with a title and a total; what it gives is told of steps."""


def compare(
    benchmark: Benchmark,
    embedders: Sequence[Embedder],
    forms: Sequence[Form],
    cache: Path,
    progress: Progress,
) -> Comparison:
    """Measure each encoder in each form; the first of both is what the others are compared with.

    Args:
        embedders: at least one.
        forms: at least one.
        cache: the folder of features; each benchmark and model has its own folder in it.

    Raises:
        InvalidConfig: the cache cannot be used.
        InvalidFeed: no picture could be read, or no query has anything right in the gallery.
    """
    broken: dict[int, str] = {}
    made = []
    for embedder in embedders:
        with progress(f"embedding {embedder.model}", len(benchmark.pictures)) as advance:
            folder = cache / benchmark.name / embedder.model
            embedded = embed_pictures(embedder, benchmark.pictures, folder, advance)
        broken |= embedded.broken
        made.append((embedder, embedded.embeddings))
    tables: list[_Table] = []
    without_right = 0
    queries = sum(len(task.queries) for task in benchmark.tasks)
    with progress("ranking", len(made) * len(forms) * queries) as advance:
        for embedder, embeddings in made:
            for form in forms:
                scores = [
                    score_task(
                        benchmark, task, embeddings, broken, form, embedder.thresholds, advance
                    )
                    for task in benchmark.tasks
                ]
                without_right = sum(each.without_right for each in scores)
                values = [each.values for each in scores]
                tables.append(_Table(embedder.model, form, values))
    names = [task.name for task in benchmark.tasks]
    clusters = [[query.cluster for query in task.queries] for task in benchmark.tasks]
    parts = [(name, [place], clusters[place]) for place, name in enumerate(names)]
    if benchmark.pooled:
        parts.append((ALL, list(range(len(names))), list(chain.from_iterable(clusters))))
    rows = [
        _row(name, table, tables[0], places, of_these)
        for name, places, of_these in parts
        for table in tables
    ]
    if not any(row.queries for row in rows):
        raise InvalidFeed(
            f"expected a query with a right picture in the gallery; got none of {queries}"
        )
    return Comparison([r for r in rows if r.queries], list(broken.values()), without_right)


@dataclass(frozen=True)
class _Table:
    """Scores of one encoder in one form: by metric, for each task."""

    encoder: str
    form: Form
    values: Sequence[Mapping[str, NDArray[np.float64]]]

    def of(self, metric: str, tasks: Sequence[int]) -> NDArray[np.float64]:
        return np.concatenate([self.values[task][metric] for task in tasks])


def _row(
    name: str, table: _Table, first: _Table, tasks: Sequence[int], clusters: Sequence[str]
) -> Row:
    figures, gains = {}, {}
    scored = 0
    for metric in table.values[0]:
        values, base = table.of(metric, tasks), first.of(metric, tasks)
        there = ~np.isnan(values)
        scored = int(there.sum())
        if not scored:
            break
        kept = [cluster for cluster, is_there in zip(clusters, there, strict=True) if is_there]
        figures[metric] = estimate(values[there], kept)
        if table is not first:
            gains[metric] = estimate((values - base)[there], kept)
    return Row(name, table.encoder, table.form, scored, figures, gains)
