"""Read what changed in an index of a cluster, by the engine's own sequence numbers.

Each shard numbers its operations. A document's ``_seq_no`` is that of its last write, whoever made
it, so it needs no field of ours, and a shop's own partial updates are seen too. Deletions leave no
document and are not seen. The primary copy is asked where there is one, because copies make
changes visible at different times.

An operation can become visible after one with a higher number. So a checkpoint lags: it is the
highest number that was visible OVERLAP_SECONDS ago, and what lies between is read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from houndstooth.mappings.rows import Changes, Checkpoint, Lengths
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.index import ClusterIndex, IndexIdentity
from houndstooth.plugin.engines.cluster.query import changes_body
from houndstooth.plugin.engines.cluster.rows import ROW_PATH, RowDecoder, RowFields

BATCH = 10_000
"""Most hits in a batch, where the index lets one search return as many."""

OVERLAP_SECONDS = 5.0
"""Time after which an operation is certainly visible if one with a higher number is."""

OVERLAP = 10_000
"""Operations that are read again where it is not known what was visible OVERLAP_SECONDS ago."""

Page = tuple[list[Json], int]
"""Hits, and the number after which to go on."""


@dataclass
class ShardMemory:
    """Memory of what was visible in a shard, and when.

    Attributes:
        visible: Times and the highest number that was visible then, oldest first.
        primary_term: The highest primary term that was seen; it rises when another copy becomes
            the primary, which may give out numbers anew.
    """

    visible: list[tuple[float, int]] = field(default_factory=list)
    primary_term: int | None = None

    def begin(self, start: int, term: int) -> int:
        """Return the number after which to read, now that the shard has this primary term."""
        before, self.primary_term = self.primary_term, max(self.primary_term or 0, term)
        if before is None or term <= before:
            return start
        self.visible = []
        return max(start - OVERLAP, -1)

    def note(self, newest: int) -> None:
        """Note the highest number that is visible now, and forget what is no longer needed."""
        now = monotonic()
        if not self.visible or self.visible[-1][1] != newest:
            self.visible = [*self.visible, (now, newest)]
        old = [time for time, _ in self.visible if time <= now - OVERLAP_SECONDS]
        self.visible = self.visible[max(len(old) - 1, 0) :]

    def settled(self, newest: int) -> int:
        """Return a number up to which every operation is certainly visible."""
        time, number = self.visible[0]
        return number if time <= monotonic() - OVERLAP_SECONDS else newest - OVERLAP


class ClusterChanges:
    """Reads the changes of an index.

    Args:
        cluster: The cluster.
        index: The index.
        decoder: Decodes the hits.
    """

    def __init__(self, cluster: Cluster, index: ClusterIndex, decoder: RowDecoder) -> None:
        self._cluster, self._index, self._decoder = cluster, index, decoder
        self._shards: dict[tuple[str, str], ShardMemory] = {}

    def read(
        self,
        model: str,
        lengths: Lengths,
        variant_field: str | None,
        since: Checkpoint | None,
    ) -> Iterator[Changes]:
        """Read changes, batch by batch; see Engine.

        Raises:
            IndexReplaced: Another index has taken the name since that checkpoint.
        """
        with self._index.errors():
            identity = self._index.identity(since)
            names = RowFields.of(self._index.fields_with(variant_field), variant_field)
            old = since.positions if since else {}
            positions = {shard: old.get(shard, -1) for shard in identity.shards}
            told = dict(positions) if since else None
            batch = min(BATCH, self._index.most_hits())
            for shard in identity.shards:
                hits_of = _ShardSearch(
                    self._cluster, identity, shard, names, model if not since else None, batch
                )
                memory = self._shards.setdefault((identity.id, shard), ShardMemory())
                for hits, position in _pages(hits_of, memory, positions[shard]):
                    positions[shard] = position
                    rows, gone = self._decoder.decode(hits, model, lengths, names)
                    if len(rows) or gone or positions != told:
                        told = dict(positions)
                        yield Changes(rows, gone, Checkpoint(identity.id, told))


class _ShardSearch:
    """Searches one shard for hits within a range of sequence numbers.

    Args:
        model: Find documents of this model only; None = of every model.
        batch: Most hits of one search.
    """

    def __init__(
        self,
        cluster: Cluster,
        identity: IndexIdentity,
        shard: str,
        names: RowFields,
        model: str | None,
        batch: int,
    ) -> None:
        self._cluster, self._index, self._names, self._model = cluster, identity.name, names, model
        self.batch = batch
        self._preference = cluster.copy_of(shard)

    def first(self, after: int, up_to: int | None = None) -> list[Json]:
        """Find the first hits of a batch after a number, up to another one if it is given."""
        body = changes_body(self._names, self._model, after, up_to)
        return self._search({**body, "size": self.batch})

    def newest(self, after: int) -> int:
        """Find the highest number after a number; that number itself if there is none."""
        body = changes_body(self._names, self._model, after, None)
        body |= {"size": 1, "docvalue_fields": [], "sort": [{"_seq_no": "desc"}]}
        return _last(self._search(body), after)

    def _search(self, body: Json) -> list[Json]:
        return self._cluster.search(self._index, body, ROW_PATH, preference=self._preference)


def _pages(search: _ShardSearch, shard: ShardMemory, start: int) -> Iterator[Page]:
    """Read all hits after a number."""
    hits = search.first(start)
    begin = shard.begin(start, _primary_term(hits))
    if begin != start:
        start, hits = begin, search.first(begin)
    last = _last(hits, start)
    # The end is known before the middle is read, which takes a while.
    newest = last if len(hits) < search.batch else search.newest(last)
    shard.note(newest)
    settled = max(start, shard.settled(newest))
    yield hits, min(last, settled) if last < newest else settled
    for page, position in _windows(search, last, newest):
        yield page, min(position, settled) if position < newest else settled


def _windows(search: _ShardSearch, start: int, newest: int) -> Iterator[Page]:
    """Read the hits from ``start`` to ``newest`` in windows of numbers.

    Updates and deletions leave holes in the numbers, so windows grow where hits are few. The next
    page is read while the caller works on the present one.
    """
    width = search.batch
    with ThreadPoolExecutor(1) as thread:
        end = min(start + width, newest)
        waiting = thread.submit(search.first, start, end) if start < newest else None
        while waiting:
            hits = waiting.result()
            start = _last(hits, end) if len(hits) == search.batch else end
            if len(hits) == search.batch:
                width = max(width // 2, search.batch)
            elif len(hits) < search.batch // 2:
                width *= 2
            end = min(start + width, newest)
            waiting = thread.submit(search.first, start, end) if start < newest else None
            yield hits, start


def _last(hits: Sequence[Json], otherwise: int) -> int:
    return int(hits[-1]["_seq_no"]) if hits else otherwise


def _primary_term(hits: Sequence[Json]) -> int:
    return max((hit["_primary_term"] for hit in hits), default=0)
