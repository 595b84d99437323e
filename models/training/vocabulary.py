"""The classes of each head: leaf categories first, then the attribute groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mappings.taxonomy import Taxonomy
from models.training.samples import Sample

CATEGORY = "category"
UNKNOWN = -1


@dataclass(frozen=True)
class Vocabulary:
    """Terms by head, in the order of the network's outputs."""

    heads: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, samples: Sequence[Sample], taxonomy: Taxonomy, least: int = 4) -> Vocabulary:
        """All terms that at least ``least`` samples have, in taxonomy order.

        Every category that any sample has is kept: a shop can sell a single umbrella.
        """
        count: dict[str, int] = {}
        for sample in samples:
            for term in (sample.category, *sample.terms.values()):
                count[term] = count.get(term, 0) + 1
        heads = {CATEGORY: tuple(term for term in taxonomy.categories if term in count)}
        for group in taxonomy.groups.values():
            terms = [f"{group.name}:{value}" for value in group.values]
            seen = tuple(term for term in terms if count.get(term, 0) >= least)
            if len(seen) > 1:
                heads[group.name] = seen
        return cls(heads)

    @property
    def sizes(self) -> list[int]:
        """How many classes each head has."""
        return [len(terms) for terms in self.heads.values()]

    def slices(self) -> dict[str, slice]:
        """Where each head's classes stand in the network's outputs."""
        found, start = {}, 0
        for name, terms in self.heads.items():
            found[name] = slice(start, start + len(terms))
            start += len(terms)
        return found

    def labels(self, samples: Sequence[Sample]) -> NDArray[np.int64]:
        """Class by sample and head, UNKNOWN where nothing is known: int64 [n, heads]."""
        table = np.full((len(samples), len(self.heads)), UNKNOWN, dtype=np.int64)
        for column, (head, terms) in enumerate(self.heads.items()):
            index = {term: i for i, term in enumerate(terms)}
            for row, sample in enumerate(samples):
                term = sample.category if head == CATEGORY else sample.terms.get(head, "")
                table[row, column] = index.get(term, UNKNOWN)
        return table
