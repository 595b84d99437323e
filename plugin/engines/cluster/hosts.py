"""Find other nodes of a cluster of which one host is named, in case that one dies."""

from __future__ import annotations

import random
import socket
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from opensearchpy import OpenSearch, Transport
from opensearchpy.connection_pool import ConnectionSelector
from opensearchpy.exceptions import OpenSearchException

PROBE_SECONDS = 2
"""Time for an answer to a question about nodes."""

MOST = 3
"""Most other nodes that are learnt."""

WITHOUT_DATA = {"cluster_manager", "master", "voting_only", "remote_cluster_client"}
"""Roles of a node that manages the cluster and is not to be asked for documents."""

Host = dict[str, Any]
"""Name and port of a host, as the client takes them."""


def learn_hosts(client: OpenSearch) -> bool:
    """Let a client of one host ask other nodes of its cluster while that host is down.

    They are learnt only if a node publishes the host's own address: behind a proxy, or in a network
    of containers, the published addresses may lead elsewhere. Of the others, those are taken that
    answer there with their own id.

    Returns:
        Whether there are others.
    """
    transport = client.transport
    (named,) = transport.hosts
    nodes = _published(client)
    own = _addresses(named)
    others = {key: host for key, host in nodes.items() if own.isdisjoint(_addresses(host))}
    if len(others) == len(nodes):
        return False
    order = random.sample(list(others), len(others))
    found = islice((others[key] for key in order if _answers(transport, others[key], key)), MOST)
    hosts = [named, *found]
    if len(hosts) > 1:
        transport.kwargs["selector_class"] = _NamedFirst
        transport.retry_on_timeout = True
        transport.set_connections(hosts)
    return len(hosts) > 1


class _NamedFirst(ConnectionSelector):
    """Selects the host that was named while it lives, else any other."""

    def select(self, connections: Any) -> Any:
        """Select one of the connections that live."""
        named = next(iter(self.connection_opts))
        return named if named in connections else random.choice(connections)


def _published(client: OpenSearch) -> dict[str, Host]:
    """Read the hosts of nodes with data, by node id; none if the cluster does not tell them."""
    path = "nodes.*.roles,nodes.*.http.publish_address"
    try:
        answer = client.nodes.info(
            metric="http", params={"filter_path": path}, request_timeout=PROBE_SECONDS
        )
    except OpenSearchException:
        return {}
    hosts = {}
    for key, node in answer.get("nodes", {}).items():
        name, _, address = node.get("http", {}).get("publish_address", "").rpartition("/")
        parts = urlsplit(f"//{address}")
        roles = node.get("roles", [])
        if parts.port and not (roles and WITHOUT_DATA.issuperset(roles)):
            hosts[key] = {"host": name or parts.hostname, "port": parts.port}
    return hosts


def _addresses(host: Host) -> set[tuple[str, int]]:
    """Resolve a host to addresses and ports; none if there is no such name."""
    try:
        found = socket.getaddrinfo(host["host"], host["port"], type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {(str(address[0]), int(address[1])) for *_, address in found}


def _answers(transport: Transport, host: Host, node_id: str) -> bool:
    """Tell whether the node of this id answers at a host."""
    connection: Any = transport.connection_class(**transport.kwargs, **host)
    try:
        path, params = "/_nodes/_local/http", {"filter_path": "nodes.*.name"}
        _, _, text = connection.perform_request("GET", path, params, timeout=PROBE_SECONDS)
    except OpenSearchException:
        return False
    finally:
        connection.close()
    return node_id in text
