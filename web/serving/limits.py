"""Define the limits of a server."""

from __future__ import annotations

from dataclasses import dataclass

LIGHT_THREADS, LIGHT_QUEUE = 4, 256
"""Requests at a time, and waiting ones, of those that take neither networks nor an engine."""

WRITE_THREADS, WRITE_QUEUE = 2, 8
"""Writes of products at a time, and waiting ones. They take no thread of a search."""

QUEUE_SECONDS = 2
"""Time for which a request waits for a thread; then it is refused."""

RECEIVE_SECONDS = 30
"""Time for a request to arrive, from its connection or from the answer before it."""

REFUSED_SECONDS = 5
"""Time for which the rest of a refused upload is read, so that its client reads the refusal."""

SWITCH_SECONDS = 0.0005
"""Time after which a thread lets another one run Python, a tenth of the default.

The thread that listens needs its turn several times for an answer, between threads that compute.
"""

RETRY_SECONDS = 1
"""The header ``Retry-After`` of a refusal."""


@dataclass(frozen=True)
class Limits:
    """Limits of what a server does at a time.

    Attributes:
        threads: Searches that are served at a time.
        queue: Searches that wait for a thread; further ones are refused.
        connections: Open connections; the longest waiting one makes room for a further one. One
            address holds at most half of them.
        drain_seconds: Time to finish what was accepted, after SIGTERM.
    """

    threads: int = 8
    queue: int = 4
    connections: int = 500
    drain_seconds: int = 8
