"""Define who may call the web service, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from houndstooth.plugin import setting_readers as readers
from houndstooth.plugin.keys import Key, read_records
from houndstooth.plugin.variables import Reader

WEBHOOK_SECRETS = ("shopify_secret", "woocommerce_secret")
"""Fields of ``Access`` that are shown to nobody."""


@dataclass(frozen=True)
class Access:
    """The settings of access; the table of ``plugin.config`` has the variable of each.

    Attributes:
        keys: File of the API keys.
        key_records: Further API keys.
        search_keys: Whether searches need a key too.
        rate_limit: Requests of one address without a key, such as ``60/minute``; "" = any number.
        key_rate_limit: Requests with one key, likewise.
        rate_redis: URL of the Redis that counts them; "" = each process counts by itself.
        proxies: Networks of the proxies whose ``X-Forwarded-For`` is believed.
        cors_origins: Origins whose pages may call REST.
        shopify_secret, woocommerce_secret: Secrets by which webhooks are signed; "" = none are
            taken.
    """

    keys: Path = Path("var/keys.json")
    key_records: tuple[Key, ...] = ()
    search_keys: bool = False
    rate_limit: str = ""
    key_rate_limit: str = ""
    rate_redis: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    cors_origins: tuple[str, ...] = ()
    shopify_secret: str = field(default="", repr=False)
    woocommerce_secret: str = field(default="", repr=False)


ACCESS = Access()
"""No keys, no limits, no proxies and no other origins."""

READERS: Mapping[str, Reader] = {
    "keys": Path,
    "key_records": read_records,
    "search_keys": readers.yes_or_no,
    "rate_limit": readers.rate_limit,
    "key_rate_limit": readers.rate_limit,
    "rate_redis": readers.redis,
    "proxies": readers.networks,
    "cors_origins": readers.origins,
    "shopify_secret": str,
    "woocommerce_secret": str,
}
