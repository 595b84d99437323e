"""Labels of data sets in the taxonomy.

A data set's own table comes first, then the taxonomy's labels, then the words that sellers use.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from houndstooth.mappings.features import group_of
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

_OR = re.compile(r"[,&/]")
"""Separates alternatives: "shirt, blouse", "Suits & Blazers"."""

_GENERAL = frozenset({"pattern:printed", "pattern:textured"})
"""Terms that a closer term of the group replaces: a floral print is printed too."""


@dataclass(frozen=True)
class Labels:
    """A data set's labels, read with a taxonomy.

    Attributes:
        category_table: leaves by label, where the taxonomy lacks it or has others; empty for a
            label without a leaf.
        term_table: term by label, in the same way; an empty string for a label without one.
    """

    taxonomy: Taxonomy
    category_table: Mapping[str, Collection[str]] = field(default_factory=dict)
    term_table: Mapping[str, str] = field(default_factory=dict)

    def leaves(self, label: str) -> frozenset[str]:
        """List the leaves that a category label may mean: several if wide, none if unknown."""
        found = self.category_table.get(label)
        if found is None:
            found = [leaf for part in _OR.split(label) for leaf in self._leaves_in_words(part)]
        return frozenset(leaf for leaf in found if leaf in self.taxonomy.categories)

    def leaf(self, label: str) -> str | None:
        """Look up the one leaf of a category label; None for one that is wide or unknown."""
        return only(self.leaves(label))

    def terms(self, label: str, groups: Collection[str] | None = None) -> frozenset[str]:
        """Look up the attribute terms of a label; of some groups alone, where given."""
        if (term := self.term_table.get(label)) is not None:
            found = [term]
        else:
            stated = read_seller_text(self.taxonomy, label, language="en").attributes
            found = [term for terms in stated.values() for term in terms]
        known = frozenset(found) & frozenset(self.taxonomy.attribute_terms())
        return frozenset(t for t in known if groups is None or group_of(t) in groups)

    def resolve(self, terms: Iterable[str], category: str) -> dict[str, str]:
        """Resolve terms to one for each group of the category.

        A group with two different terms is left out, as the true one is unknown.
        """
        by_group: defaultdict[str, set[str]] = defaultdict(set)
        for term in terms:
            by_group[group_of(term)].add(term)
        resolved = {}
        for name in self.taxonomy.groups_of(category):
            one = only(by_group[name] - _GENERAL or by_group[name])
            if one is not None:
                resolved[name] = one
        return resolved

    def _leaves_in_words(self, text: str) -> Collection[str]:
        of_label = self.taxonomy.categories_for_label(text)
        return of_label or read_seller_text(self.taxonomy, text, language="en").categories


def only(found: Collection[str]) -> str | None:
    """Return the only element; None where there is none, or more than one."""
    return next(iter(found)) if len(found) == 1 else None
