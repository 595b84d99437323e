"""Count the attempts at the steps of a job, and limit the time that a process takes for each."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from houndstooth.ingest.jobs import Jobs


class _Step(NamedTuple):
    job_id: str
    name: str
    seconds: float


class Steps:
    """The steps that a process has at hand, the outer ones first.

    Args:
        jobs: Where attempts are counted.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._at_hand: list[_Step] = []

    @contextmanager
    def step(self, job_id: str, name: str, seconds: float) -> Iterator[int]:
        """Count an attempt at a step while it is at hand; yield the number of attempts.

        When the time is over the process ends, and its log says where it was: what it had at hand
        is delivered again, as after any death. The limit of an inner step replaces that of the
        outer one.
        """
        with self._jobs.attempt(job_id, name) as attempts:
            self._at_hand.append(_Step(job_id, name, seconds))
            _limit(seconds)
            try:
                yield attempts
            finally:
                faulthandler.cancel_dump_traceback_later()
                self._at_hand.pop()

    @contextmanager
    def paused(self, job_id: str, reason: str) -> Iterator[float]:
        """Neither limit the time nor count attempts, while the engine is away.

        Args:
            job_id: Id of the job that waits.
            reason: Why the engine counts as away.

        Yields:
            Since when it is away, in seconds since 1970.
        """
        faulthandler.cancel_dump_traceback_later()
        yield self._jobs.wait(job_id, reason)
        for step in self._at_hand:
            self._jobs.begin(step.job_id, step.name)
        _limit(self._at_hand[-1].seconds)


def _limit(seconds: float) -> None:
    faulthandler.dump_traceback_later(seconds, exit=True, file=2)
