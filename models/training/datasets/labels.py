"""What the labels of public data sets mean in the taxonomy.

A data set's own table goes first, then the taxonomy's labels, then the words that sellers use.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from houndstooth.mappings.features import group_of
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy

# "shirt, blouse" and "Suits & Blazers" name one thing or the other.
_OR = re.compile(r"[,&/]")
# True of an item that has a closer term of the same group as well: a floral print is printed.
_GENERAL = frozenset({"pattern:printed", "pattern:textured"})


@dataclass(frozen=True)
class Labels:
    """A data set's labels, read with a taxonomy.

    Attributes:
        category_table: leaves by label, where the taxonomy does not say it or says it
            differently; an empty tuple for a label that names no single leaf.
        term_table: term by label in the same way; an empty string for a label that says nothing.
    """

    taxonomy: Taxonomy
    category_table: Mapping[str, Collection[str]] = field(default_factory=dict)
    term_table: Mapping[str, str] = field(default_factory=dict)

    def leaves(self, label: str) -> frozenset[str]:
        """Every leaf that a category label may mean: several for a wide label, none if unknown."""
        found = self.category_table.get(label)
        if found is None:
            found = [leaf for part in _OR.split(label) for leaf in self._leaves_in_words(part)]
        return frozenset(leaf for leaf in found if leaf in self.taxonomy.categories)

    def leaf(self, label: str) -> str | None:
        """The one leaf of a category label; None for a label that is wide or unknown."""
        return only(self.leaves(label))

    def terms(self, label: str, groups: Collection[str] | None = None) -> frozenset[str]:
        """The attributes that a label says, of these groups only where they are given."""
        if (term := self.term_table.get(label)) is not None:
            found = [term]
        else:
            found = list(read_seller_text(self.taxonomy, label).attributes.values())
        known = frozenset(found) & frozenset(self.taxonomy.attribute_terms())
        return frozenset(t for t in known if groups is None or group_of(t) in groups)

    def settled(self, terms: Iterable[str], category: str) -> dict[str, str]:
        """Term by group, of the groups that the category has.

        A group that is left with two different terms is left out: which is true is unknown.
        """
        said: defaultdict[str, set[str]] = defaultdict(set)
        for term in terms:
            said[group_of(term)].add(term)
        settled = {}
        for name in self.taxonomy.groups_of(category):
            one = only(said[name] - _GENERAL or said[name])
            if one is not None:
                settled[name] = one
        return settled

    def _leaves_in_words(self, text: str) -> Collection[str]:
        of_label = self.taxonomy.categories_for_label(text)
        return of_label or read_seller_text(self.taxonomy, text).categories


def only(found: Collection[str]) -> str | None:
    """The one there is; None where there is none, or more than one."""
    return next(iter(found)) if len(found) == 1 else None
