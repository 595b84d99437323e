"""Rank all products of a snapshot by attributes, appearance and colour, exactly.

Rows are compared by agreement, best first. Once the best products found are so good that no row of
a lower agreement can be among them, whatever it looks like, the rest is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import Bytes
from houndstooth.mappings.rows import ranges
from houndstooth.plugin.clock import Clock
from houndstooth.plugin.columns.best import Best, Compared, Scores
from houndstooth.plugin.columns.distances import (
    MAX_SQUARED,
    differing_bits,
    squared_differences,
    weight_of_differing_bits,
    weights_by_byte,
)
from houndstooth.plugin.columns.query import Place, RankedRow, RankingQuery
from houndstooth.plugin.columns.segment import Rows, Segment, as_words, variant_hash
from houndstooth.plugin.columns.snapshot import Part, Snapshot

BLOCK = 4096
"""Rows compared at once: with their copies and distances they fit in a core's cache."""

STEPS = 1024
"""Steps in which agreement is told apart to begin with the highest."""

LEVEL_GROWTH = 3
"""How many times more rows are compared next than were before."""


def count(query: RankingQuery, snapshot: Snapshot) -> int:
    """Count the products to rank, for a plan: dead rows and what is left out still count."""
    total = 0
    for part in snapshot.parts:
        sets, _ = _decide(query, part.segment)
        starts = part.segment.set_starts
        total += int((starts[sets + 1] - starts[sets]).sum())
    return total


def rank(
    query: RankingQuery,
    snapshot: Snapshot,
    top: int,
    *,
    among: Sequence[Rows] | None = None,
    after: Place | None = None,
    clock: Clock | None = None,
) -> list[RankedRow]:
    """Find the best products, best first; equal scores are ordered by product id.

    Args:
        query: The query.
        snapshot: What to rank.
        top: Maximum number of products, at least 1.
        among: For each part the rows to rank, −1 is left out; None = all.
        after: Rank only products whose ``place`` is higher.
        clock: Counts the products that are compared.
    """
    ranked: list[RankedRow] = []
    for sold_out in (False, True) if query.sold_out_last else (None,):
        last = bool(sold_out)
        if len(ranked) < top and (after is None or after[0] <= last):
            best = Best(top - len(ranked), after if after and after[0] == last else None, last)
            compared = _compare_all(query, snapshot, among, sold_out, best)
            if clock:
                clock.compared += compared
            ranked += best.ranked(snapshot)
    return ranked


def _compare_all(
    query: RankingQuery,
    snapshot: Snapshot,
    among: Sequence[Rows] | None,
    sold_out: bool | None,
    best: Best,
) -> int:
    """Compare the rows that may be among the best, and return how many these were."""
    compared = 0
    for number, part in enumerate(snapshot.parts):
        if not len(part.segment):
            continue
        comparison = _Comparison(query, part, sold_out)
        rows = None if among is None else among[number]
        for block, agreement in comparison.blocks(rows, best):
            best.add(number, part.segment, comparison.compare(block, agreement, best.threshold))
            compared += len(block)
    return compared


def rank_variants(
    query: RankingQuery, snapshot: Snapshot, variants: Sequence[int]
) -> list[RankedRow]:
    """Rank all products of some variant groups, given by their hashes, best first."""
    hashes = np.array(variants, dtype=np.uint64)
    among = [part.segment.rows_of_variants(hashes) for part in snapshot.parts]
    return rank(query, snapshot, max(1, sum(map(len, among))), among=among)


