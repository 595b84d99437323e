"""Keep in an index which version of ``visual`` it serves: in ``_meta`` of its mapping.

All services and workers of an index read its mapping already, so that this needs no further place
and no further right, and an alias that moves to another index takes that one's word.
"""

from __future__ import annotations

from typing import Any

from houndstooth.mappings.document import is_visual
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.shop_index import Serving, Version
from houndstooth.mappings.times import now_ms
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.errors import client_errors

META = "houndstooth"
"""Key of ``_meta`` under which it is; other keys are the shop's."""


class ClusterServing:
    """Reads and states which version an index serves.

    Args:
        cluster: The cluster.
        name: Name of the index or of an alias.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster, self._name = cluster, name

    def read(self) -> Serving | None:
        """Read it; see ShopIndex.serving."""
        return read_serving(self._mapping())

    def state(self, serving: Serving | None, after: Serving | None) -> bool:
        """State it; see ShopIndex.serve."""
        mapping = self._mapping()
        said = with_serving({}, read_serving(mapping))
        # It may be said already, where the answer of the engine was lost.
        if said not in (with_serving({}, after), with_serving({}, serving)):
            return False
        body = with_serving(mapping, serving)
        with client_errors(self._cluster.address, self._name):
            self._cluster.client.indices.put_mapping(index=self._name, body=body)
        return True

    def check_not_retired(self, visual: str) -> None:
        """Return if no other version serves in the place of this one; see the function.

        Raises:
            IndexReplaced: Another one does.
        """
        check_not_retired(self._mapping(), self._name, visual)

    def _mapping(self) -> Json:
        with client_errors(self._cluster.address, self._name):
            answer = self._cluster.read(self._cluster.client.indices.get_mapping, index=self._name)
        mappings = [index["mappings"] for index in answer.values()]
        return mappings[0] if len(mappings) == 1 else {}


def read_serving(mapping: Json) -> Serving | None:
    """Read it from a mapping; None where there is nothing, or nothing of the right form."""
    try:
        stated = mapping["_meta"][META]
        version = _version(stated["serves"])
        previous = stated.get("previous")
        return Serving(
            *version,
            previous=None if previous is None else _version(previous),
            closed=stated.get("closed"),
            closed_until=int(stated.get("closed_until", 0)),
            dropped=stated.get("dropped"),
            run=str(stated.get("run", "")),
            unsettled=str(stated.get("unsettled", "")),
        )
    except (KeyError, TypeError, ValueError):
        return None


def with_serving(mapping: Json, serving: Serving | None) -> Json:
    """Build what is put into a mapping to state it, or None. What else is in ``_meta`` stays."""
    theirs = {key: value for key, value in (mapping.get("_meta") or {}).items() if key != META}
    if serving is None:
        return {"_meta": theirs}
    stated: dict[str, Any] = {"serves": serving.version._asdict()}
    if serving.previous:
        stated["previous"] = serving.previous._asdict()
    if serving.closed:
        stated |= {"closed": serving.closed, "closed_until": serving.closed_until}
    further = {"dropped": serving.dropped, "run": serving.run, "unsettled": serving.unsettled}
    stated |= {name: value for name, value in further.items() if value}
    return {"_meta": {**theirs, META: stated}}


def check_open(mapping: Json, index: str, visual: str) -> None:
    """Raise if a version takes no writes.

    Args:
        mapping: The mapping of the index.
        index: Name of the index.
        visual: The version.

    Raises:
        EngineUnavailable: It is closed for a moment, until another version serves.
        IndexReplaced: Another version serves in its place.
    """
    check_not_retired(mapping, index, visual)
    serving = read_serving(mapping)
    if serving and visual == serving.closed and now_ms() < serving.closed_until:
        raise EngineUnavailable(
            f"{visual} of {index!r} takes no writes for some seconds, until another version serves"
        )


def check_not_retired(mapping: Json, index: str, visual: str) -> None:
    """Raise if another version serves in the place of one; see ``check_open``.

    The times of what is written are those of the version that serves, so the other one does not
    know what is old either.

    Raises:
        IndexReplaced: Another version serves in its place.
    """
    serving = read_serving(mapping)
    if serving is None or visual == serving.visual:
        return
    if visual in (serving.dropped, serving.previous and serving.previous.visual):
        raise IndexReplaced(
            f"expected the version that {index!r} serves, {serving.visual}; got {visual}, which "
            "takes no writes: give the feed again, or start the service again"
        )


def _version(stated: Json) -> Version:
    visual, encoder = stated["visual"], stated["encoder"]
    if not is_visual(visual) or not (encoder is None or isinstance(encoder, str)):
        raise ValueError(f"expected a version; got {stated!r}")
    return Version(visual, encoder)
