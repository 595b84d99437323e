"""Read the values that metrics have at the moment they are asked for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from houndstooth.ingest.job import Job
from houndstooth.ingest.outcome import STATUSES
from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.errors import EngineUnavailable, JobNotFound, WorkersUnavailable
from houndstooth.plugin.engines.patience import patience
from houndstooth.web.backend import Backend

COUNTED_SECONDS = 60
"""Time after which the engine is asked anew how many products it has."""

COUNT_SECONDS = 1
"""Time that the engine has to count them."""

MOST_JOBS = 256
"""Newest jobs that are read; more than an hourly feed makes in the week that jobs are kept."""

STATES = ("running", "finished", "stopped")


class Gauges(Collector):
    """Products, columns and jobs. What cannot be read is left out.

    Args:
        backend: The search service.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend, self._jobs = backend, backend.jobs
        self._counts = _Counts(backend)
        self._follows = not backend.engine.embedded

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: it would be read for that."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Read all values."""
        yield from self._read_columns()
        with suppress(EngineUnavailable):
            yield _gauge(
                "houndstooth_products",
                f"Products of the engine, counted every {COUNTED_SECONDS} s.",
                "model",
                self._counts.read(),
            )
        with suppress(WorkersUnavailable):
            yield from _jobs_gauges(list(self._read_jobs()))

    def _read_columns(self) -> Iterator[Metric]:
        columns = self._backend.search.columns
        if columns is None:
            return
        yield GaugeMetricFamily(
            "houndstooth_columns_products", "Products in the columns.", columns.size
        )
        age = columns.age
        if self._follows and age is not None:
            yield GaugeMetricFamily(
                "houndstooth_columns_age_seconds", "Time since changes were looked for.", age
            )

    def _read_jobs(self) -> Iterator[Job]:
        for job_id in self._jobs.recent(MOST_JOBS):
            with suppress(JobNotFound, WorkersUnavailable):  # removed meanwhile, or not to be read
                yield self._jobs.get(job_id)


@dataclass
class _Counts:
    """Products of the service's model and others, as the engine last counted them."""

    backend: Backend

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._next = 0.0
        self._found: dict[str, float] = {}

    def read(self) -> dict[str, float]:
        """Return the counts; they are counted again now and then.

        Raises:
            EngineUnavailable: The engine could not count them the last time.
        """
        with self._lock:
            if time.monotonic() >= self._next:
                self._next, self._found = time.monotonic() + COUNTED_SECONDS, {}
                self._found = self._count()
            if not self._found:
                raise EngineUnavailable("expected a count of the products")
            return self._found

    def _count(self) -> dict[str, float]:
        parts = self.backend.parts
        model = parts.extractor.model
        with patience(COUNT_SECONDS):
            own = parts.engine.count(CandidateQuery(model=model))
            rest = parts.engine.count() - own
        return {model: own, "other": max(0, rest)}


def _jobs_gauges(jobs: list[Job]) -> Iterator[Metric]:
    """Sum up the jobs that are kept."""
    now = time.time()
    states: Counter[str] = Counter(job.state for job in jobs)
    products: Counter[str] = Counter()
    for job in jobs:
        products.update(job.totals)
    running = [job for job in jobs if job.state == "running"]
    yield _gauge(
        "houndstooth_jobs",
        "Jobs that are kept: those of the last seven days.",
        "state",
        dict.fromkeys(STATES, 0) | states,
    )
    yield _gauge(
        "houndstooth_job_products",
        "Products of these jobs, by what became of them.",
        "status",
        {status: products[status] for status in STATUSES},
    )
    yield GaugeMetricFamily(
        "houndstooth_running_job_age_seconds",
        "Time since the oldest running job began; 0 if none runs.",
        max((now - job.started for job in running), default=0.0),
    )
    yield GaugeMetricFamily(
        "houndstooth_running_job_quiet_seconds",
        "Longest time in which nothing happened in a running job; 0 if none runs.",
        max((job.quiet for job in running), default=0.0),
    )
    if ends := [job.started + job.seconds for job in jobs if job.state == "finished"]:
        yield GaugeMetricFamily(
            "houndstooth_last_finished_job_timestamp_seconds",
            "When a job last finished, in seconds since 1970.",
            max(ends),
        )


def _gauge(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), number)
    return family
