"""Hold the segments of one moment, and know which of their rows are alive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.rows import FeatureRows
from houndstooth.plugin.columns.builder import SegmentBuilder
from houndstooth.plugin.columns.segment import Rows, Segment


@dataclass(frozen=True)
class Part:
    """A segment and its rows that are alive.

    Attributes:
        alive: bool [n]; None = all rows.
    """

    segment: Segment
    alive: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.segment) if self.alive is None else int(np.count_nonzero(self.alive))

    def rows(self) -> Rows:
        """Return the rows that are alive, int64."""
        if self.alive is None:
            return np.arange(len(self.segment))
        return np.flatnonzero(self.alive)

    def without(self, rows: Rows) -> Part:
        """Return the part after some rows have died."""
        if not len(rows):
            return self
        alive = np.ones(len(self.segment), dtype=bool) if self.alive is None else self.alive.copy()
        alive[rows] = False
        return Part(self.segment, alive)


@dataclass(frozen=True)
class Snapshot:
    """All products at one moment. It never changes, so threads may share it.

    Attributes:
        parts: The segments, oldest first. A product is alive in one of them at most.
    """

    parts: tuple[Part, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @classmethod
    def of(cls, rows: FeatureRows) -> Snapshot:
        """Build a snapshot of nothing but these rows."""
        builder = SegmentBuilder()
        builder.add(rows)
        return cls((Part(builder.segment()),))

    def find(self, product_ids: Sequence[str]) -> list[Rows]:
        """Return for each part the rows of products, -1 where it is dead or not there."""
        found = []
        for part in self.parts:
            rows = part.segment.find(product_ids)
            if part.alive is not None:
                rows[rows >= 0] = np.where(part.alive[rows[rows >= 0]], rows[rows >= 0], -1)
            found.append(rows)
        return found

    def without(self, product_ids: Sequence[str]) -> Snapshot:
        """Return the snapshot after some products have gone."""
        found = zip(self.parts, self.find(product_ids), strict=True)
        return Snapshot(tuple(part.without(rows[rows >= 0]) for part, rows in found))

    def changed(self, rows: FeatureRows, gone: Iterable[str] = ()) -> Snapshot:
        """Return the snapshot after rows were written and products are gone.

        Rows of a version that is known already, or of an older one, change nothing. Where a product
        comes twice, its highest version counts. All rows are of one model, and equally long.
        """
        newest = {one: place for place, one in _by_version(rows)}
        removed = [one for one in gone if one not in newest]
        places = np.array(list(newest.values()), dtype=np.int64)
        living = Snapshot(tuple(part for part in self.parts if len(part)))
        parts = []
        for part, found in zip(living.parts, living.find([*newest, *removed]), strict=True):
            here = found[: len(places)]
            versions = part.segment.versions[np.maximum(here, 0)].astype(np.int64)
            known = (here >= 0) & (versions >= rows.versions[places])
            dead = found >= 0
            dead[: len(places)] &= ~known
            parts.append(part.without(found[dead]))
            places = np.where(known, -1, places)
        kept = places[places >= 0]
        if len(kept):
            builder = SegmentBuilder()
            builder.add(rows.take(kept.tolist()))
            parts.append(Part(builder.segment()))
        return Snapshot(tuple(_merged(parts)))


def _by_version(rows: FeatureRows) -> Iterable[tuple[int, str]]:
    order = np.argsort(rows.versions, kind="stable").tolist()
    return ((place, rows.product_ids[place]) for place in order)


def _merged(parts: Sequence[Part]) -> list[Part]:
    """Merge the newest segments while they are of like size.

    So a product is copied a few times at most, and there are few segments. A segment of which
    most is dead is copied as well.
    """
    merged = [merge([part]) if 2 * len(part) < len(part.segment) else part for part in parts]
    while len(merged) > 1 and len(merged[-2].segment) <= 4 * len(merged[-1].segment):
        merged[-2:] = [merge(merged[-2:])]
    return merged


def merge(parts: Sequence[Part]) -> Part:
    """Merge parts into one segment in memory, without the dead rows."""
    builder = SegmentBuilder()
    for part in parts:
        builder.add_segment(part.segment, part.rows())
    return Part(builder.segment())
