"""Store ingest jobs in Redis: the feeds given to the workers and the outcomes so far.

A job is a Redis hash, with a second hash for the outcomes by batch number. Both are kept for
``KEPT_SECONDS`` after their last change. The outcomes of a batch are recorded once: a batch that
is delivered again changes nothing. Times are those of the Redis server.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from redis import Redis, RedisError

from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import Outcome, read_outcomes, write_outcomes
from houndstooth.ingest.tally import EXAMPLES, GROUPS, kinds_of
from houndstooth.mappings.errors import InvalidConfig, JobNotFound, WorkersUnavailable

KEPT_SECONDS = 7 * 24 * 3600
_RECENT = "houndstooth:jobs"
_PAGE = 100

# KEYS: job, outcomes, tallies. ARGV: batch number, outcomes, seconds to keep, model, JSON of the
# number to add to each field of the job, examples to keep of a kind, then pairs of a kind and one
# example of it; each pair counts one more of the kind.
_RECORD = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'model', ARGV[4])
for field, number in pairs(cjson.decode(ARGV[5])) do
  redis.call('HINCRBY', KEYS[1], field, number)
end
for i = 7, #ARGV, 2 do
  local count = redis.call('HINCRBY', KEYS[3], ARGV[i], 1)
  if count <= tonumber(ARGV[6]) then
    redis.call('HSET', KEYS[3], ARGV[i] .. '\\t' .. count, ARGV[i + 1])
  end
end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'updated', now[1] .. '.' .. string.format('%06d', now[2]))
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('EXPIRE', KEYS[3], ARGV[3])
return 1
"""


@dataclass(frozen=True)
class JobRequest:
    """The parameters of a job, for the workers.

    Attributes:
        feed: Absolute path of the feed; image paths are relative to its folder. Workers must be
            able to read both.
        stamp: Size and time of the feed's last change; it must not change during the job.
        engine: URL of the engine. Workers have its credentials in their own settings.
        options: What the user says about the feed.
        batch: Products per batch.
        size: Number of lines that may hold products, if known.
        visual_only: Write only ``visual``, to products that are in the index.
    """

    feed: Path
    stamp: str
    engine: str
    options: ReadOptions
    batch: int
    size: int | None = None
    visual_only: bool = False

    def to_json(self) -> str:
        """Convert to JSON, the form in Redis."""
        return json.dumps(asdict(self) | {"feed": str(self.feed)})

    @classmethod
    def from_json(cls, text: str) -> JobRequest:
        """Read the JSON of ``to_json``."""
        data = json.loads(text)
        options = ReadOptions(**data["options"])
        return cls(**data | {"feed": Path(data["feed"]), "options": options})


