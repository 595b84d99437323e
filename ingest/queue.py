"""Look at the workers' queue in Redis, from outside of Celery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.exceptions import OperationalError
from redis import Redis, RedisError

from houndstooth.mappings.errors import InvalidConfig, WorkersUnavailable

QUEUE = "ingest"
PREFIX = "houndstooth:"
"""Keeps our keys apart from those of other Celery apps in the same Redis."""

_PATIENCE_SECONDS = 5


class Queue:
    """The queue of the workers in one Redis.

    Every method raises WorkersUnavailable if Redis cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._address = re.sub(r"//.*@", "//", url)
        options = {"socket_connect_timeout": _PATIENCE_SECONDS, "socket_timeout": _PATIENCE_SECONDS}
        try:
            self._redis: Any = Redis.from_url(url, **options)
        except ValueError as error:
            raise InvalidConfig(
                f"expected HOUNDSTOOTH_REDIS as redis://host:port/0; {error}"
            ) from None

    def ping(self) -> None:
        """Return if Redis answers, else raise."""
        with self.errors():
            self._redis.ping()

    def size(self) -> int:
        """Return the number of steps that wait or are in a worker's hands."""
        with self.errors(), self._redis.pipeline() as pipe:
            pipe.llen(PREFIX + QUEUE)
            pipe.hlen(f"{PREFIX}unacked")  # kombu's name
            return int(sum(pipe.execute()))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn the errors of Redis into WorkersUnavailable."""
        try:
            yield
        except RedisError as error:
            raise WorkersUnavailable(
                f"expected a Redis at {self._address} (HOUNDSTOOTH_REDIS): {error}"
            ) from None


@contextmanager
def sending() -> Iterator[None]:
    """Turn the errors of a step that cannot be queued into WorkersUnavailable."""
    try:
        yield
    except (OperationalError, RedisError) as error:
        raise WorkersUnavailable(f"cannot reach the workers' queue: {error}") from None
