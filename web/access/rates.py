"""Limit how many requests come with one key, without one from one address, or unsigned."""

from __future__ import annotations

import logging
from ipaddress import IPv6Address, ip_address
from math import ceil
from time import time
from typing import cast

from limits import RateLimitItem, parse, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from houndstooth.plugin.access import Access
from houndstooth.plugin.keys import Key

REDIS_SECONDS = 0.5
"""Time that Redis has to count a request."""

AWAY_SECONDS = 10
"""Time for which a Redis that did not answer is not asked; each process counts meanwhile."""

UNSIGNED = parse("30/minute")
"""Webhooks without a right signature that one address may send."""

_LOG = logging.getLogger(__name__)


class Rates:
    """The rate limits of a service. Threads may share it.

    Args:
        access: The settings.
    """

    def __init__(self, access: Access) -> None:
        self._address = parse_many(access.rate_limit) if access.rate_limit else []
        self._key = parse_many(access.key_rate_limit) if access.key_rate_limit else []
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = _in_redis(access.rate_redis) if access.rate_redis else None
        self._away_until = 0.0

    def count(self, key: Key | None, address: str, own: RateLimitItem | None = None) -> None:
        """Count a request.

        Args:
            key: Its key.
            address: Where it comes from.
            own: Limit of what it asks for, where it has no key.

        Raises:
            TooManyRequests: There were too many; it says after how many seconds there is room.
        """
        limits = self._key if key else self._address
        who = ("key", key.key_id) if key else ("address", _network(address))
        counted: list[tuple[RateLimitItem, tuple[str, ...]]] = [(limit, who) for limit in limits]
        if own and not key:
            counted.append((own, (*who, "own")))
        for limit, counter in counted:
            if wait := self._hit(limit, counter):
                raise TooManyRequests(
                    f"expected at most {limit} from one {who[0]}; got more: try again in {wait} s",
                    retry_after=wait,
                )

    def _hit(self, limit: RateLimitItem, who: tuple[str, ...]) -> int:
        """Count a request; return after how many seconds there is room, 0 if there is now."""
        if self._shared and time() >= self._away_until:
            try:
                return _hit(self._shared, limit, who)
            except StorageError as error:
                self._away_until = time() + AWAY_SECONDS
                _LOG.warning("requests are counted by each process alone: %s", error)
        return _hit(self._own, limit, who)


class Unsigned:
    """The webhooks that came without a right signature, by address. Threads may share it.

    Each process counts by itself, so that the thread that receives requests waits for nothing.
    """

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, address: str) -> None:
        """Count a webhook without a right signature."""
        self._limiter.hit(UNSIGNED, _network(address))

    def wait(self, address: str) -> int:
        """Return after how many seconds an address may send a webhook, 0 if it may now."""
        network = _network(address)
        return 0 if self._limiter.test(UNSIGNED, network) else _wait(self._limiter, network)

    def check(self, address: str) -> None:
        """Raise if an address has sent too many.

        Raises:
            TooManyRequests: It says after how many seconds there is room.
        """
        if wait := self.wait(address):
            raise TooManyRequests(too_many_unsigned(wait), retry_after=wait)


def too_many_unsigned(wait: int) -> str:
    """Return the message for an address that has to wait for some seconds."""
    return (
        f"expected at most {UNSIGNED} without a right signature from one address; got more: "
        f"try again in {wait} s"
    )


def _hit(limiter: MovingWindowRateLimiter, limit: RateLimitItem, who: tuple[str, ...]) -> int:
    if limiter.hit(limit, *who):
        return 0
    return _wait(limiter, *who, limit=limit)


def _wait(limiter: MovingWindowRateLimiter, *who: str, limit: RateLimitItem = UNSIGNED) -> int:
    reset = limiter.get_window_stats(limit, *who).reset_time
    return max(1, ceil(reset - time()))


def _in_redis(url: str) -> MovingWindowRateLimiter:
    seconds = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    storage = storage_from_string(url, wrap_exceptions=True, **seconds)
    return MovingWindowRateLimiter(cast(Storage, storage))


def _network(address: str) -> str:
    """Return an address, or the network of 64 bits that one holder of an IPv6 address has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped:
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return address
