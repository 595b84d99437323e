"""Labels of data sets in the taxonomy.

A data set's own table comes first, then the taxonomy's labels, then the words that sellers use.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from houndstooth.mappings.features import group_of
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.samples import terms_by_group

_OR = re.compile(r"[,&/]")
"""Separates alternatives: "shirt, blouse", "Suits & Blazers"."""

SEVERAL = frozenset({"colour", "pattern", "material"})
"""Groups of which an item can have several terms: red and blue, of cotton and leather."""

_GENERAL = frozenset({"pattern:printed", "pattern:textured"})
"""Terms that a closer term of the group replaces: a floral print is printed too."""

_ALONE = frozenset({"pattern:solid"})
"""Terms that contradict every other of their group."""


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
            found = list(read_seller_text(self.taxonomy, label, language="en").attributes.values())
        known = frozenset(found) & frozenset(self.taxonomy.attribute_terms())
        return frozenset(t for t in known if groups is None or group_of(t) in groups)

    def resolve(self, terms: Iterable[str], *categories: str) -> dict[str, tuple[str, ...]]:
        """Resolve terms to the true ones of each group that any of the categories has.

        Two colours, patterns or materials are both true, in taxonomy order. Two terms of any other
        group contradict each other: it is left out, as the true one is unknown.
        """
        by_group = terms_by_group(terms)
        resolved = {}
        for name, group in self.taxonomy.groups.items():
            if name in by_group and not group.categories.isdisjoint(categories):
                found = frozenset(by_group[name])
                true = found - _GENERAL or found
                if len(true) == 1 or (name in SEVERAL and not true & _ALONE):
                    resolved[name] = tuple(term for term in group.terms() if term in true)
        return resolved

    def _leaves_in_words(self, text: str) -> Collection[str]:
        of_label = self.taxonomy.categories_for_label(text)
        return of_label or read_seller_text(self.taxonomy, text, language="en").categories


def only(found: Collection[str]) -> str | None:
    """Return the only element; None where there is none, or more than one."""
    return next(iter(found)) if len(found) == 1 else None
