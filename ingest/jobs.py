"""Jobs: feeds that were given to the workers, and what has become of their products so far.

A job is a hash in Redis, and a second hash with the outcomes of each batch by its number, both kept
for ``KEPT_SECONDS`` after their last change. What a batch gave is recorded once: a batch that is
delivered again changes nothing. Times are those of the Redis server.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from redis import Redis, RedisError

from houndstooth.ingest.outcome import Outcome
from houndstooth.mappings.errors import InvalidConfig, JobNotFound, WorkersUnavailable

KEPT_SECONDS = 7 * 24 * 3600
_RECENT = "houndstooth:jobs"
_PAGE = 100

# KEYS: job, outcomes. ARGV: batch, its outcomes, seconds kept, model, then names and what to add.
_RECORD = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'model', ARGV[4])
for i = 5, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'updated', now[1] .. '.' .. string.format('%06d', now[2]))
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
"""


@dataclass(frozen=True)
class JobRequest:
    """What a job is to do: all that a worker needs to know of it.

    Attributes:
        feed: its path, absolute; image paths are relative to its folder. Workers read both.
        stamp: size and time of the feed's last change: it must stay the same while it is read.
        engine: URL. It may hold a password, so it is neither shown nor logged.
        columns: roles and their columns, as chosen by hand.
        batch: products a batch.
        size: lines of the feed that may hold products, where that is known.
        visual_only: nothing but ``visual`` is written, to products that are there.
    """

    feed: Path
    stamp: str
    engine: str
    columns: Mapping[str, str]
    batch: int
    size: int | None = None
    visual_only: bool = False

    def to_json(self) -> str:
        """As it is kept in Redis."""
        return json.dumps(vars(self) | {"feed": str(self.feed)})

    @classmethod
    def from_json(cls, text: str) -> JobRequest:
        """Read what ``to_json`` wrote."""
        cells = json.loads(text)
        return cls(**cells | {"feed": Path(cells["feed"])})


@dataclass(frozen=True)
class Job:
    """A job as it stands.

    Attributes:
        batches: how many the feed has; None until it has been read to its end.
        done: batches whose outcomes are recorded.
        totals: products by the status of their outcome.
        model: which weights made the features; empty until the first batch is done.
        started: when, in seconds since 1970.
        seconds: from its start to its last recorded batch.
        stopped: why it ended before the feed did, or None.
    """

    job_id: str
    request: JobRequest
    batches: int | None
    done: int
    totals: Mapping[str, int]
    model: str
    started: float
    seconds: float
    stopped: str | None

    @property
    def state(self) -> Literal["running", "finished", "stopped"]:
        """Whether more is to come."""
        if self.stopped is not None:
            return "stopped"
        return "finished" if self.done == self.batches else "running"

    @property
    def products(self) -> int:
        """Products whose outcome is recorded."""
        return sum(self.totals.values())


