"""Send requests to the hosts of one cluster, OpenSearch or Elasticsearch, in plain JSON."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from math import inf
from time import monotonic, sleep
from typing import Any

from opensearchpy import OpenSearch, Urllib3HttpConnection
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import ConnectionTimeout, TransportError
from opensearchpy.serializer import JSONSerializer
from urllib3 import Timeout

from houndstooth.plugin.credentials import Credentials
from houndstooth.plugin.engines.cluster.errors import LOST_CONTEXT
from houndstooth.plugin.engines.cluster.hosts import learn_hosts
from houndstooth.plugin.engines.patience import seconds_left

Json = dict[str, Any]

ONE_COPY = {"OpenSearch": "_primary_first", "Elasticsearch": "houndstooth"}
"""The preference with which changes, filters and hits are read from one copy of each shard.

Copies refresh at different times. Read from another one, a product could pass a filter in a state
that is not the one that is shown. Elasticsearch no longer knows the primary: searches with equal
names go to one copy.
"""

SEARCH_PARAMS = {
    "OpenSearch": {"allow_partial_search_results": "false", "search_pipeline": "_none"},
    "Elasticsearch": {"allow_partial_search_results": "false"},
}
"""Parameters of every search: all shards answer, and no search pipeline of the shop's cuts hits."""

TIMEOUT_SECONDS = 60
"""Time for an answer to a write, or from the only host."""

READ_TIMEOUT_SECONDS = 15
"""Time for an answer to a read, where another host can be asked."""

CONNECT_SECONDS = 5
"""Time to connect to a host."""

CONNECTIONS = 32
"""Connections that are kept to each host; further ones are closed after their request."""

RETRY_SECONDS = 30
"""Time after which a failing read is given up, where there are several hosts."""

DEAD_SECONDS = 1
"""Time for which a host that failed is passed over. Each further failure doubles it, up to 16."""

PASSING = (429, 502, 503, 504)
"""HTTP statuses of a read that may succeed on another host or a little later."""

AWAY = ("node_disconnected_exception", "node_not_connected_exception", "node_closed_exception")
"""Causes of other errors that may pass as well: a node died in the middle of a search."""

AWAY_IN_FETCH = (*AWAY, LOST_CONTEXT)
"""Those of a search by which no view was opened before; the node may be back by then."""

LARGE_ANSWER = 100_000
"""Length of an answer that is parsed without garbage collection."""


class Cluster:
    """The hosts of a cluster; one that is down costs no answer and is tried again later.

    Args:
        product: OpenSearch or Elasticsearch.
        address: URL of the hosts, for messages.
        client: Sends the requests to one of the hosts.
        has_several_hosts: Whether a host that fails is passed over.
    """

    def __init__(
        self, product: str, address: str, client: OpenSearch, has_several_hosts: bool = False
    ) -> None:
        self.product, self.one_copy = product, ONE_COPY[product]
        self.address, self.client = address, client
        self._has_several_hosts = has_several_hosts
        self._has_looked = False
        self._search_params = SEARCH_PARAMS[product]

    def copy_of(self, shard: str) -> str:
        """Return the preference with which one shard is read, always from the same copy."""
        return f"_shards:{shard}|{self.one_copy}"

    def read(
        self, request: Callable[..., Any], causes: Sequence[str] = AWAY, **arguments: Any
    ) -> Any:
        """Send a read request. If a host fails, ask the others, for about RETRY_SECONDS.

        Where one host is named, others are those that the first answer leads to; see learn_hosts.

        Args:
            request: A method of ``client``.
            causes: Causes of errors that may pass, beside PASSING.
            arguments: Its arguments.
        """
        if not self._has_several_hosts:
            answer = request(**arguments)
            if not self._has_looked:
                self._has_looked = True
                self._has_several_hosts = learn_hosts(self.client)
            return answer
        timeout = Timeout(connect=CONNECT_SECONDS, read=READ_TIMEOUT_SECONDS)
        return repeated(
            lambda: request(**arguments, request_timeout=timeout),
            min(RETRY_SECONDS, seconds_left()),
            partial(_is_passing, causes=causes),
        )

    def ask(self, index: str, body: Json, **params: str) -> Json:
        """Search all shards of an index or fail, and return the answer.

        Args:
            index: Name of the index.
            body: The search.
            params: Further parameters of the request.
        """
        params = self._search_params | params
        arguments: Json = {"index": index, "body": body, "params": params}
        answer: Json = self.read(self.client.search, AWAY_IN_FETCH, **arguments)
        return answer

    def search(self, index: str, body: Json, filter_path: str, **params: str) -> list[Json]:
        """Search all shards of an index or fail, and return the hits.

        Args:
            index: Name of the index.
            body: The search.
            filter_path: What to return.
            params: Further parameters of the request.
        """
        answer = self.ask(index, body, filter_path=filter_path, **params)
        hits: list[Json] = answer.get("hits", {}).get("hits", [])
        return hits


