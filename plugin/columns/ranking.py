"""Rank all products of a snapshot by attributes, appearance and colour, exactly.

Rows are compared by agreement, best first. Once the best products found are so good that no row of
a lower agreement can be among them, whatever it looks like, the rest is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.features import Bytes
from houndstooth.plugin.columns.distances import MAX_SQUARED, differing_bits, squared_differences
from houndstooth.plugin.columns.segment import Rows, Segment, as_words, variant_hash
from houndstooth.plugin.columns.snapshot import Part, Snapshot

BLOCK = 4096
"""Rows compared at once: with their copies and distances they fit in a core's cache."""

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class RankedRow:
    """A product of a ranking.

    Attributes:
        version: Version of the document whose features were ranked.
        variant: Hash of its variant group; 0 = none.
        score: In [0, 1], higher is better.
        appearance_distance, colour_distance: In [0, 1].
    """

    product_id: str
    version: int
    variant: int
    score: float
    appearance_distance: float
    colour_distance: float

    @property
    def place(self) -> tuple[float, str]:
        """Sorting key: by descending score, equal scores by product id."""
        return -self.score, self.product_id


@dataclass(frozen=True)
class RankingQuery:
    """What to rank, and by what.

    ::

        distance  = appearance_weight * appearance + (1 - appearance_weight) * colour
        agreement = attribute score / best possible attribute score
        score     = (1 - attribute_weight) * (1 - distance) + attribute_weight * agreement

    Appearance is the share of differing bits. Colour is the squared Hellinger distance: one minus
    the Bhattacharyya coefficient of two histograms. Those are stored as ``255 * sqrt(p)``, so it
    is their squared Euclidean distance divided by ``2 * 255 ** 2``; rounding may take it slightly
    over 1, where it is cut off. All values are float64 and computed as written.

    Attributes:
        binary_code: uint8 [bits / 8].
        colour_histogram: uint8 [bins].
        candidates: What to rank and how attributes score; its filters are not applied.
        without: Leave out what matches one of these queries.
        appearance_weight: Weight of the appearance distance, in [0, 1].
        attribute_weight: Weight of the agreement, in [0, 1].
    """

    binary_code: Bytes
    colour_histogram: Bytes
    candidates: CandidateQuery
    appearance_weight: float
    attribute_weight: float
    without: tuple[CandidateQuery, ...] = ()

    @property
    def best_score(self) -> int:
        """Highest possible attribute score, that of a product with every group's best term.

        If it is 0, no term is preferred, and the agreement of every product is 1.
        """
        return sum(max(boosts.values(), default=0) for boosts in self.candidates.preferred.values())


def count(query: RankingQuery, snapshot: Snapshot) -> int:
    """Count the products to rank; ``without_id`` and ``without_variant_group`` still count."""
    total = 0
    for part in snapshot.parts:
        sets, _ = _decide(query, part.segment)
        starts = part.segment.set_starts
        if part.alive is None:
            total += int((starts[sets + 1] - starts[sets]).sum())
        else:
            living = np.concatenate([[0], np.cumsum(part.alive)])
            total += int((living[starts[sets + 1]] - living[starts[sets]]).sum())
    return total


def rank(
    query: RankingQuery,
    snapshot: Snapshot,
    top: int,
    *,
    among: Sequence[Rows] | None = None,
    after: tuple[float, str] | None = None,
) -> list[RankedRow]:
    """Find the best products, best first; equal scores are ordered by product id.

    Args:
        query: The query.
        snapshot: What to rank.
        top: Maximum number of products, at least 1.
        among: For each part the rows to rank, −1 is left out; None = all.
        after: Rank only products whose ``place`` is higher.
    """
    best = _Best(top, after)
    for number, part in enumerate(snapshot.parts):
        if not len(part.segment):
            continue
        comparison = _Comparison(query, part)
        rows = None if among is None else among[number]
        for block, agreement in comparison.blocks(rows):
            if comparison.bound(agreement) < best.threshold:
                break
            best.add(number, part.segment, comparison.compare(block, agreement, best.threshold))
    return best.ranked(snapshot)


@dataclass(frozen=True)
class _Compared:
    rows: Rows
    scores: Scores
    appearance: Scores
    colour: Scores

    def take(self, places: NDArray[np.intp]) -> _Compared:
        return _Compared(
            self.rows[places], self.scores[places], self.appearance[places], self.colour[places]
        )


