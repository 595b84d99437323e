"""Keep when documents were deleted, so that an older write does not bring them back.

An index of its own beside that of the documents has an entry for each; searches by pattern do not
see it. The time is the entry's version, so that the cluster itself keeps the newest.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from time import time

from opensearchpy.exceptions import AuthorizationException, RequestError

from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.plugin.engines.cluster import actions
from houndstooth.plugin.engines.cluster.bulk import CONFLICT, BulkSender
from houndstooth.plugin.engines.cluster.client import Cluster
from houndstooth.plugin.engines.cluster.errors import reason
from houndstooth.plugin.engines.cluster.index import MAX_HITS, ClusterIndex
from houndstooth.plugin.engines.newest import DELETED_SECONDS

CLEAN_SECONDS = 24 * 3600
"""Time after which a process removes old entries again."""

FORBIDDEN = 403

_INDEX = {
    "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "hidden": True}},
    "mappings": {"dynamic": False, "properties": {"at": {"type": "long"}}},
}
_PATH = "docs._id,docs._version,docs.found,docs.error"
_LOG = logging.getLogger(__name__)


class DeletedDocuments:
    """Knows when documents of an index were deleted, for ``DELETED_SECONDS``.

    Args:
        cluster: The cluster.
        index: The index of the documents.
    """

    def __init__(self, cluster: Cluster, index: ClusterIndex) -> None:
        self._cluster, self._index, self._name = cluster, index, index.deleted
        self._bulk = BulkSender(cluster, index, self._name)
        self._clean_at = 0.0

    def note(self, product_ids: Collection[str], as_of: int) -> None:
        """Note that documents are deleted as of a time; the newest time stays.

        Without the right to the index nothing is noted, and a warning says so.

        Raises:
            EngineUnavailable: The cluster cannot be reached or refuses.
        """
        if not product_ids:
            return
        now = time()
        if now > self._clean_at:
            with self._index.errors():
                try:
                    self._create()
                    self._clean(now - DELETED_SECONDS)
                except AuthorizationException as error:
                    self._warn(reason(error.info))
                    return
            self._clean_at = now + CLEAN_SECONDS
        lines = [actions.deletion_entry(key, as_of, int(now)) for key in sorted(set(product_ids))]
        for bulk in actions.in_bulks(lines, len):
            for result in self._bulk.send(bulk):
                if result["status"] == FORBIDDEN:
                    self._warn(reason(result))
                    return
                if "error" in result and result["status"] != CONFLICT:
                    self._clean_at = 0.0
                    raise EngineUnavailable(f"{self._cluster.address} refused: {reason(result)}")

    def times(self, product_ids: Collection[str]) -> dict[str, int]:
        """Return when documents were deleted, by id; those that were not are left out.

        Raises:
            EngineUnavailable: The cluster cannot be reached or refuses.
        """
        if not product_ids:
            return {}
        with self._index.errors():
            try:
                documents = self._cluster.read(
                    self._cluster.client.mget,
                    index=self._name,
                    body={"ids": sorted(set(product_ids))},
                    params={"_source": "false", "filter_path": _PATH},
                )["docs"]
            except AuthorizationException:  # nor can anything be noted
                return {}
        for document in documents:
            error = document.get("error")
            if error and error["type"] not in ("index_not_found_exception", "security_exception"):
                raise EngineUnavailable(f"{self._cluster.address}: {reason(document)}")
        return {one["_id"]: one["_version"] for one in documents if one.get("found")}

    def _create(self) -> None:
        try:
            self._cluster.client.indices.create(index=self._name, body=_INDEX)
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
        except AuthorizationException:
            if not self._cluster.client.indices.exists(index=self._name):
                raise

    def _clean(self, before: float) -> None:
        """Remove the entries from before a time, in seconds since 1970."""
        old = {"query": {"range": {"at": {"lt": int(before)}}}, "_source": False}
        size = {"size": MAX_HITS, "track_total_hits": False}
        removed = MAX_HITS
        while removed == MAX_HITS:
            self._cluster.client.indices.refresh(index=self._name)
            hits = self._cluster.search(self._name, old | size, "hits.hits._id")
            lines = [actions.deletion(hit["_id"]) for hit in hits]
            sent = map(self._bulk.send, actions.in_bulks(lines, len))
            removed = sum("error" not in result for results in sent for result in results)

    def forget(self) -> None:
        """Remove the index of the times, if there is one and the user may.

        Raises:
            EngineUnavailable: The cluster cannot be reached.
        """
        with self._index.errors():
            self._cluster.client.indices.delete(index=self._name, ignore=(403, 404))
        self._clean_at = 0.0

    def _warn(self, why: str) -> None:
        _LOG.warning(
            "a feed under way may bring back what is deleted: expected the right to read and "
            "write the index %s at %s; %s",
            *(self._name, self._cluster.address, why),
        )
