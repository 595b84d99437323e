"""The tokens of a sequence: great categories, leaf categories, attribute terms by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.training.samples import Sample

UNKNOWN, ABSENT = -1, -2


@dataclass(frozen=True)
class Vocabulary:
    """Terms by head, in the order of the network's outputs."""

    heads: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, samples: Sequence[Sample], taxonomy: Taxonomy, min_count: int = 4) -> Vocabulary:
        """Collect the terms that at least ``min_count`` samples have, in taxonomy order.

        Every category that any sample has is kept: a shop can sell a single umbrella.
        """
        leaves = {sample.category for sample in samples}
        count = Counter(term for sample in samples for term in sample.terms.values())
        heads = {
            GREAT_CATEGORY: taxonomy.great_categories,
            CATEGORY: tuple(term for term in taxonomy.categories if term in leaves),
        }
        for group in taxonomy.groups.values():
            frequent = tuple(term for term in group.terms() if count[term] >= min_count)
            if len(frequent) > 1:
                heads[group.name] = frequent
        return cls(heads)

    @property
    def sizes(self) -> list[int]:
        """The number of classes of each head."""
        return [len(terms) for terms in self.heads.values()]

    def slices(self) -> dict[str, slice]:
        """Compute the place of each head's classes in the network's outputs."""
        slices, start = {}, 0
        for name, terms in self.heads.items():
            slices[name] = slice(start, start + len(terms))
            start += len(terms)
        return slices

    def labels(self, samples: Sequence[Sample], taxonomy: Taxonomy) -> NDArray[np.int64]:
        """Look up the class by sample and head: int64 [n, heads].

        UNKNOWN where the label is unknown, ABSENT where an item is known to have none of a group.
        """
        table = np.full((len(samples), len(self.heads)), UNKNOWN, dtype=np.int64)
        for column, (head, terms) in enumerate(self.heads.items()):
            index = {term: i for i, term in enumerate(terms)}
            for row, sample in enumerate(samples):
                if head == GREAT_CATEGORY:
                    table[row, column] = index[taxonomy.great_category(sample.category)]
                elif head == CATEGORY:
                    table[row, column] = index.get(sample.category, UNKNOWN)
                elif head in sample.terms:
                    table[row, column] = index.get(sample.terms[head], UNKNOWN)
                elif head in sample.known:
                    table[row, column] = ABSENT
        return table
