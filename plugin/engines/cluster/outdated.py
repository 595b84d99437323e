"""Find and delete documents of an index whose facts are of before some time."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from houndstooth.mappings.writes import Outdated
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.delete import ClusterDeleter
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.cluster.serving import ClusterServing

_PATH = "hits.hits._id,hits.hits._seq_no,hits.hits._primary_term"


class OutdatedDocuments:
    """Finds and deletes what an ingest wrote of before some time.

    Documents that the shop writes itself have no time of their facts, and are not found.

    Args:
        cluster: The cluster.
        index: The index.
        deleter: Sends the deletions.
    """

    def __init__(self, cluster: Cluster, index: ClusterIndex, deleter: ClusterDeleter) -> None:
        self._cluster, self._index, self._deleter = cluster, index, deleter
        self._serving = ClusterServing(cluster, index.name)

    def count(self, before: int, kept: Collection[str], examples: int) -> Outdated:
        """Count them; see Engine.outdated.

        Raises:
            IndexReplaced: Another version of ``visual`` serves, which knows what is newer.
        """
        with self._index.errors():
            query = self._query(before, kept)
            body = {"query": query, "size": 0, "track_total_hits": True}
            count = self._total(body)
            dated = {"exists": {"field": self._index.fields.visual("facts_as_of")}}
            total = self._total(body | {"query": dated})
            some = {"query": query, "size": min(examples, self._index.most_hits())}
            product_id = self._index.fields.visual("product_id")
            by_id = {product_id: {"order": "asc", "unmapped_type": "keyword"}}
            hits = self._search(some | {"sort": [by_id]})
            self._serving.check_not_retired(self._index.visual)
        return Outdated(count, total, tuple(hit["_id"] for hit in hits))

    def delete(self, before: int, kept: Collection[str], limit: int) -> int:
        """Delete some of them; see Engine.delete_outdated.

        Raises:
            IndexReplaced: Another version of ``visual`` serves, which knows what is newer.
        """
        with self._index.errors():
            self._cluster.client.indices.refresh(index=self._index.name)
            size = {"size": min(limit, self._index.most_hits()), "sort": ["_doc"]}
            hits = self._search({"query": self._query(before, kept)} | size)
            # Asked last: the times that were read counted.
            self._serving.check_not_retired(self._index.visual)
        return self._deleter.delete_read(
            [(hit["_id"], hit["_seq_no"], hit["_primary_term"]) for hit in hits], before - 1
        )

    def _query(self, before: int, kept: Collection[str]) -> Json:
        visual = self._index.fields.visual
        facts = {"range": {visual("facts_as_of"): {"lt": before}}}
        newer: list[Json] = [{"range": {visual("as_of"): {"gte": before}}}]
        ids: Sequence[Json] = [{"ids": {"values": sorted(kept)}}] if kept else []
        return {"bool": {"filter": [facts], "must_not": [*newer, *ids]}}

    def _total(self, body: Json) -> int:
        return int(self._cluster.ask(self._index.name, body)["hits"]["total"]["value"])

    def _search(self, body: Json) -> list[Json]:
        read = {"_source": False, "seq_no_primary_term": True, "track_total_hits": False}
        return self._cluster.search(self._index.name, body | read, _PATH)
