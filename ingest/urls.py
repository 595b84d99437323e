"""Fetch by http(s) URL without giving a feed access to the local network.

URLs are not trusted (server-side request forgery). Each host is resolved once, all of its
addresses must be public, and the connection is made to a checked address; a later change of the
DNS entry has no effect. A redirect is checked in the same way. Bytes, redirects and time are
limited. Proxies, cookies and passwords are not used.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Timer
from time import monotonic
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from houndstooth.mappings.errors import InvalidInput

MAX_REDIRECTS = 4
CONNECT_SECONDS = 5.0

PORTS = {"http": 80, "https": 443}
RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses after which a retry may succeed."""

_BLOCK = 64 * 1024
_RESOLVERS = ThreadPoolExecutor(16, "resolver")
"""Ask for addresses, which has no time limit of its own."""
_NAT64 = IPv6Network("64:ff9b::/96")
# Special-purpose networks of IANA's registries that some versions of Python count as public.
_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "5f00::/16")))


@dataclass(frozen=True)
class Guard:
    """Rules for fetching one kind of thing. Threads may share it.

    Attributes:
        thing: What is fetched, with its article, for messages: ``an image``.
        invalid: Class of the error if the URL is not allowed or a retry would fail too.
        unavailable: Class of the error if a retry may succeed.
        headers: HTTP headers of each request.
        hosts: The shop's own hosts, names or addresses in lower case; their addresses may be
            private.
        seconds: Time limit for one thing, redirects included.
        read_seconds: Time limit for each single read.
    """

    thing: str
    invalid: type[InvalidInput]
    unavailable: type[InvalidInput]
    headers: Mapping[str, str]
    hosts: Collection[str]
    seconds: float
    read_seconds: float

    @contextmanager
    def get(self, reference: str, headers: Mapping[str, str] | None = None) -> Iterator[Answer]:
        """Request a URL; errors of the network inside the block become the guard's own.

        Args:
            reference: The URL.
            headers: Further HTTP headers.
        """
        deadline = monotonic() + self.seconds
        try:
            with ExitStack() as stack:
                yield self._follow(reference, deadline, {**self.headers, **(headers or {})}, stack)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            thing = self.thing.partition(" ")[2]
            if monotonic() >= deadline:
                raise self.unavailable(
                    f"expected the {thing} within {self.seconds:g} s: {_quote(reference)}"
                ) from None
            error_class = self.invalid if _is_permanent(error) else self.unavailable
            raise error_class(f"cannot fetch the {thing} {_quote(reference)}: {error}") from None

    def _follow(
        self, reference: str, deadline: float, headers: Mapping[str, str], stack: ExitStack
    ) -> Answer:
        address = reference
        for _ in range(MAX_REDIRECTS + 1):
            with ExitStack() as hop:
                exchange = self._exchange(self._checked_url(address), deadline, headers)
                response = hop.enter_context(exchange)
                redirect = response.get_redirect_location()
                if not redirect:
                    stack.push(hop.pop_all())
                    return Answer(self, response, address, deadline)
                address = urljoin(address, redirect)
        raise self.invalid(
            f"expected at most {MAX_REDIRECTS} redirects; got more from {_quote(reference)}"
        )

    @contextmanager
    def _exchange(
        self, url: Url, deadline: float, headers: Mapping[str, str]
    ) -> Iterator[BaseHTTPResponse]:
        with ExitStack() as stack:
            raw = stack.enter_context(self._connect(url, deadline))
            # TLS takes over the first handle; shutting down the second ends all waiting reads.
            handle = stack.enter_context(raw.dup())
            alarm = Timer(max(0.0, deadline - monotonic()), _shut_down, [handle])
            alarm.daemon = True
            stack.callback(alarm.cancel)
            alarm.start()
            connection = HTTPConnection(_host(url), _port(url), timeout=self.read_seconds)
            stack.callback(connection.close)
            raw.settimeout(self.read_seconds)
            connection.sock = raw
            if url.scheme == "https":
                connection.sock = _tls().wrap_socket(raw, server_hostname=_host(url))
            connection.request(
                "GET",
                url.request_uri,
                headers={"Host": url.netloc or "", **headers},
                preload_content=False,
            )
            yield stack.enter_context(closing(connection.getresponse()))

    def _connect(self, url: Url, deadline: float) -> socket.socket:
        """Connect to one of the checked addresses."""
        ask = partial(socket.getaddrinfo, _host(url), _port(url), type=socket.SOCK_STREAM)
        addresses = _RESOLVERS.submit(ask).result(timeout=max(0.001, deadline - monotonic()))
        if _host(url) not in self.hosts:
            for *_, endpoint in addresses:
                self._check_public(url, str(endpoint[0]))
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

    def _check_public(self, url: Url, address: str) -> None:
        if not is_public(ip_address(address)):
            raise self.invalid(
                # The address is not told: reports are read by others than those who run this.
                f"expected {self.thing} at a public address; that of {_host(url)} is not (a "
                "shop's own hosts are named in HOUNDSTOOTH_IMAGE_HOSTS)"
            )

    def _checked_url(self, address: str) -> Url:
        url = parse_url(address)
        if url.scheme not in PORTS or not url.host:
            raise self.invalid(f"expected an http or https URL; got {_quote(address)}")
        if url.auth is not None:
            raise self.invalid(f"expected a URL without user name and password for {url.host}")
        return url


@dataclass(frozen=True)
class Answer:
    """The answer to a request, whose body is not read yet.

    Attributes:
        guard: The rules for it.
        response: Status and headers.
        address: URL of the last redirect.
        deadline: When the time is over, on the monotonic clock.
    """

    guard: Guard
    response: BaseHTTPResponse
    address: str
    deadline: float

    def blocks(self, max_bytes: int) -> Iterator[bytes]:
        """Read the body, encoded as it is.

        Raises:
            InvalidInput: The guard's error: the status is not 200, or there are more bytes.
        """
        guard, status = self.guard, self.response.status
        if status != 200:
            error_class = guard.unavailable if status in RETRYABLE_STATUSES else guard.invalid
            login = " (it asks for a login)" if status in (401, 403) else ""
            raise error_class(
                f"expected {guard.thing}; got HTTP {status} from {_quote(self.address)}{login}"
            )
        read, size = 0, int(self.response.headers.get("Content-Length") or 0)
        blocks = self.response.stream(_BLOCK, decode_content=False)
        while size <= max_bytes:
            block = next(blocks, b"")
            if monotonic() >= self.deadline:
                raise TimeoutError
            if not block:
                return
            read += len(block)
            size = max(size, read)
            if size <= max_bytes:
                yield block
        raise guard.invalid(
            f"expected {guard.thing} of at most {max_bytes} bytes; got more from "
            f"{_quote(self.address)}"
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
