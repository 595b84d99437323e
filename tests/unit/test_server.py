"""Which server a cluster runs, as its hosts say it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import TransportError

from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.plugin.engines.cluster.client import Cluster
from houndstooth.plugin.engines.cluster.engine import ClusterEngine
from houndstooth.plugin.engines.cluster.server import Server

OPENSEARCH = {"distribution": "opensearch", "number": "3.8.0"}
ELASTICSEARCH = {"build_flavor": "default", "number": "9.2.1"}
NODE = {"build_flavor": "default", "version": "8.19.21"}


def engine(root: Any, node: Any = None) -> ClusterEngine:
    """An engine whose client answers, or fails, as given."""

    def answer(given: Any) -> Any:
        if isinstance(given, Exception):
            raise given
        return given

    nodes = SimpleNamespace(info=lambda *, node_id, params: answer(node))
    client = SimpleNamespace(info=lambda: answer(root), nodes=nodes)
    return ClusterEngine(Cluster("OpenSearch", "http://h:1", cast(OpenSearch, client)), "products")


@pytest.mark.parametrize(
    ("root", "node", "expected"),
    [
        ({"version": OPENSEARCH}, None, Server("OpenSearch", "3.8.0")),
        ({"version": ELASTICSEARCH}, None, Server("Elasticsearch", "9.2.1")),
        (TransportError(405, "", {}), {"nodes": {"a": NODE}}, Server("Elasticsearch", "8.19.21")),
        (
            TransportError(405, "", {}),
            {"nodes": {"a": {"version": "2.19.4"}}},
            Server("OpenSearch", "2.19.4"),
        ),
        (TransportError(403, "", {}), TransportError(403, "", {}), None),
        ({}, {"nodes": {}}, None),
        ({}, {}, None),
    ],
)
def test_product_and_version(root: Any, node: Any, expected: Server | None) -> None:
    assert engine(root, node).server() == expected


def test_a_cluster_that_is_away_is_not_asked_twice() -> None:
    away = NoConnection("N/A", "refused", OSError())
    with pytest.raises(EngineUnavailable, match="http://h:1 cannot be reached: refused"):
        engine(away, AssertionError()).server()


@pytest.mark.parametrize(
    ("version", "tested"),
    [("2.19.4", True), ("3.8.0", True), ("3.80.0", False), ("3.4.0", False), ("13.8.0", False)],
)
def test_versions_that_are_tested(version: str, tested: bool) -> None:
    assert Server("OpenSearch", version).is_tested == tested
