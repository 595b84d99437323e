"""The grammar of attribute sequences, made from the taxonomy.

A sequence is a great category, a leaf category, at most one term of each attribute group that the
category has, in taxonomy order, and the end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy

GREAT_CATEGORY, CATEGORY = "great_category", "category"


class Grammar:
    """Numbers the tokens, and says which may follow which.

    The tokens are the terms of all heads, one head after the other, and the end.

    Args:
        heads: terms by head; the first two are GREAT_CATEGORY and CATEGORY.
        taxonomy: says which great category a leaf is in and which groups it has. Tokens that it
            does not know are never predicted.
        always_predicted: heads that are never skipped where the category has them.

    Attributes:
        tokens: their number, the end included.
        end: the number of the end token, the last one.
        slices: where each head's tokens are.
        head_of: head number by token, int64 [tokens]; of the end it is the number of heads.
        groups_of: the groups that each leaf has, bool [leaves + 1, heads]. The last row is for a
            leaf that the network does not know, and has all groups.
        great_of: great category token by leaf, int64 [leaves]. It is -1 where the network does not
            know the leaf's great category: such a leaf can be given, but is never predicted.
        known: the tokens that the taxonomy knows, bool [tokens].

    Raises:
        InvalidConfig: the taxonomy knows no leaf of the network's.
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
        # A group of whose terms the taxonomy knows none is skipped.
        usable = [self.known[self.slices[name]].any() for name in names]
        self._always_predicted = np.array([name in always_predicted for name in names]) & usable

    def allowed_attributes(
        self, last_head: NDArray[np.int64], groups: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Mark the tokens that may come next, after the category.

        These are the terms of later groups, up to the first group that is always predicted, or the
        end.

        Args:
            last_head: number of the head of the last token, int64 [n].
            groups: the heads that the category has, bool [n, heads].

        Returns:
            bool [n, tokens].
        """
        later = np.arange(len(self.heads))[None] > last_head[:, None]
        allowed = np.concatenate([later & groups, np.ones((len(groups), 1), bool)], axis=1)
        required = np.concatenate(
            [allowed[:, :-1] & self._always_predicted, allowed[:, -1:]], axis=1
        )
        allowed &= np.arange(allowed.shape[1])[None] <= required.argmax(axis=1)[:, None]
        return np.asarray(allowed[:, self.head_of] & self.known)
