"""Send bulks of actions to a cluster."""

from __future__ import annotations

from collections.abc import Sequence

from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.errors import reason
from houndstooth.plugin.engines.cluster.index import ClusterIndex

CONFLICT = 409
"""HTTP status of a bulk item that was written by another since it was read."""

BLOCKED = ("cluster_block_exception", "index_closed_exception")
"""Types of the error of every item while the index takes no writes, as when a disk is full."""

_RESULTS = "items.*.status,items.*.result,items.*.error"
"""``filter_path`` of a bulk."""


class BulkSender:
    """Sends bulks to one index.

    Args:
        cluster: The cluster.
        index: The index.
        name: Name of another index to send them to; None = that of ``index``.
    """

    def __init__(self, cluster: Cluster, index: ClusterIndex, name: str | None = None) -> None:
        self._cluster, self._index, self._name = cluster, index, name or index.name

    def send(self, lines: Sequence[str]) -> list[Json]:
        """Send one bulk, and return the result of each action.

        Raises:
            EngineUnavailable: The cluster cannot be reached, or the index takes no writes.
        """
        if not lines:
            return []
        with self._index.errors():
            answer = self._cluster.client.bulk(
                body="".join(lines), index=self._name, params={"filter_path": _RESULTS}
            )
        results = [result for item in answer["items"] for result in item.values()]
        for result in results:
            if error_type(result) in BLOCKED:
                raise EngineUnavailable(f"{self._cluster.address} refused: {reason(result)}")
        return results


def error_type(result: Json) -> str | None:
    """Return the type of an item's error, or None."""
    error = result.get("error")
    return error["type"] if isinstance(error, dict) else None