@dataclass(frozen=True)
class Job:
    """The state of a job.

    Attributes:
        batches: Number of batches; None until the whole feed has been read.
        done: Number of batches whose outcomes are recorded.
        totals: Number of products by status.
        model: Name and version of the weights; empty until the first batch is done.
        started: Start time, in seconds since 1970.
        seconds: Time from the start to the last recorded batch.
        stopped: Why the job stopped before the end of the feed, or None.
        survey: What the feed was read as, the JSON of a Survey; None for jobs of older versions.
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
    survey: Mapping[str, Any] | None = None

    @property
    def state(self) -> Literal["running", "finished", "stopped"]:
        """Return the state: running, finished or stopped."""
        if self.stopped is not None:
            return "stopped"
        return "finished" if self.done == self.batches else "running"

    @property
    def products(self) -> int:
        """Number of products whose outcome is recorded."""
        return sum(self.totals.values())


class Jobs:
    """Stores jobs in one Redis.

    Every method raises WorkersUnavailable if Redis cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._address = re.sub(r"//.*@", "//", url)
        try:
            self._redis: Any = Redis.from_url(url, decode_responses=True, socket_connect_timeout=5)
        except ValueError as error:
            raise InvalidConfig(
                f"expected HOUNDSTOOTH_REDIS as redis://host:port/0; {error}"
            ) from None
        self._record = self._redis.register_script(_RECORD)

    def ping(self) -> None:
        """Return if Redis answers, else raise."""
        with self._errors():
            self._redis.ping()

    def create(self, request: JobRequest, survey: Mapping[str, Any] | None = None) -> str:
        """Create a job and return its id.

        Args:
            request: The parameters.
            survey: What the feed was read as; see Job.
        """
        job_id = secrets.token_hex(6)
        with self._errors():
            seconds, microseconds = self._redis.time()
            now = f"{seconds}.{microseconds:06}"
            fields = {"request": request.to_json(), "started": now, "updated": now}
            fields |= {"survey": json.dumps(survey)} if survey else {}
            with self._redis.pipeline() as pipe:
                pipe.hset(_key(job_id), mapping=fields)
                pipe.expire(_key(job_id), KEPT_SECONDS)
                pipe.zadd(_RECENT, {job_id: now})
                pipe.zremrangebyscore(_RECENT, 0, seconds - KEPT_SECONDS)
                pipe.execute()
        return job_id

    def get(self, job_id: str) -> Job:
        """Read the state of a job.

        Raises:
            JobNotFound: No job has that id.
        """
        with self._errors():
            fields = self._redis.hgetall(_key(job_id))
        if "request" not in fields:
            raise JobNotFound(
                f"no job {job_id[:40]!r} at {self._address}; jobs are kept for "
                f"{KEPT_SECONDS // 86_400} days"
            )
        batches = fields.get("batches")
        return Job(
            job_id=job_id,
            request=JobRequest.from_json(fields["request"]),
            batches=None if batches is None else int(batches),
            done=int(fields.get("done", 0)),
            totals={
                s: int(fields.get(s, 0)) for s in ("written", "unchanged", "left_out", "failed")
            },
            model=fields.get("model", ""),
            started=float(fields["started"]),
            seconds=float(fields["updated"]) - float(fields["started"]),
            stopped=fields.get("stopped"),
            survey=json.loads(fields["survey"]) if "survey" in fields else None,
        )

    def recent(self, limit: int = 20) -> list[str]:
        """Return the ids of the newest jobs, newest first."""
        with self._errors():
            return list(self._redis.zrevrange(_RECENT, 0, limit - 1))

    def record(self, job_id: str, number: int, outcomes: list[Outcome], model: str) -> bool:
        """Record the outcomes of a batch unless they are recorded; return whether they were new."""
        counts: Counter[str] = Counter(done=1)
        counts.update(outcome.status for outcome in outcomes)
        arguments: list[Any] = [number, write_outcomes(outcomes), KEPT_SECONDS, model]
        arguments += [json.dumps(counts), EXAMPLES]
        for outcome in outcomes:
            for group, kind, example in kinds_of(outcome):
                arguments += [f"{group}\t{kind}", example]
        keys = [_key(job_id), _key(job_id, "outcomes"), _key(job_id, "tallies")]
        with self._errors():
            return bool(self._record(keys=keys, args=arguments))

    def tallies(self, job_id: str) -> dict[str, dict[str, Any]]:
        """Return counts and examples by kind, by group; see ``ingest.tally``."""
        with self._errors():
            fields = self._redis.hgetall(_key(job_id, "tallies"))
        tallies: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
        counted = {name: int(value) for name, value in fields.items() if name.count("\t") == 1}
        for name in sorted(counted, key=lambda name: (-counted[name], name)):
            group, kind = name.split("\t")
            found = (fields.get(f"{name}\t{n}") for n in range(1, EXAMPLES + 1))
            examples = [example for example in found if example is not None]
            tallies[group][kind] = {"count": counted[name], "examples": examples}
        return tallies

    def has(self, job_id: str, number: int) -> bool:
        """Tell whether the outcomes of a batch are recorded."""
        with self._errors():
            return bool(self._redis.hexists(_key(job_id, "outcomes"), number))

    def has_read(self, job_id: str, start: int) -> bool:
        """Tell whether the part of the feed from batch ``start`` on is queued."""
        with self._errors():
            return bool(self._redis.hexists(_key(job_id), f"read:{start}"))

    def mark_read(self, job_id: str, start: int) -> None:
        """Record that the part of the feed from batch ``start`` on is queued."""
        with self._errors():
            self._redis.hset(_key(job_id), f"read:{start}", 1)

    def count_attempt(self, job_id: str, step: str) -> int:
        """Count an attempt at a step; return the number of attempts, this one included."""
        with self._errors(), self._redis.pipeline() as pipe:
            pipe.hincrby(_key(job_id, "attempts"), step, 1)
            pipe.expire(_key(job_id, "attempts"), KEPT_SECONDS)
            return int(pipe.execute()[0])

    def forget_attempts(self, job_id: str, step: str) -> None:
        """Reset the attempts at a step that has ended."""
        with self._errors():
            self._redis.hdel(_key(job_id, "attempts"), step)

    def end_feed(self, job_id: str, batches: int) -> None:
        """Record the number of batches, once the whole feed has been read."""
        with self._errors():
            self._redis.hset(_key(job_id), "batches", batches)

    def stop(self, job_id: str, reason: str) -> None:
        """Stop the job before its next batch; the first reason is kept."""
        with self._errors():
            if self._redis.exists(_key(job_id)):
                self._redis.hsetnx(_key(job_id), "stopped", reason)

    def outcomes(self, job_id: str) -> Iterator[list[Outcome]]:
        """Yield the recorded outcomes, one batch at a time, in feed order."""
        key = _key(job_id, "outcomes")
        with self._errors():
            numbers = sorted(map(int, self._redis.hkeys(key)))
            for start in range(0, len(numbers), _PAGE):
                page = self._redis.hmget(key, numbers[start : start + _PAGE])
                yield from map(read_outcomes, filter(None, page))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except RedisError as error:
            raise WorkersUnavailable(
                f"expected a Redis at {self._address} (HOUNDSTOOTH_REDIS): {error}"
            ) from None


def _key(job_id: str, part: str = "") -> str:
    return f"houndstooth:job:{job_id}" + (f":{part}" if part else "")
