"""Decide attribute queries on distinct term sets instead of single products."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.features import UNKNOWN_CATEGORY, group_of
from houndstooth.mappings.rows import SOLD_OUT, TermSet

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class TermSets:
    """The m distinct term sets of a segment, by category.

    Attributes:
        pairs: Distinct pairs of great category and category, sorted.
        terms: Distinct attribute terms of each group, sorted; groups are sorted.
        pair_starts: For each pair its first set, and m at the end, int64 [pairs + 1].
        values: For each group and set the number of its term in the group, 1 = the first, 0 = none,
            uint16 [groups, m].
        more: Further terms of sets that have several in one group: set, group and number of the
            term, by set, int64 [n, 3].
    """

    pairs: Sequence[tuple[str, str]]
    terms: Sequence[Sequence[str]]
    pair_starts: Numbers
    values: NDArray[np.uint16]
    more: Numbers

    def __len__(self) -> int:
        return int(self.pair_starts[-1])

    @classmethod
    def build(cls, sets: Sequence[TermSet]) -> tuple[TermSets, Numbers]:
        """Order distinct sets by category, then by terms.

        Returns:
            The sets, and the place of each given one in their order, int64 [m].
        """
        pairs = sorted({(great, category) for great, category, _ in sets})
        pair_number = {pair: number for number, pair in enumerate(pairs)}
        pair_of = np.array([pair_number[one[:2]] for one in sets], dtype=np.int64)
        terms, values, more = _numbered([names for _, _, names in sets])
        # numpy sorts without holding up other threads, as Python's sort would.
        order = np.lexsort((*values[::-1], pair_of))
        places = np.empty(len(sets), dtype=np.int64)
        places[order] = np.arange(len(sets))
        more[:, 0] = places[more[:, 0]]
        starts = np.searchsorted(pair_of[order], np.arange(len(pairs) + 1)).astype(np.int64)
        in_order = more[np.argsort(more[:, 0], kind="stable")]
        return cls(pairs, terms, starts, values[:, order], in_order), places

    def unpack(self) -> list[TermSet]:
        """List the sets in order."""
        names: list[list[str]] = [[] for _ in range(len(self))]
        for group, terms in enumerate(self.terms):
            values = self.values[group]
            for place in np.flatnonzero(values).tolist():
                names[place].append(terms[values[place] - 1])
        for place, group, value in self.more.tolist():
            names[place].append(self.terms[group][value - 1])
        numbers = np.repeat(np.arange(len(self.pairs)), np.diff(self.pair_starts)).tolist()
        return [
            (*self.pairs[number], tuple(sorted(terms)))
            for number, terms in zip(numbers, names, strict=True)
        ]

    def decide(
        self, query: CandidateQuery, sold_out: bool | None = None
    ) -> tuple[Numbers, Numbers]:
        """Find the sets that match a query, and score them.

        Filters, ``without_id`` and ``without_variant_group`` are not decided here.

        Args:
            query: The query.
            sold_out: Only sets of products that are sold out, or that are not; None = all.

        Returns:
            Numbers of the matching sets, ascending, int64 [k], and their scores, int64 [k].
        """
        empty = np.zeros(0, dtype=np.int64)
        if SOLD_OUT in self._places:
            if sold_out:
                query = replace(query, required=(*query.required, SOLD_OUT))
            if query.hide_sold_out or sold_out is False:
                query = replace(query, excluded=(*query.excluded, SOLD_OUT))
        elif sold_out:
            return empty, empty
        ranges = [
            slice(*self.pair_starts[number : number + 2].tolist())
            for number, (great, category) in enumerate(self.pairs)
            if category == UNKNOWN_CATEGORY
            or (
                query.category in (None, category)
                and query.great_category in (None, great)
                and (not query.categories or category in query.categories)
            )
        ]
        parts = [self._decide(query, one) for one in _joined(ranges)]
        if len(parts) == 1:
            return parts[0]
        numbers = np.concatenate([empty, *(part[0] for part in parts)])
        return numbers, np.concatenate([empty, *(part[1] for part in parts)])

    def _decide(self, query: CandidateQuery, sets: slice) -> tuple[Numbers, Numbers]:
        count = sets.stop - sets.start
        matches = np.ones(count, dtype=bool)
        for term in query.required:
            matches &= self._highest({term: 0}, sets) > 0
        for term in query.excluded:
            matches &= self._highest({term: 0}, sets) == 0
        scores = np.zeros(count, dtype=np.int64)
        groups = np.zeros(count, dtype=np.int64)
        for boosts in query.preferred.values():
            highest = self._highest(boosts, sets)
            groups += highest > 0
            scores += highest
        scores -= groups
        if query.minimum_groups > 0:
            matches &= groups >= query.minimum_groups
        if matches.all():
            return np.arange(sets.start, sets.stop), scores
        found = np.flatnonzero(matches)
        return found + sets.start, scores[found]

    def _highest(self, boosts: Mapping[str, int], sets: slice) -> Numbers:
        """Return one more than the highest boost among each set's terms, 0 if it has none."""
        parts = []
        first, last = np.searchsorted(self._sets_of_more, [sets.start, sets.stop])
        more = self.more[first:last]
        tables: dict[int, Numbers] = {}
        for term in boosts.keys() & self._places.keys():
            group, number = self._places[term]
            if group not in tables:
                tables[group] = np.zeros(len(self.terms[group]) + 1, dtype=np.int64)
            tables[group][number] = boosts[term] + 1
        for group, table in tables.items():
            highest = table[self.values[group, sets]]
            if len(more):
                here = more[more[:, 1] == group]
                np.maximum.at(highest, here[:, 0] - sets.start, table[here[:, 2]])
            parts.append(highest)
        if len(parts) == 1:
            return parts[0]
        of_all = np.zeros(sets.stop - sets.start, dtype=np.int64)
        for part in parts:
            np.maximum(of_all, part, out=of_all)
        return of_all

    @cached_property
    def kinds_known(self) -> NDArray[np.bool_]:
        """Tell of each set whether its category is known, bool [m]."""
        known = np.array([category != UNKNOWN_CATEGORY for _, category in self.pairs], dtype=bool)
        return np.repeat(known, np.diff(self.pair_starts))

    @cached_property
    def _sets_of_more(self) -> Numbers:
        """Sets of the rows of ``more``, in memory one after another."""
        return np.ascontiguousarray(self.more[:, 0])

    @cached_property
    def _places(self) -> Mapping[str, tuple[int, int]]:
        """Group and number of each term."""
        return {
            term: (group, number)
            for group, terms in enumerate(self.terms)
            for number, term in enumerate(terms, start=1)
        }


def _numbered(
    sets: Sequence[Sequence[str]],
) -> tuple[list[list[str]], NDArray[np.uint16], Numbers]:
    """Return ``terms``, ``values`` and ``more`` of TermSets, in the order of the sets."""
    groups: dict[str, set[str]] = {}
    for term in {term for names in sets for term in names}:
        groups.setdefault(group_of(term), set()).add(term)
    terms = [sorted(groups[name]) for name in sorted(groups)]
    where = {
        term: (group, number)
        for group, names in enumerate(terms)
        for number, term in enumerate(names, start=1)
    }
    values = np.zeros((len(terms), len(sets)), dtype=np.uint16)
    more = []
    for place, names in enumerate(sets):
        for group, number in map(where.__getitem__, names):
            if values[group, place]:
                more.append((place, group, number))
            else:
                values[group, place] = number
    return terms, values, np.array(more, dtype=np.int64).reshape(-1, 3)


def _joined(ranges: Collection[slice]) -> list[slice]:
    """Join ranges that follow each other."""
    joined: list[slice] = []
    for one in ranges:
        if joined and joined[-1].stop == one.start:
            joined[-1] = slice(joined[-1].start, one.stop)
        else:
            joined.append(one)
    return joined
