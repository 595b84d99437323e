"""Hand requests to threads; each kind of request has threads and a bounded queue of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from houndstooth.web.observability.metrics import Metrics
from houndstooth.web.observability.view import METRICS
from houndstooth.web.serving.limits import (
    LIGHT_QUEUE,
    LIGHT_THREADS,
    QUEUE_SECONDS,
    WRITE_QUEUE,
    WRITE_THREADS,
    Limits,
)
from houndstooth.web.serving.refusal import OVERLOADED

HEALTH = "/healthz"
LIGHT = frozenset(
    {"/", "/ingest", "/readyz", METRICS}
    | {"/api/v1/taxonomy", "/api/v1/openapi.json", "/api/v1/progress", "/api/v1/events"}
)
"""Paths that take neither networks nor an engine, or, as ``/readyz``, ask one for a moment."""
LIGHT_FOLDERS = ("/static/", "/media/")

WEBHOOKS = "/api/v1/webhooks/"

WRITING = ("PUT", "PATCH", "DELETE")
"""Methods that write products; those posted to ``/api/v1/products`` and by webhooks do too."""


class Pool(ThreadedTaskDispatcher):
    """Threads that serve channels, and a bounded queue before them.

    Args:
        threads: Number of threads.
        places: Number of channels that may wait.
    """

    queue: deque[Any]

    def __init__(self, threads: int, places: int) -> None:
        super().__init__()
        self._places = places
        self.set_thread_count(threads)

    def has_place(self) -> bool:
        """Tell whether one more channel may wait; those that were closed take no place."""
        with self.lock:
            return self._has_place()

    def offer(self, channel: Any) -> bool:
        """Put a channel into the queue; return False if there is no place."""
        with self.lock:
            if not self._has_place():
                return False
            self.queue.append(channel)
            self.queue_cv.notify()
            return True

    def take_expired(self) -> list[Any]:
        """Take out of the queue the channels that have waited for too long."""
        earliest = monotonic() - QUEUE_SECONDS
        with self.lock:
            return self._keep(lambda waiting: waiting.queued_at >= earliest)

    def count_waiting(self) -> int:
        """Return how many channels wait."""
        return len(self.queue)

    def count_busy(self) -> int:
        """Return how many threads serve a channel."""
        return int(self.active_count)

    def count_threads(self) -> int:
        """Return how many threads there are."""
        return len(self.threads)

    def _has_place(self) -> bool:
        self._keep(lambda waiting: waiting.connected)
        idle = len(self.threads) - self.stop_count - self.active_count
        return bool(len(self.queue) < self._places + idle)

    def _keep(self, stays: Callable[[Any], bool]) -> list[Any]:
        gone = [channel for channel in self.queue if not stays(channel)]
        if gone:
            self.queue = deque(channel for channel in self.queue if stays(channel))
        return gone


class Dispatcher:
    """The pools of a server, as waitress's dispatcher.

    Refusals and the health check wait for no thread: whoever received them answers at once.
    """

    def __init__(self, limits: Limits) -> None:
        self._light = Pool(LIGHT_THREADS, LIGHT_QUEUE)
        self._searches = Pool(limits.threads, limits.queue)
        self._writes = Pool(WRITE_THREADS, WRITE_QUEUE)
        self._pools = {"light": self._light, "searches": self._searches, "writes": self._writes}

    def show(self, metrics: Metrics) -> None:
        """Let metrics show the threads and those who wait for one."""
        for name, pool in self._pools.items():
            metrics.queue.labels(name).set_function(pool.count_waiting)
            metrics.busy.labels(name).set_function(pool.count_busy)
            metrics.threads.labels(name).set_function(pool.count_threads)

    def add_task(self, channel: Any) -> None:
        """Hand over a channel whose first request is complete, or refuse that request."""
        request, channel.queued_at = channel.requests[0], monotonic()
        if request.error is None and request.path != HEALTH:
            if self._pool(request).offer(channel):
                return
            request.error = OVERLOADED
        channel.at_once = True

    def has_place(self, request: Any) -> bool:
        """Tell whether a request that begins to come would find a place now."""
        return self._pool(request).has_place()

    def refuse_expired(self) -> None:
        """Refuse requests that have waited for too long."""
        for pool in self._pools.values():
            for channel in pool.take_expired():
                channel.requests[0].error = OVERLOADED
                channel.service()

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """End the threads, after what each of them serves; return False if one goes on."""
        for pool in self._pools.values():
            pool.shutdown(cancel_pending, timeout)
        return not any(pool.threads for pool in self._pools.values())

    def _pool(self, request: Any) -> Pool:
        path, method = request.path, request.command
        if path in LIGHT or path.startswith(LIGHT_FOLDERS) or method == "OPTIONS":
            return self._light
        posted = path == "/api/v1/products" or path.startswith(WEBHOOKS)
        writes = method in WRITING or (method == "POST" and posted)
        return self._writes if writes else self._searches
