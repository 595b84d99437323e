"""Keep the best products of a ranking while it runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from houndstooth.plugin.columns.query import Place, RankedRow
from houndstooth.plugin.columns.segment import Rows, Segment
from houndstooth.plugin.columns.snapshot import Snapshot

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """Rows of a segment that were compared with a query, n of them.

    Attributes:
        rows: Their numbers, int64 [n].
        scores: float64 [n].
        appearance, colour: Distances of each row's nearest view, float64 [n].
        views: Number of that view among the row's, int64 [n].
    """

    rows: Rows
    scores: Scores
    appearance: Scores
    colour: Scores
    views: Rows

    def take(self, places: NDArray[np.intp]) -> Compared:
        """Return the rows at some places."""
        return Compared(
            self.rows[places],
            self.scores[places],
            self.appearance[places],
            self.colour[places],
            self.views[places],
        )


class Best:
    """Keeps the best products found so far, and all that tie with the last of them.

    Args:
        top: Number of products.
        after: Keep only products whose ``place`` is higher.
        last: What ``RankedRow.last`` is of all of them.
    """

    def __init__(self, top: int, after: Place | None, last: bool = False) -> None:
        self._top, self._after, self._last = top, after, last
        self._found: list[tuple[int, Compared]] = []
        self._count = 0
        self.threshold = -np.inf

    def add(self, part: int, segment: Segment, found: Compared) -> None:
        """Add rows of the segment of a part, given by its number."""
        if self._after is not None:
            found = found.take(self._places_after(self._after, segment, found))
        if not len(found.rows):
            return
        self._found.append((part, found))
        self._count += len(found.rows)
        if self._count >= (self._top if self.threshold == -np.inf else 4 * self._top):
            self._raise_threshold()

    @staticmethod
    def _places_after(after: Place, segment: Segment, found: Compared) -> NDArray[np.intp]:
        last, last_id = -after[1], after[2]
        later = found.scores < last
        tied = np.flatnonzero(found.scores == last)
        ids = segment.ids(found.rows[tied])
        later[tied] = [one > last_id for one in ids]
        return np.flatnonzero(later)

    def ranked(self, snapshot: Snapshot) -> list[RankedRow]:
        """Return the best products in order."""
        rows: list[RankedRow] = []
        for number, found in self._found:
            rows += _rows(snapshot.parts[number].segment, found, self._last)
        return sorted(rows, key=lambda row: row.place)[: self._top]

    def _raise_threshold(self) -> None:
        scores = np.concatenate([found.scores for _, found in self._found])
        last = len(scores) - self._top
        self.threshold = float(np.partition(scores, last)[last])
        kept = [
            (part, found.take(np.flatnonzero(found.scores >= self.threshold)))
            for part, found in self._found
        ]
        self._found = [(part, found) for part, found in kept if len(found.rows)]
        self._count = sum(len(found.rows) for _, found in self._found)


def _rows(segment: Segment, found: Compared, last: bool) -> list[RankedRow]:
    count = len(found.rows)
    columns = zip(
        segment.ids(found.rows),
        segment.versions[found.rows].tolist(),
        segment.variants(found.rows).tolist(),
        found.scores.tolist(),
        found.appearance.tolist(),
        found.colour.tolist(),
        found.views.tolist(),
        [last] * count,
        segment.kinds_known[found.rows].tolist(),
        strict=True,
    )
    return [RankedRow._make(column) for column in columns]
