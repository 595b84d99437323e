"""Fetch images by http(s) URL without giving a feed access to the local network.

The URLs of a feed are not trusted (server-side request forgery). Each host is resolved once, all
of its addresses must be public, and the connection is made to a checked address; a later change
of the DNS entry has no effect. A redirect is checked in the same way. Bytes, redirects and time
are limited. Proxies, cookies and passwords are not used.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Timer
from time import monotonic
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from houndstooth.mappings.errors import ImageUnavailable, InvalidImage

MAX_BYTES = 32 * 1024 * 1024
MAX_REDIRECTS = 4
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 30.0
"""Time limit for one image, redirects included; ``READ_SECONDS`` limits each single read."""

PORTS = {"http": 80, "https": 443}
RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses after which a retry may succeed."""

_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "houndstooth"}
_BLOCK = 64 * 1024
_NAT64 = IPv6Network("64:ff9b::/96")
# Special-purpose networks of IANA's registries that some versions of Python count as public.
_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "5f00::/16")))


@dataclass(frozen=True)
class UrlImages:
    """A loader of images by URL. Threads may share it.

    Attributes:
        max_bytes: Maximum size of an image.
        hosts: The shop's own image hosts, names or addresses in lower case; their addresses may
            be private.
        seconds: Time limit for one image.
    """

    max_bytes: int = MAX_BYTES
    hosts: Collection[str] = frozenset()
    seconds: float = TOTAL_SECONDS

    def __call__(self, reference: str) -> bytes:
        """Fetch the bytes at a URL.

        Raises:
            ImageUnavailable: The server failed (time-out, lost connection, HTTP 503 …); a retry
                may succeed.
            InvalidImage: The URL is not allowed, or the image is missing or too large.
        """
        deadline = monotonic() + self.seconds
        try:
            return self._follow(reference, deadline)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            if monotonic() >= deadline:
                raise ImageUnavailable(
                    f"expected the image within {self.seconds:g} s: {_quote(reference)}"
                ) from None
            error_class = InvalidImage if _is_permanent(error) else ImageUnavailable
            raise error_class(f"cannot fetch the image {_quote(reference)}: {error}") from None

    def _follow(self, reference: str, deadline: float) -> bytes:
        address = reference
        for _ in range(MAX_REDIRECTS + 1):
            with self._exchange(_checked_url(address), deadline) as response:
                redirect = response.get_redirect_location()
                if not redirect:
                    return self._read(response, address, deadline)
                address = urljoin(address, redirect)
        raise InvalidImage(
            f"expected at most {MAX_REDIRECTS} redirects; got more from {_quote(reference)}"
        )

    @contextmanager
    def _exchange(self, url: Url, deadline: float) -> Iterator[BaseHTTPResponse]:
        with ExitStack() as stack:
            raw = stack.enter_context(self._connect(url, deadline))
            # TLS takes over the first handle; shutting down the second ends all waiting reads.
            handle = stack.enter_context(raw.dup())
            alarm = Timer(max(0.0, deadline - monotonic()), _shut_down, [handle])
            alarm.daemon = True
            stack.callback(alarm.cancel)
            alarm.start()
            connection = HTTPConnection(_host(url), _port(url), timeout=READ_SECONDS)
            stack.callback(connection.close)
            raw.settimeout(READ_SECONDS)
            connection.sock = raw
            if url.scheme == "https":
                connection.sock = _tls().wrap_socket(raw, server_hostname=_host(url))
            connection.request(
                "GET",
                url.request_uri,
                headers={"Host": url.netloc or "", **_HEADERS},
                preload_content=False,
            )
            yield stack.enter_context(closing(connection.getresponse()))

    def _connect(self, url: Url, deadline: float) -> socket.socket:
        """Connect to one of the checked addresses."""
        addresses = socket.getaddrinfo(_host(url), _port(url), type=socket.SOCK_STREAM)
        if _host(url) not in self.hosts:
            for *_, endpoint in addresses:
                _check_public(url, str(endpoint[0]))
        failure = OSError("it has no address")
        for family, socket_type, protocol, _, endpoint in addresses:
            connection = socket.socket(family, socket_type, protocol)
            connection.settimeout(min(CONNECT_SECONDS, max(0.001, deadline - monotonic())))
            try:
                connection.connect(endpoint)
                return connection
            except OSError as error:
                connection.close()
                failure = error
        raise failure

    def _read(self, response: BaseHTTPResponse, address: str, deadline: float) -> bytes:
        if response.status != 200:
            retryable = response.status in RETRYABLE_STATUSES
            error_class = ImageUnavailable if retryable else InvalidImage
            raise error_class(
                f"expected an image; got HTTP {response.status} from {_quote(address)}"
            )
        data = bytearray()
        size = int(response.headers.get("Content-Length") or 0)
        blocks = response.stream(_BLOCK, decode_content=False)
        while size <= self.max_bytes:
            block = next(blocks, b"")
            if monotonic() >= deadline:
                raise TimeoutError
            if not block:
                return bytes(data)
            data += block
            size = max(size, len(data))
        raise InvalidImage(
            f"expected an image of at most {self.max_bytes} bytes; got more from {_quote(address)}"
        )


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is on the public Internet.

    Private, loopback, link-local, multicast, reserved, unspecified and carrier-grade NAT addresses
    are not, nor are IPv6 forms of such IPv4 addresses.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    if any(address in network for network in _SPECIAL if network.version == address.version):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_private
    )


def _check_public(url: Url, address: str) -> None:
    if not is_public(ip_address(address)):
        raise InvalidImage(
            f"expected an image at a public address; {_host(url)} is at {address} (a shop's own "
            "image hosts are named in HOUNDSTOOTH_IMAGE_HOSTS)"
        )


def _checked_url(address: str) -> Url:
    url = parse_url(address)
    if url.scheme not in PORTS or not url.host:
        raise InvalidImage(f"expected an http or https URL; got {_quote(address)}")
    if url.auth is not None:
        raise InvalidImage(f"expected a URL without user name and password for {url.host}")
    return url


def _host(url: Url) -> str:
    return (url.host or "").strip("[]").lower()


def _port(url: Url) -> int:
    return url.port or PORTS[url.scheme or ""]


def _quote(address: str) -> str:
    return repr(address if len(address) <= 200 else f"{address[:200]}…")


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _is_permanent(error: Exception) -> bool:
    """Tell whether a retry would fail too: malformed URL, unknown host, bad certificate."""
    if isinstance(error, socket.gaierror):
        return error.errno != socket.EAI_AGAIN
    return isinstance(error, ValueError | ssl.SSLCertVerificationError)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
