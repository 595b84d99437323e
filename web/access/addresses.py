"""Find the address of a client behind trusted proxies.

Each proxy writes behind ``X-Forwarded-For`` from where it was asked. Read from the end, the first
address that is not a trusted proxy's is the client's; what stands before it anybody may have made
up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from flask import Flask

Networks = Sequence[IPv4Network | IPv6Network]


def is_proxy(address: str, proxies: Networks) -> bool:
    """Tell whether an address is that of a trusted proxy."""
    if not proxies:
        return False
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in proxies)


def client_address(peer: str, forwarded: str, proxies: Networks) -> str:
    """Return the address of the client.

    Args:
        peer: The address that the connection comes from.
        forwarded: The header ``X-Forwarded-For``; several are joined by commas.
        proxies: Networks of the trusted proxies.
    """
    address = peer
    for hop in reversed(forwarded.split(",")):
        if not is_proxy(address, proxies) or (parsed := _parse(hop)) is None:
            break
        address = str(parsed)
    return address


def believe_proxies(app: Flask, proxies: Networks) -> None:
    """Have an application see the address of the client behind its proxies as ``REMOTE_ADDR``."""
    if not proxies:
        return
    inner = app.wsgi_app

    def seen(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
        peer = environ.get("REMOTE_ADDR", "")
        environ["REMOTE_ADDR"] = client_address(peer, forwarded, proxies)
        return inner(environ, start_response)

    app.wsgi_app = seen  # type: ignore[method-assign]


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; some proxies write its port behind it."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