class Jobs:
    """The jobs in one Redis; every method raises WorkersUnavailable when it is away."""

    def __init__(self, url: str) -> None:
        self._shown = re.sub(r"//.*@", "//", url)
        try:
            self._redis: Any = Redis.from_url(url, decode_responses=True, socket_connect_timeout=5)
        except ValueError as error:
            raise InvalidConfig(
                f"expected HOUNDSTOOTH_REDIS as redis://host:port/0; {error}"
            ) from None
        self._record = self._redis.register_script(_RECORD)

    def ping(self) -> None:
        """Return when Redis answers."""
        with self._errors():
            self._redis.ping()

    def create(self, request: JobRequest) -> str:
        """A new job, with nothing done; returns its id."""
        job_id = secrets.token_hex(6)
        with self._errors():
            seconds, microseconds = self._redis.time()
            now = f"{seconds}.{microseconds:06}"
            fields = {"request": request.to_json(), "started": now, "updated": now}
            with self._redis.pipeline() as pipe:
                pipe.hset(_key(job_id), mapping=fields)
                pipe.expire(_key(job_id), KEPT_SECONDS)
                pipe.zadd(_RECENT, {job_id: now})
                pipe.zremrangebyscore(_RECENT, 0, seconds - KEPT_SECONDS)
                pipe.execute()
        return job_id

    def get(self, job_id: str) -> Job:
        """One job as it stands.

        Raises:
            JobNotFound: none of that id.
        """
        with self._errors():
            fields = self._redis.hgetall(_key(job_id))
        if "request" not in fields:
            raise JobNotFound(
                f"no job {job_id[:40]!r} at {self._shown}; jobs are kept for "
                f"{KEPT_SECONDS // 86_400} days"
            )
        batches = fields.get("batches")
        return Job(
            job_id=job_id,
            request=JobRequest.from_json(fields["request"]),
            batches=None if batches is None else int(batches),
            done=int(fields.get("done", 0)),
            totals={s: int(fields.get(s, 0)) for s in ("written", "unchanged", "failed")},
            model=fields.get("model", ""),
            started=float(fields["started"]),
            seconds=float(fields["updated"]) - float(fields["started"]),
            stopped=fields.get("stopped"),
        )

    def recent(self, most: int = 20) -> list[str]:
        """Ids of the newest jobs, newest first."""
        with self._errors():
            return list(self._redis.zrevrange(_RECENT, 0, most - 1))

    def record(self, job_id: str, number: int, outcomes: list[Outcome], model: str) -> bool:
        """Keep what became of a batch, the first time; returns whether this was the first."""
        counts: dict[str, int] = {"done": 1}
        for outcome in outcomes:
            counts[outcome.status] = counts.get(outcome.status, 0) + 1
        arguments: list[Any] = [number, _pack(outcomes), KEPT_SECONDS, model]
        for name, count in counts.items():
            arguments += [name, count]
        with self._errors():
            return bool(self._record(keys=[_key(job_id), _key(job_id, "outcomes")], args=arguments))

    def has(self, job_id: str, number: int) -> bool:
        """Whether the outcomes of a batch are recorded."""
        with self._errors():
            return bool(self._redis.hexists(_key(job_id, "outcomes"), number))

    def has_read(self, job_id: str, start: int) -> bool:
        """Whether all batches of the stretch from ``start`` on are queued."""
        with self._errors():
            return bool(self._redis.hexists(_key(job_id), f"read:{start}"))

    def mark_read(self, job_id: str, start: int) -> None:
        """All batches of the stretch from ``start`` on are queued."""
        with self._errors():
            self._redis.hset(_key(job_id), f"read:{start}", 1)

    def count_attempt(self, job_id: str, what: str) -> int:
        """How often ``what`` was begun, this time included."""
        with self._errors(), self._redis.pipeline() as pipe:
            pipe.hincrby(_key(job_id, "attempts"), what, 1)
            pipe.expire(_key(job_id, "attempts"), KEPT_SECONDS)
            return int(pipe.execute()[0])

    def forget_attempts(self, job_id: str, what: str) -> None:
        """``what`` came to its end."""
        with self._errors():
            self._redis.hdel(_key(job_id, "attempts"), what)

    def end_feed(self, job_id: str, batches: int) -> None:
        """The feed is read to its end and has so many batches."""
        with self._errors():
            self._redis.hset(_key(job_id), "batches", batches)

    def stop(self, job_id: str, reason: str) -> None:
        """Have no further batch of the job begun; the first reason stays."""
        with self._errors():
            if self._redis.exists(_key(job_id)):
                self._redis.hsetnx(_key(job_id), "stopped", reason)

    def outcomes(self, job_id: str) -> Iterator[list[Outcome]]:
        """What is recorded so far, a batch at a time, in the feed's order."""
        key = _key(job_id, "outcomes")
        with self._errors():
            numbers = sorted(map(int, self._redis.hkeys(key)))
            for start in range(0, len(numbers), _PAGE):
                page = self._redis.hmget(key, numbers[start : start + _PAGE])
                yield from map(_unpack, filter(None, page))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except RedisError as error:
            raise WorkersUnavailable(
                f"expected a Redis at {self._shown} (HOUNDSTOOTH_REDIS): {error}"
            ) from None


def _key(job_id: str, part: str = "") -> str:
    return f"houndstooth:job:{job_id}" + (f":{part}" if part else "")


def _pack(outcomes: list[Outcome]) -> str:
    return json.dumps(
        [[o.product_id, o.status, o.reason, o.failure_type, o.row, o.retryable] for o in outcomes]
    )


def _unpack(text: str) -> list[Outcome]:
    return [Outcome(*cells) for cells in json.loads(text)]
