"""Time what is asked of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from time import perf_counter
from typing import Any, cast

from houndstooth.mappings.engine import Engine
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.mappings.rows import Changes
from houndstooth.web.observability.metrics import Metrics
from houndstooth.web.observability.record import current_record


def observed(engine: Engine, metrics: Metrics) -> Engine:
    """Return an engine whose operations are timed, for the metrics and the request at hand."""
    return cast(Engine, _ObservedEngine(engine, metrics))


class _ObservedEngine:
    """Passes on everything; batches of changes are timed one by one."""

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine, self._metrics = engine, metrics

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        if not callable(found):
            return found
        return self._timed(name, found)

    def changes(self, *arguments: Any) -> Iterator[Changes]:
        """See Engine."""
        batches = self._engine.changes(*arguments)
        while True:
            with self._time("changes"):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def _timed(self, operation: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(*arguments: Any, **options: Any) -> Any:
            with self._time(operation):
                return method(*arguments, **options)

        return call

    @contextmanager
    def _time(self, operation: str) -> Iterator[None]:
        failed = False
        began = perf_counter()
        try:
            yield
        except EngineUnavailable:
            failed = True
            raise
        finally:
            ended = perf_counter()
            self._metrics.engine(operation, ended - began, failed)
            if record := current_record():
                record.add_engine(operation, began, ended)
