"""Count and time what the service does, for Prometheus."""

from __future__ import annotations

from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from houndstooth.mappings.search import SearchAnswer
from houndstooth.plugin.clock import STAGES
from houndstooth.web.observability.record import Record

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Upper bounds of the buckets of times."""

PRODUCTS = (0, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
"""Upper bounds of the buckets of numbers of products."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that are told apart; a client may send any word."""

# One more series beside each counter and histogram, which Prometheus has no use for.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The metrics of one application; threads share them.

    Labels have few values each: routes and not paths, no ids, no addresses.

    Args:
        version: Version of Houndstooth.
        model: Model that the service searches with.
    """

    def __init__(self, version: str, model: str) -> None:
        self.registry = CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        times = partial(Histogram, registry=self.registry, buckets=SECONDS)
        ProcessCollector(registry=self.registry)
        self._build = Info(
            "houndstooth_build", "Version and model of the service.", registry=self.registry
        )
        self._version = version
        self.model(model)
        self._requests = counter(
            "houndstooth_requests", "Requests answered.", ("route", "method", "status")
        )
        self._request_seconds = times(
            "houndstooth_request_seconds", "Time of a request in its thread.", ("route",)
        )
        self._waited = times(
            "houndstooth_queue_wait_seconds", "Time for which a request waited for a thread."
        )
        self._refusals = counter(
            "houndstooth_refusals", "Requests refused before the application.", ("code",)
        )
        self.closed_connections = counter(
            "houndstooth_closed_connections",
            "Connections closed before an answer: slow ones, and idle ones to make room.",
            ("reason",),
        )
        self._searches = counter(
            "houndstooth_searches",
            "Searches answered: by photo or product, whether every product was compared, and the "
            "step that filled the page.",
            ("by", "exact", "relaxed"),
        )
        self._empty_searches = counter("houndstooth_empty_searches", "Searches without a hit.")
        self._search_seconds = times("houndstooth_search_seconds", "Time of a search.", ("by",))
        self._stage_seconds = times(
            "houndstooth_search_stage_seconds",
            "Time of a stage of a search: extract is the networks.",
            ("stage",),
        )
        self._candidates = Histogram(
            "houndstooth_search_candidates",
            "Products compared with the query.",
            buckets=PRODUCTS,
            registry=self.registry,
        )
        self._engine_seconds = times(
            "houndstooth_engine_seconds",
            "Time of a question to the engine, failed ones too.",
            ("operation",),
        )
        self._engine_failures = counter(
            "houndstooth_engine_failures",
            "Questions for which the engine was not to be reached.",
            ("operation",),
        )
        self._events = counter(
            "houndstooth_events",
            "Queries and events of shoppers, and whether they were recorded.",
            ("index", "outcome"),
        )
        self.queue = gauge("houndstooth_queue_requests", "Requests that wait.", ("pool",))
        self.busy = gauge("houndstooth_busy_threads", "Threads that serve a request.", ("pool",))
        self.threads = gauge("houndstooth_threads", "Threads.", ("pool",))
        self.connections = gauge("houndstooth_connections", "Open connections.")
        for stage in STAGES:
            self._stage_seconds.labels(stage)

    def model(self, model: str) -> None:
        """Tell which model the service searches with."""
        self._build.info({"version": self._version, "model": model})

    def request(self, route: str, method: str, status: int, seconds: float, record: Record) -> None:
        """Count a request that the application has answered."""
        self._count(route, method, status)
        self._request_seconds.labels(route).observe(seconds)
        self._waited.observe(record.waited)
        for stage, took in record.stages.items():
            self._stage_seconds.labels(stage).observe(took)

    def refusal(self, route: str, method: str, status: int, code: str) -> None:
        """Count a request that the server has refused."""
        self._count(route, method, status)
        self._refusals.labels(code).inc()

    def search(self, by: str, answer: SearchAnswer) -> None:
        """Count a search that was answered, by ``photo`` or ``product``."""
        exact = "yes" if answer.recall == 1 else "no"
        self._searches.labels(by, exact, answer.relaxed).inc()
        self._search_seconds.labels(by).observe(answer.took_ms["total"] / 1000)
        self._candidates.observe(answer.compared)
        if not answer.hits:
            self._empty_searches.inc()

    def engine(self, operation: str, seconds: float, failed: bool) -> None:
        """Count a question to the engine."""
        self._engine_seconds.labels(operation).observe(seconds)
        if failed:
            self._engine_failures.labels(operation).inc()

    def event(self, index: str, outcome: str, number: int) -> None:
        """Count records of ``ubi_queries`` or ``ubi_events``, by what became of them."""
        self._events.labels(index, outcome).inc(number)

    def _count(self, route: str, method: str, status: int) -> None:
        self._requests.labels(route, method if method in METHODS else "other", status).inc()