def connect(
    product: str, hosts: Sequence[tuple[str, int]], tls: bool, credentials: Credentials
) -> Cluster:
    """Make the client of a cluster, without sending a request.

    Args:
        product: OpenSearch or Elasticsearch.
        hosts: Host names and ports, at least one.
        tls: Use TLS and verify the certificates.
        credentials: Credentials for all hosts.

    Raises:
        InvalidConfig: The credentials cannot be used.
    """
    several = len(hosts) > 1
    client = OpenSearch(
        hosts=[{"host": host, "port": port} for host, port in hosts],
        use_ssl=tls,
        timeout=Timeout(connect=CONNECT_SECONDS, read=TIMEOUT_SECONDS),
        max_retries=max(3, len(hosts)),
        pool_maxsize=CONNECTIONS,
        retry_on_timeout=several,
        dead_timeout=DEAD_SECONDS,
        timeout_cutoff=4,
        serializer=_Parser(),
        connection_class=_Connection,
        **credentials.client_options(tls),
    )
    names = ",".join(f"{host}:{port}" for host, port in hosts)
    return Cluster(product, f"{'https' if tls else 'http'}://{names}", client, several)


def repeated(
    send: Callable[[], Any], seconds: float, is_passing: Callable[[TransportError], bool]
) -> Any:
    """Send a request until it is answered, with growing pauses.

    Args:
        send: Sends it.
        seconds: How long to go on.
        is_passing: Whether a later attempt may succeed after this error; others are raised.
    """
    deadline, pause = monotonic() + seconds, 0.05
    while True:
        try:
            return send()
        except TransportError as error:
            if not is_passing(error) or monotonic() + pause > deadline:
                raise
        sleep(pause)
        pause = min(2 * pause, 1.0)


@contextmanager
def garbage_kept() -> Iterator[None]:
    """Pause the garbage collector while an answer with very many objects is read.

    None of them is garbage, yet the collector would walk through all of them again and again,
    which takes longer than the reading.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Connection(Urllib3HttpConnection):
    """Waits for an answer at most half of the time that is left; the rest is for another host."""

    def perform_request(self, *arguments: Any, **options: Any) -> Any:
        left = seconds_left()
        if not left:
            raise ConnectionTimeout("TIMEOUT", "the time for its answers is over", None)
        if left < inf:
            given = options.get("timeout")
            seconds = given if isinstance(given, int | float) else inf
            options["timeout"] = Timeout(total=min(seconds, left / 2))
        return super().perform_request(*arguments, **options)


class _Parser(JSONSerializer):
    """Parses large answers without garbage collection."""

    def loads(self, s: str) -> Any:
        if len(s) < LARGE_ANSWER:
            return super().loads(s)
        with garbage_kept():
            return super().loads(s)


def _is_passing(error: TransportError, causes: Sequence[str]) -> bool:
    if isinstance(error, NoConnection) or error.status_code in PASSING:
        return True
    text = str(error.info)
    return any(name in text for name in causes)
