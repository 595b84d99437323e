"""Decide attribute queries on distinct term sets instead of single products."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.rows import TermSet

BITS = 64


@dataclass(frozen=True)
class TermSets:
    """The m distinct term sets of a segment, by category.

    A set's attribute terms are bits: term n is bit ``n % 64`` of word ``n // 64``.

    Attributes:
        pairs: Distinct pairs of great category and category, sorted.
        terms: Distinct attribute terms, sorted.
        pair_starts: For each pair its first set, and m at the end, int64 [pairs + 1].
        words: uint64 [words, m].
    """

    pairs: Sequence[tuple[str, str]]
    terms: Sequence[str]
    pair_starts: NDArray[np.int64]
    words: NDArray[np.uint64]

    def __len__(self) -> int:
        return int(self.words.shape[1])

    @classmethod
    def build(cls, sets: Sequence[TermSet]) -> tuple[TermSets, NDArray[np.int64]]:
        """Order distinct sets by category, then by terms.

        Returns:
            The sets, and the place of each given one in their order, int64 [m].
        """
        pairs = sorted({(great, category) for great, category, _ in sets})
        terms = sorted({term for _, _, names in sets for term in names})
        pair_number = {pair: n for n, pair in enumerate(pairs)}
        pair_of = np.array([pair_number[one[:2]] for one in sets], dtype=np.int64)
        words = _pack([names for _, _, names in sets], terms)
        order = np.lexsort((*words[::-1], pair_of))
        places = np.empty(len(sets), dtype=np.int64)
        places[order] = np.arange(len(sets))
        starts = np.searchsorted(pair_of[order], np.arange(len(pairs) + 1))
        return cls(pairs, terms, starts.astype(np.int64), words[:, order]), places

    def unpack(self) -> list[TermSet]:
        """List the sets in order."""
        names = [[] for _ in range(len(self))]  # type: list[list[str]]
        for number, term in enumerate(self.terms):
            for place in np.flatnonzero(self._has(number, slice(None))).tolist():
                names[place].append(term)
        numbers = np.repeat(np.arange(len(self.pairs)), np.diff(self.pair_starts)).tolist()
        return [
            (*self.pairs[number], tuple(terms))
            for number, terms in zip(numbers, names, strict=True)
        ]

    def decide(self, query: CandidateQuery) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Find the sets that match a query, and score them.

        Filters, ``without_id`` and ``without_variant_group`` are not decided here.

        Returns:
            Numbers of the matching sets, ascending, int64 [k], and their scores, int64 [k].
        """
        ranges = [
            slice(*self.pair_starts[number : number + 2].tolist())
            for number, (great, category) in enumerate(self.pairs)
            if query.category in (None, category) and query.great_category in (None, great)
        ]
        parts = [self._decide(query, one) for one in _joined(ranges)]
        empty = np.zeros(0, dtype=np.int64)
        numbers = np.concatenate([empty, *(part[0] for part in parts)])
        return numbers, np.concatenate([empty, *(part[1] for part in parts)])

    def _decide(
        self, query: CandidateQuery, sets: slice
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        count = sets.stop - sets.start
        numbers = self._numbers
        matches = np.ones(count, dtype=bool)
        for term in query.required:
            matches &= self._has_any([term], sets)
        if query.excluded:
            matches &= ~self._has_any(query.excluded, sets)
        scores = np.zeros(count, dtype=np.int64)
        groups = np.zeros(count, dtype=np.int64)
        for boosts in query.preferred.values():
            best = np.zeros(count, dtype=np.int64)
            for term, boost in sorted(boosts.items(), key=lambda item: item[1]):
                if term in numbers:
                    np.putmask(best, self._has(numbers[term], sets), boost)
            scores += best
            if query.minimum_groups:
                groups += self._has_any(boosts, sets)
        if query.minimum_groups:
            matches &= groups >= query.minimum_groups
        if matches.all():
            return np.arange(sets.start, sets.stop), scores
        found = np.flatnonzero(matches)
        return found + sets.start, scores[found]

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {term: number for number, term in enumerate(self.terms)}

    def _has(self, number: int, sets: slice) -> NDArray[np.bool_]:
        bit = np.uint64(1 << number % BITS)
        found: NDArray[np.bool_] = (self.words[number // BITS, sets] & bit) != 0
        return found

    def _has_any(self, terms: Collection[str], sets: slice) -> NDArray[np.bool_]:
        masks: dict[int, int] = {}
        for number in (self._numbers[term] for term in terms if term in self._numbers):
            masks[number // BITS] = masks.get(number // BITS, 0) | 1 << number % BITS
        found = np.zeros(sets.stop - sets.start, dtype=bool)
        for word, mask in masks.items():
            found |= (self.words[word, sets] & np.uint64(mask)) != 0
        return found


def _pack(sets: Sequence[Iterable[str]], terms: Sequence[str]) -> NDArray[np.uint64]:
    number = {term: n for n, term in enumerate(terms)}
    words: Any = np.zeros((max(1, -(-len(terms) // BITS)), len(sets)), dtype=np.uint64)
    for place, names in enumerate(sets):
        for term in names:
            words[number[term] // BITS, place] |= np.uint64(1 << number[term] % BITS)
    return words  # type: ignore[no-any-return]


def _joined(ranges: Sequence[slice]) -> list[slice]:
    """Join ranges that follow each other."""
    joined: list[slice] = []
    for one in ranges:
        if joined and joined[-1].stop == one.start:
            joined[-1] = slice(joined[-1].start, one.stop)
        else:
            joined.append(one)
    return joined
