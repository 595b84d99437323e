"""Read the documents of an index by point in time, in the order of their last writes.

Each shard numbers its operations, and a document's ``_seq_no`` is that of its last write, whoever
made it; see ``changes``. Within a shard documents are read by ascending number. So reading can go
on after any number, be it in another point in time: where the old one has expired, or has been
held for so long that the engine keeps many deleted documents for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Self

from opensearchpy.exceptions import NotFoundError, TransportError

from houndstooth.mappings.document import is_visual
from houndstooth.mappings.rows import Checkpoint
from houndstooth.mappings.shop_index import Pages, SourceDocument
from houndstooth.plugin.engines.cluster.changes import ShardMemory
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.cluster.index_check import versions_in

PAGE = 500
"""Documents of one search."""

KEEP_ALIVE = "10m"
"""Time for which the engine keeps a point in time after a search in it."""

RENEW_SECONDS = 600
"""Age at which a point in time is given up for a new one."""

_PATHS = {"OpenSearch": "_search/point_in_time", "Elasticsearch": "_pit"}
_HITS = "pit_id,hits.hits._id,hits.hits._source,hits.hits._seq_no,hits.hits._primary_term"


class ClusterScan:
    """Reads the documents of one index.

    Args:
        cluster: The cluster.
        index: The index.
    """

    def __init__(self, cluster: Cluster, index: ClusterIndex) -> None:
        self._cluster, self._index = cluster, index
        self._shards: dict[tuple[str, str], ShardMemory] = {}

    def field_names(self) -> list[str]:
        """List the shop's fields by their paths; see ShopIndex."""
        names = dict.fromkeys(
            name
            for mapping in self._mappings()
            for name in _names(mapping.get("properties", {}), "")
        )
        return [name for name in names if not is_visual(name.partition(".")[0])]

    def versions(self) -> list[str]:
        """List the versions of ``visual``; see ShopIndex."""
        return [*dict.fromkeys(name for one in self._mappings() for name in versions_in(one))]

    def _mappings(self) -> list[Json]:
        with self._index.errors():
            get_mapping = self._cluster.client.indices.get_mapping
            answer = self._cluster.read(get_mapping, index=self._index.name)
        return [index["mappings"] for index in answer.values()]

    def read(
        self, fields: Sequence[str] | None, since: Checkpoint | None
    ) -> tuple[Checkpoint, Pages]:
        """Read the documents that were written after a checkpoint; see ShopIndex.

        Raises:
            IndexReplaced: Another index has taken the name since that checkpoint.
        """
        with self._index.errors():
            identity = self._index.identity(since)
            old = since.positions if since else {}
            ranges: dict[str, tuple[int, int]] = {}
            positions: dict[str, int] = {}
            for shard in identity.shards:
                start = old.get(shard, -1)
                newest, term = self._newest(identity.name, shard, start)
                memory = self._shards.setdefault((identity.id, shard), ShardMemory())
                start = memory.begin(start, term)
                memory.note(newest)
                ranges[shard] = start, newest
                positions[shard] = max(start, memory.settled(newest))
        checkpoint = Checkpoint(identity.id, positions)
        return checkpoint, _Pages(self._cluster, self._index, identity.name, fields, ranges)

    def _newest(self, index: str, shard: str, after: int) -> tuple[int, int]:
        """Find the last write to a shard after a number: its number and primary term.

        Where there is none, they are that number and 0.
        """
        body = {
            "query": {"range": {"_seq_no": {"gt": after}}},
            "size": 1,
            "_source": False,
            "seq_no_primary_term": True,
            "sort": [{"_seq_no": "desc"}],
        }
        path = "hits.hits._seq_no,hits.hits._primary_term"
        preference = self._cluster.copy_of(shard)
        hits = self._cluster.search(index, body, path, preference=preference)
        return (hits[0]["_seq_no"], hits[0]["_primary_term"]) if hits else (after, 0)


class _Pages:
    """The documents in a range of numbers of each shard; see Pages."""

    def __init__(
        self,
        cluster: Cluster,
        index: ClusterIndex,
        name: str,
        fields: Sequence[str] | None,
        ranges: Mapping[str, tuple[int, int]],
    ) -> None:
        self._cluster, self._index, self._name = cluster, index, name
        self._left: list[list[Any]] = [[shard, *ends] for shard, ends in ranges.items()]
        self._view: _PointInTime | None = None
        self._body: Json = {
            "_source": True if fields is None else [*fields],
            "seq_no_primary_term": True,
            "sort": [{"_seq_no": "asc"}],
            "track_total_hits": False,
        }

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[SourceDocument]:
        while self._left:
            shard, last, newest = self._left[0]
            if last == newest:
                self.close()
                del self._left[0]
                continue
            with self._index.errors():
                page = min(PAGE, self._index.most_hits())
                self._view = self._view or _PointInTime(self._cluster, self._name, shard)
                query = {"range": {"_seq_no": {"gt": last, "lte": newest}}}
                hits = self._view.search(self._body | {"query": query, "size": page})
            self._left[0][1] = hits[-1]["_seq_no"] if len(hits) == page else newest
            return [_document(hit) for hit in hits]
        raise StopIteration

    def close(self) -> None:
        """See Pages."""
        if self._view:
            self._view.close()
            self._view = None


class _PointInTime:
    """A shard as it was at one moment; it is opened anew where it has expired, or is old."""

    _id: str
    _opened: float

    def __init__(self, cluster: Cluster, index: str, shard: str) -> None:
        self._cluster, self._index = cluster, index
        self._preference = cluster.copy_of(shard)
        self._path = _PATHS[cluster.product]
        self._open()

    def search(self, body: Json) -> list[Json]:
        """Search in it, and return the hits."""
        if monotonic() - self._opened > RENEW_SECONDS:
            self.close()
            self._open()
        try:
            return self._search(body)
        except NotFoundError:  # it has expired, or its node was started again
            self._open()
            return self._search(body)

    def close(self) -> None:
        """Let the engine forget it."""
        is_list = self._cluster.product == "OpenSearch"
        body = {"pit_id": [self._id]} if is_list else {"id": self._id}
        with suppress(TransportError):  # the engine closes it itself after a while
            self._send("DELETE", f"/{self._path}", body=body)

    def _search(self, body: Json) -> list[Json]:
        answer = self._cluster.read(
            self._cluster.client.search,
            body=body | {"pit": {"id": self._id, "keep_alive": KEEP_ALIVE}},
            params={"allow_partial_search_results": "false", "filter_path": _HITS},
        )
        self._id = answer.get("pit_id", self._id)
        hits: list[Json] = answer.get("hits", {}).get("hits", [])
        return hits

    def _open(self) -> None:
        params = {"keep_alive": KEEP_ALIVE, "preference": self._preference}
        answer = self._send("POST", f"/{self._index}/{self._path}", params=params)
        self._id = answer.get("pit_id") or answer["id"]
        self._opened = monotonic()

    def _send(self, method: str, path: str, **arguments: Any) -> Any:
        return self._cluster.client.transport.perform_request(method, path, **arguments)


def _document(hit: Json) -> SourceDocument:
    return SourceDocument(hit["_id"], hit.get("_source", {}), hit["_seq_no"], hit["_primary_term"])


def _names(properties: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Yield the paths of fields and objects. An alias has no value of its own in a document."""
    for name, definition in properties.items():
        if definition.get("type") != "alias":
            yield prefix + name
        yield from _names(definition.get("properties", {}), f"{prefix}{name}.")
