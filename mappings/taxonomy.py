"""The taxonomy: what shoppers call things, and what the recogniser can say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidTaxonomy, UnknownTerm
from houndstooth.mappings.taxonomy_check import problems
from houndstooth.mappings.words import phrase_key, slug

SHIPPED = Path(__file__).with_name("taxonomy.json")

DEFAULT_IMPORTANCE = 0.025
"""Of a group in a query, where the taxonomy file does not say."""

DEFAULT_LOSS_WEIGHT = 0.3
"""Of a head in training, where the taxonomy file does not say."""

# The keys of categories and groups that features do not depend on; ``labels`` are those of data
# sets, ``label`` and ``value_labels`` are read by people.
_NO_FEATURES = frozenset({"label", "value_labels", "labels", "importance", "loss_weight"})


@dataclass(frozen=True)
class Category:
    """A leaf category: what a product is.

    Attributes:
        term: ``t-shirt``.
        label: for people, ``T-shirt``.
        great_category: ``top``.
        words: what sellers call it.
        labels: what data sets call it, ``Tshirts``.
    """

    term: str
    label: str
    great_category: str
    words: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class BroaderTerm:
    """Words that name several leaf categories at once: ``shoe``, ``kidswear``.

    Attributes:
        categories: the leaves meant; the first stands for all where one is needed.
        modifier: the words only narrow what other words named ("running" in "running shoe").
    """

    name: str
    words: tuple[str, ...]
    categories: tuple[str, ...]
    modifier: bool


@dataclass(frozen=True)
class AttributeGroup:
    """One question about an item, with the values that answer it.

    Attributes:
        name: ``colour``.
        label: for people, ``Colour``.
        values: words that sellers use, by value; a value ``navy-blue`` has term
            ``colour:navy-blue``.
        categories: the leaves that have this group.
        value_labels: labels of the values that are not just their value with spaces.
        importance: how much agreement in this group counts in a query, colour being 1.
        always_known: whether every item has a value, so that the likeliest is stored however
            unsure it is.
        loss_weight: how much the group counts in training.
    """

    name: str
    label: str
    values: Mapping[str, tuple[str, ...]]
    categories: frozenset[str]
    value_labels: Mapping[str, str] = field(default_factory=dict)
    importance: float = DEFAULT_IMPORTANCE
    always_known: bool = False
    loss_weight: float = DEFAULT_LOSS_WEIGHT

    def terms(self) -> tuple[str, ...]:
        """``colour:black`` and so on, in file order."""
        return tuple(f"{self.name}:{value}" for value in self.values)


@dataclass(frozen=True, eq=False)
class Taxonomy:
    """Great categories, leaf categories and attribute groups, each in file order.

    Attributes:
        siblings: sets of leaves that look alike; see ``siblings_of``.
        loss_weights: how much ``category`` and ``great_category`` count in training.
        feature_digest: SHA-256, in hexadecimal, of what features depend on. Labels for people,
            importance in queries and weights in training are not part of it.
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
        """Read a taxonomy file; None is the shipped one.

        Raises:
            InvalidTaxonomy: cannot be read, or is not a taxonomy; the message lists every problem.
        """
        path = path or SHIPPED
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidTaxonomy(f"expected a JSON file at {path}; got {error}") from None
        return cls.from_json(data)

    @classmethod
    def from_json(cls, data: Any) -> Taxonomy:
        """The taxonomy of a file's content.

        Raises:
            InvalidTaxonomy: the message lists every problem.
        """
        if found := problems(data):
            raise InvalidTaxonomy("not a usable taxonomy:\n" + "\n".join(f"- {p}" for p in found))
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
            name: _group(name, entry, categories.values())
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
        """Great category of a leaf. Raises UnknownTerm."""
        return self.categories[self.check_category(leaf)].great_category

    def siblings_of(self, leaf: str) -> frozenset[str]:
        """Leaves that a picture of this one may be taken for, itself left out. Raises UnknownTerm.

        A tunic on a model looks like a dress: who asks for one is served with the other rather
        than with nothing.
        """
        self.check_category(leaf)
        alike = (leaves for leaves in self.siblings if leaf in leaves)
        return frozenset().union(*alike) - {leaf}

    def groups_of(self, leaf: str) -> tuple[str, ...]:
        """Names of the attribute groups that a leaf has, in file order. Raises UnknownTerm."""
        self.check_category(leaf)
        return tuple(name for name, group in self.groups.items() if leaf in group.categories)

    def loss_weight(self, head: str) -> float:
        """How much a head counts in training: an attribute group, or one of the categories."""
        if head in self.groups:
            return self.groups[head].loss_weight
        return self.loss_weights.get(head, DEFAULT_LOSS_WEIGHT)

    def attribute_terms(self) -> tuple[str, ...]:
        """Every ``group:value``, in file order."""
        return tuple(term for group in self.groups.values() for term in group.terms())

    def label_of(self, term: str) -> str:
        """What people read for a leaf, a great category or an attribute. Raises UnknownTerm."""
        if term in self.categories:
            return self.categories[term].label
        if term in self.great_categories:
            return _spaced(term)
        name, _, value = self.check_attribute(term).partition(":")
        return self.groups[name].value_labels.get(value, _spaced(value))

    def check_category(self, term: str) -> str:
        """The term itself, when it is a leaf category.

        Raises:
            UnknownTerm: it is not; the message names the nearest.
        """
        if term not in self.categories:
            raise _unknown("a category", term, self.categories)
        return term

    def check_attribute(self, term: str) -> str:
        """The term itself, when it is a ``group:value`` of this taxonomy.

        Raises:
            UnknownTerm: it is not; the message names the nearest.
        """
        name, _, value = term.partition(":")
        if name not in self.groups or value not in self.groups[name].values:
            raise _unknown("an attribute as group:value", term, self.attribute_terms())
        return term

    def category_for_label(self, label: str) -> str | None:
        """Leaf of a data set's label: ``Tshirts`` is ``t-shirt``, ``shoes`` ``casual-shoes``."""
        return next(iter(self.categories_for_label(label)), None)

    def categories_for_label(self, label: str) -> tuple[str, ...]:
        """Every leaf that a label may mean, the most sensible first; empty when it means none."""
        return self._leaves_by_key.get(phrase_key(label), ())

    def term_for_label(self, group: str, label: str) -> str | None:
        """Attribute of a data set's label: ``colour``, ``Navy Blue`` is ``colour:navy-blue``."""
        values = self.groups[group].values if group in self.groups else {}
        if slug(label) in values:
            return f"{group}:{slug(label)}"
        key = phrase_key(label)
        found = (v for v, words in values.items() if key in map(phrase_key, words))
        return next((f"{group}:{value}" for value in found), None)

    @cached_property
    def _leaves_by_key(self) -> dict[str, tuple[str, ...]]:
        """Leaves by label; data sets' labels go before broader terms, and those before words."""
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


def _group(name: str, entry: Any, categories: Iterable[Category]) -> AttributeGroup:
    great, leaves = entry.get("great_categories", ()), entry.get("categories", ())
    return AttributeGroup(
        name,
        entry["label"],
        {value: tuple(words) for value, words in entry["values"].items()},
        frozenset(c.term for c in categories if c.great_category in great or c.term in leaves),
        entry.get("value_labels", {}),
        entry.get("importance", DEFAULT_IMPORTANCE),
        entry.get("always_known", False),
        entry.get("loss_weight", DEFAULT_LOSS_WEIGHT),
    )


def _feature_digest(data: Any) -> str:
    """SHA-256 of a taxonomy file's content without what no feature depends on."""
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
    near = get_close_matches(term, known, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return UnknownTerm(f"expected {expected} of the taxonomy; got {term[:80]!r}{hint}")
