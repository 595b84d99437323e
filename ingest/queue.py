"""Look at the workers' queue in Redis, from outside of Celery."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from celery.exceptions import OperationalError
from redis import Redis, RedisError

from houndstooth.mappings.errors import InvalidConfig, WorkersUnavailable

QUEUE = "ingest"
PREFIX = "houndstooth:"
"""Keeps our keys apart from those of other Celery apps in the same Redis."""

_PATIENCE_SECONDS = 5
_PAGE = 100

_BUSY_SECONDS = 60.0
"""Time for which a worker may be busy with another step when one is to be tried again."""

_ETA = re.compile(rb'"eta": ?"([^"]+)"')
"""Time of a step that is to be tried again, in Celery's headers."""


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

    def keep(self, delivery_tag: str) -> None:
        """Begin the time anew after which a step is taken from its worker and given to another."""
        with self.errors():
            # kombu's name; what it does not know any more is not added.
            self._redis.zadd(f"{PREFIX}unacked_index", {delivery_tag: time.time()}, xx=True)

    def waiting(self, wanted: Collection[str]) -> set[str]:
        """Return those of some jobs of which a step waits for a worker."""
        return self._named(wanted, self._waiting())

    def delivered(self, wanted: Collection[str]) -> set[str]:
        """Return those of some jobs of which a step was given to a worker, and is not done.

        The worker may have lost it with its connection to Redis; it is then given to another one
        when the time of ``keep`` is over.
        """
        return self._named(wanted, self._delivered())

    def put_off(self, wanted: Collection[str]) -> set[str]:
        """Return those of some jobs of which a worker is to try a step again later, or may by now.

        It may do so for ``_BUSY_SECONDS`` after the time that is set, as another step may be in
        its hands then.
        """
        late = time.time() - _BUSY_SECONDS
        return self._named(wanted, (text for text in self._delivered() if _time_of(text) > late))

    def _named(self, wanted: Collection[str], steps: Iterator[bytes]) -> set[str]:
        """Return the jobs that are named in some steps; the arguments are in their headers."""
        found: set[str] = set()
        with self.errors():
            while len(found) < len(wanted) and (text := next(steps, None)) is not None:
                found |= {job_id for job_id in set(wanted) - found if job_id.encode() in text}
        return found

    def _delivered(self) -> Iterator[bytes]:
        yield from self._redis.hvals(f"{PREFIX}unacked")  # kombu's name

    def _waiting(self) -> Iterator[bytes]:
        """Read the steps that wait, those that were queued last first."""
        start = 0
        while some := self._redis.lrange(PREFIX + QUEUE, start, start + _PAGE - 1):
            yield from some
            start += _PAGE

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


def _time_of(step: bytes) -> float:
    """Return when a step is to be tried again, in seconds since 1970; 0 if it is not to wait."""
    found = _ETA.search(step)
    with suppress(ValueError):
        return datetime.fromisoformat(found[1].decode()).timestamp() if found else 0.0
    return 0.0


@contextmanager
def sending() -> Iterator[None]:
    """Turn the errors of a step that cannot be queued into WorkersUnavailable."""
    try:
        yield
    except (OperationalError, RedisError) as error:
        raise WorkersUnavailable(f"cannot reach the workers' queue: {error}") from None
