"""Delete documents of an index of a cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.plugin.engines.cluster import actions
from houndstooth.plugin.engines.cluster.bulk import CONFLICT, BulkSender
from houndstooth.plugin.engines.cluster.client import Cluster
from houndstooth.plugin.engines.cluster.deleted import DeletedDocuments
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.cluster.read import ClusterReader
from houndstooth.plugin.engines.cluster.serving import ClusterServing

MAX_TURNS = 20
"""Times that a document is looked at because others wrote it since it was read."""


class ClusterDeleter:
    """Deletes documents of one index.

    Args:
        cluster: The cluster.
        index: The index.
        reader: Reads what is stored.
        deleted: Keeps when documents were deleted.
    """

    def __init__(
        self,
        cluster: Cluster,
        index: ClusterIndex,
        reader: ClusterReader,
        deleted: DeletedDocuments,
    ) -> None:
        self._cluster, self._reader, self._deleted = cluster, reader, deleted
        self._serving, self._visual = ClusterServing(cluster, index.name), index.visual
        self._bulk = BulkSender(cluster, index)

    def delete(self, product_ids: Collection[str]) -> int:
        """Delete documents and return how many existed.

        Raises:
            EngineUnavailable: The cluster cannot be reached or refuses.
        """
        return self._delete([actions.deletion(key) for key in sorted(set(product_ids))], 404)

    def delete_older(self, product_ids: Collection[str], as_of: int) -> int:
        """Delete documents, each unless newer facts or features are stored; return how many.

        One that is written meanwhile is looked at again.

        Args:
            product_ids: The ids.
            as_of: A time, in milliseconds since 1970.

        Raises:
            EngineUnavailable: The cluster cannot be reached or refuses.
            IndexReplaced: Another version of ``visual`` serves, which knows what is newer.
        """
        # Noted first: who inserts an older one looks for the note afterwards.
        self._deleted.note(product_ids, as_of)
        deleted = 0
        for _ in range(MAX_TURNS):
            states = self._reader.states(sorted(set(product_ids))).items()
            old = [(key, one) for key, one in states if not one.is_newer(as_of)]
            if not old:
                break
            # Asked last: the times that were read counted.
            self._serving.check_not_retired(self._visual)
            deleted += self._delete_read((key, one.seq_no, one.primary_term) for key, one in old)
        return deleted

    def delete_read(self, documents: Sequence[tuple[str, int, int]], as_of: int) -> int:
        """Delete documents, each unless it was written since it was read; return how many.

        Args:
            documents: Id, ``seq_no`` and ``primary_term`` of each.
            as_of: Time of the state of the shop that lacks them, in milliseconds since 1970.

        Raises:
            EngineUnavailable: The cluster cannot be reached or refuses.
        """
        self._deleted.note([key for key, _, _ in documents], as_of)
        return self._delete_read(documents)

    def _delete_read(self, documents: Iterable[tuple[str, int, int]]) -> int:
        return self._delete(
            [actions.deletion(key, (number, term)) for key, number, term in documents], CONFLICT
        )

    def _delete(self, lines: Sequence[str], passed_over: int) -> int:
        bulks = actions.in_bulks(lines, len)
        statuses = [result["status"] for bulk in bulks for result in self._bulk.send(bulk)]
        failed = [status for status in statuses if status not in (200, passed_over)]
        if failed:
            address = self._cluster.address
            raise EngineUnavailable(f"{address} refused {len(failed)} deletes: {failed[0]}")
        return statuses.count(200)
