"""Keep records in the indices ``ubi_queries`` and ``ubi_events`` of a cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from opensearchpy.exceptions import RequestError
from opensearchpy.helpers import scan

from houndstooth.mappings.errors import CatalogueNotFound
from houndstooth.plugin.credentials import Credentials
from houndstooth.plugin.engines import open_cluster
from houndstooth.plugin.engines.cluster.errors import client_errors
from houndstooth.plugin.events.mappings import mappings
from houndstooth.plugin.events.stores import Broken, Record, as_record
from houndstooth.plugin.events.ubi import APPLICATION, EVENTS, QUERIES

PAGE = 1000
"""Documents of one answer."""


class ClusterStore:
    """The UBI indices of a cluster; see Store. A missing index is made with UBI's mappings.

    Args:
        url: ``opensearch://host:port`` or ``elasticsearch://host:port``, with ``s`` for TLS.
        credentials: Credentials for the cluster.
    """

    def __init__(self, url: str, credentials: Credentials) -> None:
        self._cluster = open_cluster(url, credentials)
        self._client = self._cluster.client
        self._prepared = False

    def check(self) -> None:
        """Ask nothing: the cluster may be away when the service starts."""

    def write(self, records: Sequence[Record]) -> Sequence[Record]:
        """Append records; return those that the cluster refused."""
        self._prepare()
        lines: list[Any] = []
        for index, record in records:
            lines += [{"create": {"_index": index}}, record]
        body = "".join(json.dumps(line) + "\n" for line in lines)
        answer = self._client.bulk(body=body)
        outcomes = zip(records, answer["items"], strict=True)
        return [record for record, item in outcomes if item["create"]["status"] >= 300]

    def read(self) -> Iterator[Record | Broken]:
        """Yield the records that Houndstooth has written, queries first; see Store."""
        for index in (QUERIES, EVENTS):
            body = {"sort": [{"timestamp": "asc"}]}
            try:
                with client_errors(self._cluster.address, index):
                    found = scan(
                        self._client, query=body, index=index, size=PAGE, preserve_order=True
                    )
                    for hit in found:
                        if hit["_source"].get("application") == APPLICATION:
                            yield as_record(hit["_source"], f"{index} {hit['_id']}")
            except CatalogueNotFound:
                if index == QUERIES:
                    raise

    def _prepare(self) -> None:
        if self._prepared:
            return
        for index in (QUERIES, EVENTS):
            if self._client.indices.exists(index=index):
                continue
            try:
                body = {"mappings": mappings(index, self._cluster.product)}
                self._client.indices.create(index=index, body=body)
            except RequestError as error:
                if error.error != "resource_already_exists_exception":
                    raise
        self._prepared = True
