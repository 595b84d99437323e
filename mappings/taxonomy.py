"""Define the taxonomy: categories and attributes, with the words of sellers and shoppers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidTaxonomy, UnknownTerm
from houndstooth.mappings.features import UNKNOWN_CATEGORY
from houndstooth.mappings.taxonomy_check import problems
from houndstooth.mappings.taxonomy_entries import (
    DEFAULT_LOSS_WEIGHT,
    AttributeGroup,
    BroaderTerm,
    Category,
    read_group,
)
from houndstooth.mappings.words import phrase_key, slug

SHIPPED = Path(__file__).with_name("taxonomy.json")

_NO_FEATURES = frozenset({"label", "value_labels", "labels", "importance", "loss_weight"})
"""Keys of categories and groups that do not change any feature: labels for people
(``label``, ``value_labels``) and for data sets (``labels``), and weights."""


@dataclass(frozen=True, eq=False)
class Taxonomy:
    """Great categories, leaf categories and attribute groups, each in file order.

    Attributes:
        siblings: Sets of leaf categories that look alike; see ``siblings_of``.
        loss_weights: Loss weights of ``category`` and ``great_category`` in training.
        feature_digest: SHA-256, in hexadecimal, of all that features depend on. Labels for
            people, importance in queries and loss weights are not part of it.
    """

    version: str
    great_categories: tuple[str, ...]
    categories: Mapping[str, Category]
    broader_terms: Mapping[str, BroaderTerm]
    groups: Mapping[str, AttributeGroup]
    ignored_phrases: tuple[str, ...]
    siblings: tuple[frozenset[str], ...]
    loss_weights: Mapping[str, float]
    feature_digest: str

    @classmethod
    def load(cls, path: Path | None = None) -> Taxonomy:
        """Read a taxonomy file; None means the shipped one.

        Raises:
            InvalidTaxonomy: It is not a readable taxonomy; the message lists every problem.
        """
        path = path or SHIPPED
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidTaxonomy(f"expected a JSON file at {path}; got {error}") from None
        return cls.from_json(data)

    @classmethod
    def from_json(cls, data: Any) -> Taxonomy:
        """Build the taxonomy from a file's content.

        Raises:
            InvalidTaxonomy: The content is not a taxonomy. The message lists every problem.
        """
        if errors := problems(data):
            raise InvalidTaxonomy("not a usable taxonomy:\n" + "\n".join(f"- {p}" for p in errors))
        categories = {
            term: Category(
                term,
                entry["label"],
                entry["great_category"],
                tuple(entry["words"]),
                tuple(entry.get("labels", ())),
            )
            for term, entry in data["categories"].items()
        }
        broader_terms = {
            name: BroaderTerm(
                name,
                tuple(entry["words"]),
                tuple(entry["categories"]),
                entry.get("modifier", False),
            )
            for name, entry in data.get("broader_terms", {}).items()
        }
        groups = {
            name: read_group(name, entry, categories.values())
            for name, entry in data["attribute_groups"].items()
        }
        return cls(
            data["version"],
            tuple(data["great_categories"]),
            categories,
            broader_terms,
            groups,
            tuple(data.get("ignored_phrases", ())),
            tuple(frozenset(leaves) for leaves in data.get("siblings", ())),
            data.get("loss_weights", {}),
            _feature_digest(data),
        )

    def great_category(self, leaf: str) -> str:
        """Return the great category of a leaf; of an unknown category, that. Raises UnknownTerm."""
        if leaf == UNKNOWN_CATEGORY:
            return UNKNOWN_CATEGORY
        return self.categories[self.check_category(leaf)].great_category

    def siblings_of(self, leaf: str) -> frozenset[str]:
        """Return the other leaves that look like this one. Raises UnknownTerm.

        A tunic on a model looks like a dress, so a search for one may return the other rather
        than nothing.
        """
        self.check_category(leaf)
        alike = (leaves for leaves in self.siblings if leaf in leaves)
        return frozenset().union(*alike) - {leaf}

    def groups_of(self, leaf: str) -> tuple[str, ...]:
        """Return the names of a leaf's attribute groups, in file order.

        An unknown category has the groups that every leaf has.

        Raises:
            UnknownTerm: It is no leaf of this taxonomy.
        """
        if leaf == UNKNOWN_CATEGORY:
            leaves = frozenset(self.categories)
            return tuple(name for name, g in self.groups.items() if leaves == g.categories)
        self.check_category(leaf)
        return tuple(name for name, group in self.groups.items() if leaf in group.categories)

    def loss_weight(self, head: str) -> float:
        """Return the loss weight of a head: a group, ``category`` or ``great_category``."""
        if head in self.groups:
            return self.groups[head].loss_weight
        return self.loss_weights.get(head, DEFAULT_LOSS_WEIGHT)

    def attribute_terms(self) -> tuple[str, ...]:
        """Return every attribute term, ``group:value``, in file order."""
        return tuple(term for group in self.groups.values() for term in group.terms())

    def label_of(self, term: str) -> str:
        """Return the label of a leaf, great category or attribute. Raises UnknownTerm."""
        if term in self.categories:
            return self.categories[term].label
        if term in (*self.great_categories, UNKNOWN_CATEGORY):
            return _spaced(term)
        name, _, value = self.check_attribute(term).partition(":")
        return self.groups[name].value_labels.get(value, _spaced(value))

    def check_category(self, term: str) -> str:
        """Return the term if it is a leaf category.

        Raises:
            UnknownTerm: It is not; the message suggests similar terms.
        """
        if term not in self.categories:
            raise _unknown("a category", term, self.categories)
        return term

    def check_attribute(self, term: str) -> str:
        """Return the term if it is an attribute, ``group:value``, of this taxonomy.

        Raises:
            UnknownTerm: It is not; the message suggests similar terms.
        """
        name, _, value = term.partition(":")
        if name not in self.groups or value not in self.groups[name].values:
            raise _unknown("an attribute as group:value", term, self.attribute_terms())
        return term

    def category_for_label(self, label: str) -> str | None:
        """Find the leaf for a data set's label: ``t-shirt`` for ``Tshirts``."""
        return next(iter(self.categories_for_label(label)), None)

    def categories_for_label(self, label: str) -> tuple[str, ...]:
        """Find all leaves for a data set's label, best first; empty if there is none."""
        return self._leaves_by_key.get(phrase_key(label), ())

    def term_for_label(self, group: str, label: str) -> str | None:
        """Find a group's term for a label: ``colour:navy-blue`` for ``colour``, ``Navy Blue``."""
        values = self.groups[group].values if group in self.groups else {}
        if slug(label) in values:
            return f"{group}:{slug(label)}"
        key = phrase_key(label)
        matching = (v for v, words in values.items() if key in map(phrase_key, words))
        return next((f"{group}:{value}" for value in matching), None)

    @cached_property
    def _leaves_by_key(self) -> dict[str, tuple[str, ...]]:
        """Leaves by phrase key: labels of data sets first, then broader terms, then words."""
        leaves: dict[str, tuple[str, ...]] = {}
        for category in self.categories.values():
            for label in (category.term, *category.labels):
                leaves.setdefault(phrase_key(label), (category.term,))
        for broader in self.broader_terms.values():
            for word in () if broader.modifier else broader.words:
                leaves.setdefault(phrase_key(word), broader.categories)
        for category in self.categories.values():
            for word in category.words:
                leaves.setdefault(phrase_key(word), (category.term,))
        return leaves


def _feature_digest(data: Any) -> str:
    """Compute the SHA-256 of the content that features depend on."""
    kept = {key: value for key, value in data.items() if key not in ("version", "loss_weights")}
    for table in ("categories", "attribute_groups"):
        kept[table] = {
            name: {key: value for key, value in entry.items() if key not in _NO_FEATURES}
            for name, entry in kept[table].items()
        }
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _spaced(term: str) -> str:
    return term.replace("-", " ").capitalize()


def _unknown(expected: str, term: str, known: Iterable[str]) -> UnknownTerm:
    similar = get_close_matches(term, known, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(similar)}?" if similar else ""
    return UnknownTerm(f"expected {expected} of the taxonomy; got {term[:80]!r}{hint}")