class _Comparison:
    """Compares the rows of one part with a query.

    Args:
        query: The query.
        part: The part.
        sold_out: Only products that are sold out, or that are not; None = all.
    """

    def __init__(self, query: RankingQuery, part: Part, sold_out: bool | None = None) -> None:
        self._query, self._part, self._segment = query, part, part.segment
        self._sold_out = sold_out
        self._code = _padded(query.binary_code, self._segment.codes.shape[1])
        self._colour = _padded(query.colour_histogram, self._segment.colours.shape[1])
        self._bits = 8 * query.binary_code.size
        self._by_byte = None
        if query.bit_weights is not None:  # of bytes that fill up the code nothing is asked
            self._by_byte = weights_by_byte(query.bit_weights)
        without_id = query.candidates.without_id
        self._without_row = -1 if without_id is None else int(self._segment.find([without_id])[0])
        group = query.candidates.without_variant_group
        self._without_variant = variant_hash(group) if query.candidates.variant_field else 0

    def blocks(self, rows: Rows | None, best: Best) -> Iterator[tuple[Rows, Scores]]:
        """Yield the rows to compare and their agreement, roughly the highest agreement first.

        Rows that cannot be among the best, whatever they look like, are left out.
        """
        sets, scores = _decide(self._query, self._segment, self._sold_out)
        highest = self._query.candidates.best_score
        agreement = scores / highest if highest else np.ones(len(scores))
        if rows is None:
            sizes = self._segment.set_starts[sets + 1] - self._segment.set_starts[sets]
        else:
            rows, of_row = self._matching(rows, sets)
            agreement, sizes = agreement[of_row], np.ones(len(rows), dtype=np.int64)
        weight = self._query.attribute_weight
        bounds = (1 - weight) + weight * agreement
        for level in _levels(agreement, sizes):
            level = level[bounds[level] >= best.threshold]
            if rows is None:
                first = self._segment.set_starts[sets[level]]
                here = ranges(first, first + sizes[level])
            else:
                here = rows[level]
            yield from self._living(here, np.repeat(agreement[level], sizes[level]))

    def _matching(self, rows: Rows, sets: Rows) -> tuple[Rows, Rows]:
        """Return the rows that are of some sets, and their places among these."""
        rows = rows[rows >= 0]
        of_row = self._segment.sets_of(rows)
        places = np.searchsorted(sets, of_row)
        matching = np.isin(of_row, sets)
        return rows[matching], places[matching]

    def _living(self, rows: Rows, agreement: Scores) -> Iterator[tuple[Rows, Scores]]:
        """Yield blocks of those rows that are alive."""
        if self._part.alive is not None:
            living = self._part.alive[rows]
            rows, agreement = rows[living], agreement[living]
        for start in range(0, len(rows), BLOCK):
            yield rows[start : start + BLOCK], agreement[start : start + BLOCK]

    def compare(self, rows: Rows, agreement: Scores, threshold: float) -> Compared:
        """Score rows; those that are left out or below the threshold are not returned."""
        query, segment, views = self._query, self._segment, rows
        if segment.has_views:
            first, last = segment.views_of(rows)
            views = ranges(first, last)
            rows, agreement = np.repeat(rows, last - first), np.repeat(agreement, last - first)
        colour = squared_differences(self._colour, _bytes(segment.colours, views))
        colour = np.minimum(colour / MAX_SQUARED, 1)
        appearance = self._appearance(_bytes(segment.codes, views))
        distance = query.appearance_weight * appearance + (1 - query.appearance_weight) * colour
        weight = query.attribute_weight
        scores = (1 - weight) * (1 - distance) + weight * agreement
        good = np.flatnonzero(scores >= threshold)
        if segment.has_views:
            good = good[_nearest_views(rows[good], distance[good])]
        number = views[good] - segment.views_of(rows[good])[0]
        return self._allowed(
            Compared(rows[good], scores[good], appearance[good], colour[good], number)
        )

    def _appearance(self, codes: Bytes) -> Scores:
        if self._by_byte is None:
            return differing_bits(self._code, codes) / self._bits
        known = self._code[: len(self._by_byte)]
        return np.minimum(weight_of_differing_bits(known, codes, self._by_byte), 1)

    def _allowed(self, found: Compared) -> Compared:
        allowed = np.ones(len(found.rows), dtype=bool)
        if self._without_variant:
            allowed &= self._segment.variants(found.rows) != np.uint64(self._without_variant)
        if self._without_row >= 0:
            allowed &= found.rows != self._without_row
        return found if allowed.all() else found.take(np.flatnonzero(allowed))


def _nearest_views(rows: Rows, distance: Scores) -> NDArray[np.intp]:
    """Find the places of each row's nearest view, the first of equally near ones."""
    order = np.lexsort((distance, rows))
    return order[np.diff(rows[order], prepend=-1) > 0]


def _decide(
    query: RankingQuery, segment: Segment, sold_out: bool | None = None
) -> tuple[Rows, NDArray[np.int64]]:
    sets, scores = segment.term_sets.decide(query.candidates, sold_out)
    for other in query.without:
        left_out, _ = segment.term_sets.decide(other)
        kept = ~np.isin(sets, left_out, assume_unique=True)
        sets, scores = sets[kept], scores[kept]
    return sets, scores


def _levels(agreement: Scores, sizes: Rows) -> Iterator[Rows]:
    """Yield all places, those of the highest agreement first.

    A level has about BLOCK rows, and each further one LEVEL_GROWTH times as many as all before it:
    there is nothing to sort, and the first of them tell which of the last need no comparison.
    """
    steps = np.floor((1 - agreement) * (STEPS - 1)).astype(np.int64)
    rows_up_to = np.cumsum(np.bincount(steps, sizes, minlength=STEPS))
    last = -1
    while last < STEPS - 1:
        enough = BLOCK if last < 0 else LEVEL_GROWTH * rows_up_to[last]
        first, last = last + 1, min(int(np.searchsorted(rows_up_to, enough)), STEPS - 1)
        last = max(first, last)
        yield np.flatnonzero((steps >= first) & (steps <= last))


def _padded(row: Bytes, words: int) -> Bytes:
    padded = as_words(row[np.newaxis])
    if padded.shape[1] != words:
        raise ValueError(f"expected {8 * words} bytes, padded; got {row.size}")
    data: Bytes = padded.view(np.uint8)[0]
    return data


def _bytes(column: NDArray[np.uint64], rows: Rows) -> Bytes:
    """Return rows of a column as uint8 [n, b], without a copy where they follow each other."""
    if rows[-1] - rows[0] == len(rows) - 1 and (len(rows) < 3 or (np.diff(rows) == 1).all()):
        block = column[rows[0] : rows[-1] + 1]
    else:
        block = np.take(column, rows, axis=0)
    data: Bytes = block.view(np.uint8)
    return data