class _Comparison:
    """Compares the rows of one part with a query."""

    def __init__(self, query: RankingQuery, part: Part) -> None:
        self._query, self._part, self._segment = query, part, part.segment
        self._code = _padded(query.binary_code, self._segment.codes.shape[1])
        self._colour = _padded(query.colour_histogram, self._segment.colours.shape[1])
        self._bits = 8 * query.binary_code.size
        without_id = query.candidates.without_id
        self._without_row = -1 if without_id is None else int(self._segment.find([without_id])[0])
        group = query.candidates.without_variant_group
        self._without_variant = variant_hash(group) if query.candidates.variant_field else 0

    def blocks(self, rows: Rows | None) -> Iterator[tuple[Rows, Scores]]:
        """Yield the rows to compare and their agreement, highest agreement first."""
        sets, scores = _decide(self._query, self._segment)
        found = self._all(sets, scores) if rows is None else self._some(rows, sets, scores)
        best = self._query.best_score
        for block, points in found:
            agreement = points / best if best else np.ones(len(points))
            if self._part.alive is not None:
                living = self._part.alive[block]
                block, agreement = block[living], agreement[living]
            if len(block):
                yield block, agreement

    def bound(self, agreement: Scores) -> float:
        """Return the highest score that any row of such an agreement can have."""
        weight = self._query.attribute_weight
        return float((1 - weight) + weight * agreement[0])

    def compare(self, rows: Rows, agreement: Scores, threshold: float) -> _Compared:
        """Score rows; those that are left out or below the threshold are not returned."""
        query = self._query
        colour = squared_differences(self._colour, _bytes(self._segment.colours, rows))
        colour = np.minimum(colour / MAX_SQUARED, 1)
        appearance = differing_bits(self._code, _bytes(self._segment.codes, rows)) / self._bits
        distance = query.appearance_weight * appearance + (1 - query.appearance_weight) * colour
        weight = query.attribute_weight
        scores = (1 - weight) * (1 - distance) + weight * agreement
        good = np.flatnonzero(scores >= threshold)
        return self._allowed(_Compared(rows, scores, appearance, colour).take(good))

    def _allowed(self, found: _Compared) -> _Compared:
        allowed = np.ones(len(found.rows), dtype=bool)
        if self._without_variant:
            allowed &= self._segment.variants(found.rows) != np.uint64(self._without_variant)
        if self._without_row >= 0:
            allowed &= found.rows != self._without_row
        return found if allowed.all() else found.take(np.flatnonzero(allowed))

    def _all(self, sets: Rows, scores: Rows) -> Iterator[tuple[Rows, Rows]]:
        order = _highest_first(scores)
        first = self._segment.set_starts[sets[order]]
        counts = self._segment.set_starts[sets[order] + 1] - first
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        offsets = first - (ends - counts)
        for start in range(0, total, BLOCK):
            places = np.arange(start, min(start + BLOCK, total))
            which = np.searchsorted(ends, places[[0, -1]], side="right")
            some = slice(which[0], which[1] + 1)
            inside = np.clip(ends[some], places[0], places[-1] + 1)
            lengths = np.diff(inside, prepend=places[0])
            yield (
                places + np.repeat(offsets[some], lengths),
                np.repeat(scores[order[some]], lengths),
            )

    def _some(self, rows: Rows, sets: Rows, scores: Rows) -> Iterator[tuple[Rows, Rows]]:
        rows = rows[rows >= 0]
        of_row = self._segment.sets_of(rows)
        place = np.searchsorted(sets, of_row)
        place[place == len(sets)] = 0
        matching = (sets[place] == of_row) if len(sets) else np.zeros(len(rows), dtype=bool)
        rows, points = rows[matching], scores[place[matching]]
        order = _highest_first(points)
        for start in range(0, len(order), BLOCK):
            some = order[start : start + BLOCK]
            yield rows[some], points[some]


class _Best:
    """Keeps the best products found so far, and all that tie with the last of them."""

    def __init__(self, top: int, after: tuple[float, str] | None) -> None:
        self._top, self._after = top, after
        self._found: list[tuple[int, _Compared]] = []
        self._count = 0
        self.threshold = -np.inf

    def add(self, part: int, segment: Segment, found: _Compared) -> None:
        if self._after is not None:
            found = found.take(self._places_after(self._after, segment, found))
        if not len(found.rows):
            return
        self._found.append((part, found))
        self._count += len(found.rows)
        if self._count >= (self._top if self.threshold == -np.inf else 4 * self._top):
            self._raise_threshold()

    @staticmethod
    def _places_after(
        after: tuple[float, str], segment: Segment, found: _Compared
    ) -> NDArray[np.intp]:
        last, last_id = -after[0], after[1]
        later = found.scores < last
        tied = np.flatnonzero(found.scores == last)
        ids = segment.ids(found.rows[tied].tolist())
        later[tied] = [one > last_id for one in ids]
        return np.flatnonzero(later)

    def ranked(self, snapshot: Snapshot) -> list[RankedRow]:
        """Return the best products in order."""
        rows: list[RankedRow] = []
        for number, found in self._found:
            rows += _rows(snapshot.parts[number].segment, found)
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


def _rows(segment: Segment, found: _Compared) -> list[RankedRow]:
    columns = zip(
        segment.ids(found.rows.tolist()),
        segment.versions[found.rows].tolist(),
        segment.variants(found.rows).tolist(),
        found.scores.tolist(),
        found.appearance.tolist(),
        found.colour.tolist(),
        strict=True,
    )
    return [RankedRow(*column) for column in columns]


def _decide(query: RankingQuery, segment: Segment) -> tuple[Rows, NDArray[np.int64]]:
    sets, scores = segment.term_sets.decide(query.candidates)
    for other in query.without:
        left_out, _ = segment.term_sets.decide(other)
        kept = ~np.isin(sets, left_out, assume_unique=True)
        sets, scores = sets[kept], scores[kept]
    return sets, scores


def _highest_first(scores: Rows) -> Rows:
    """Order by descending score. Sorting one whole number a row is several times faster."""
    keys = (-scores << 32) + np.arange(len(scores))
    keys.sort()
    return keys & 0xFFFFFFFF


def _padded(row: Bytes, words: int) -> Bytes:
    padded = as_words(row[np.newaxis])
    if padded.shape[1] != words:
        raise ValueError(f"expected {8 * words} bytes, padded; got {row.size}")
    found: Bytes = padded.view(np.uint8)[0]
    return found


def _bytes(column: NDArray[np.uint64], rows: Rows) -> Bytes:
    """Return rows of a column as uint8 [n, b], without a copy where they follow each other."""
    if rows[-1] - rows[0] == len(rows) - 1 and (len(rows) < 3 or (np.diff(rows) == 1).all()):
        block = column[rows[0] : rows[-1] + 1]
    else:
        block = np.take(column, rows, axis=0)
    data: Bytes = block.view(np.uint8)
    return data
