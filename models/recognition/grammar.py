"""Which tokens may follow which: the sequence's grammar, made of the taxonomy.

A sequence is great category, leaf category, then at most one term of each group that the category
has, in taxonomy order, then the end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy

GREAT_CATEGORY, CATEGORY = "great_category", "category"


class Grammar:
    """Tokens by number: the terms of all heads one after the other, then the end.

    Args:
        heads: terms by head; the first two are GREAT_CATEGORY and CATEGORY.
        taxonomy: says which leaf is in which great category and has which groups; tokens it does
            not know never come out.
        always_predicted: heads that are never skipped where the category has them.

    Attributes:
        tokens: how many there are, the end included.
        end: the number of the end, the last one.
        slices: where each head's tokens stand.
        head_of: head number by token, int64 [tokens]; that of the end is the number of heads.
        groups_of: bool [leaves + 1, heads], the groups that each leaf has; the last row is for a
            leaf that the network does not know, and has all groups.
        great_of: great category token by leaf, int64 [leaves]; -1 where the taxonomy has it in one
            that the network does not know: such a leaf can be given, and is never found.

    Raises:
        InvalidConfig: no leaf that the network could find is left.
    """

    def __init__(
        self,
        heads: Mapping[str, Sequence[str]],
        taxonomy: Taxonomy,
        always_predicted: Collection[str] = (),
    ) -> None:
        self.heads = {name: tuple(terms) for name, terms in heads.items()}
        self.terms = tuple(term for terms in self.heads.values() for term in terms)
        self.end = len(self.terms)
        self.tokens = self.end + 1
        self.slices: dict[str, slice] = {}
        start = 0
        for name, terms in self.heads.items():
            self.slices[name] = slice(start, start + len(terms))
            start += len(terms)
        sizes = [len(terms) for terms in self.heads.values()]
        self.head_of = np.repeat(np.arange(len(sizes) + 1), [*sizes, 1])
        self.leaves, self.greats = self.slices[CATEGORY], self.slices[GREAT_CATEGORY]
        names = list(self.heads)
        self.groups_of = np.ones((len(self.heads[CATEGORY]) + 1, len(names)), dtype=bool)
        self.great_of = np.full(len(self.heads[CATEGORY]), -1)
        for row, leaf in enumerate(self.heads[CATEGORY]):
            if leaf in taxonomy.categories:
                has = taxonomy.groups_of(leaf)
                self.groups_of[row] = [name in has for name in names]
                great = taxonomy.great_category(leaf)
                if great in self.heads[GREAT_CATEGORY]:
                    self.great_of[row] = self.heads[GREAT_CATEGORY].index(great)
        self.groups_of[:, :2] = True
        if (self.great_of < 0).all():
            raise InvalidConfig(
                "expected a taxonomy with categories that the network knows, in great categories "
                f"among {', '.join(self.heads[GREAT_CATEGORY])}; got none"
            )
        known = {*taxonomy.attribute_terms(), *taxonomy.categories, *taxonomy.great_categories}
        self.known = np.array([term in known for term in self.terms] + [True])
        # A group of whose terms the taxonomy has none cannot be said, and so is passed over.
        said = [self.known[self.slices[name]].any() for name in names]
        self._always_predicted = np.array([name in always_predicted for name in names]) & said

    def attributes(
        self, last_head: NDArray[np.int64], groups: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """What may come after a category: later groups of it up to one that must, or the end.

        Args:
            last_head: number of the head that spoke last, [n].
            groups: which heads may speak, bool [n, heads].

        Returns:
            bool [n, tokens].
        """
        later = np.arange(len(self.heads))[None] > last_head[:, None]
        speaks = np.concatenate([later & groups, np.ones((len(groups), 1), bool)], axis=1)
        must = np.concatenate([speaks[:, :-1] & self._always_predicted, speaks[:, -1:]], axis=1)
        speaks &= np.arange(speaks.shape[1])[None] <= must.argmax(axis=1)[:, None]
        return np.asarray(speaks[:, self.head_of] & self.known)
