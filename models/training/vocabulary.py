"""The tokens of a sequence: great categories, leaf categories, attribute terms by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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
        leaves = frozenset().union(*(sample.categories for sample in samples))
        count = Counter(t for sample in samples for terms in sample.terms.values() for t in terms)
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

        Of several terms it is the first that has a class. UNKNOWN where the label is unknown, or of
        a group that the category does not have; ABSENT where an item is known to have none.
        """
        table = np.full((len(samples), len(self.heads)), UNKNOWN, dtype=np.int64)
        for column, (head, terms) in enumerate(self.heads.items()):
            index = {term: i for i, term in enumerate(terms)}
            for row, sample in enumerate(samples):
                if head == GREAT_CATEGORY:
                    table[row, column] = index[taxonomy.great_category(sample.category)]
                elif head == CATEGORY:
                    table[row, column] = index.get(sample.category, UNKNOWN)
                elif head not in taxonomy.groups_of(sample.category):
                    continue
                elif head in sample.terms:
                    of_terms = (index[term] for term in sample.terms[head] if term in index)
                    table[row, column] = next(of_terms, UNKNOWN)
                elif head in sample.known:
                    table[row, column] = ABSENT
        return table

    def multi_hot(self, samples: Sequence[Sample], taxonomy: Taxonomy) -> NDArray[np.uint8]:
        """Mark all true terms by sample: uint8 [n, classes], zeros in heads that are unknown.

        These are the terms and categories of all garments in the photo.
        """
        table = np.zeros((len(samples), sum(self.sizes)), dtype=np.uint8)
        for (head, terms), where in zip(self.heads.items(), self.slices().values(), strict=True):
            place = {term: where.start + i for i, term in enumerate(terms)}
            for row, sample in enumerate(samples):
                if head == GREAT_CATEGORY:
                    true: Iterable[str] = map(taxonomy.great_category, sample.categories)
                elif head == CATEGORY:
                    true = sample.categories
                else:
                    true = sample.terms.get(head, ())
                table[row, [place[term] for term in true if term in place]] = 1
        return table
