"""Ask a cluster which server it runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import TransportError

from houndstooth.plugin.engines.cluster.client import Cluster, Json

TESTED = {"OpenSearch": ("2.19", "3.8"), "Elasticsearch": ("8.19", "9.2")}
"""Versions on which the tests of the engines run."""

NODE = {"filter_path": "nodes.*.version,nodes.*.build_flavor"}
"""What to ask of a node."""


@dataclass(frozen=True)
class Server:
    """The product and version of a cluster's hosts."""

    product: str
    version: str

    @property
    def is_tested(self) -> bool:
        """Tell whether the tests run on this version, in whatever patch."""
        return any(self.version.startswith(f"{tested}.") for tested in TESTED[self.product])


def identify(cluster: Cluster) -> Server | None:
    """Ask a host for its product and version; return None where it does not say.

    A user need not have the right to ask, and some nodes answer the second request alone.
    """
    client = cluster.client
    for ask in (client.info, partial(client.nodes.info, node_id="_local", params=NODE)):
        try:
            answer = ask()
        except NoConnection:
            raise
        except TransportError:
            continue
        nodes = answer.get("nodes", {}).values()
        found: Json = answer.get("version") or next(iter(nodes), {})
        if number := found.get("number") or found.get("version"):
            # OpenSearch has no flavours.
            return Server("Elasticsearch" if "build_flavor" in found else "OpenSearch", number)
    return None
