"""Define the entries of the taxonomy: categories, broader terms and attribute groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_IMPORTANCE = 0.025
"""Importance of a group in a query, if the taxonomy file gives none."""

DEFAULT_LOSS_WEIGHT = 0.3
"""Loss weight of a head in training, if the taxonomy file gives none."""


@dataclass(frozen=True)
class Category:
    """A leaf category of products.

    Attributes:
        term: Such as ``t-shirt``.
        label: The name for people, such as ``T-shirt``.
        great_category: Such as ``top``.
        words: Words of sellers for it.
        labels: Labels of data sets for it, such as ``Tshirts``.
    """

    term: str
    label: str
    great_category: str
    words: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class BroaderTerm:
    """Words that stand for several leaf categories, such as ``shoe`` or ``kidswear``.

    Attributes:
        categories: The leaves; the first is used where one is needed.
        modifier: Whether the words only narrow other words, as "running" in "running shoe".
    """

    name: str
    words: tuple[str, ...]
    categories: tuple[str, ...]
    modifier: bool


@dataclass(frozen=True)
class AttributeGroup:
    """A group of attribute values, such as all colours.

    Attributes:
        name: Such as ``colour``.
        label: The name for people, such as ``Colour``.
        values: Words of sellers by value. The value ``navy-blue`` has the term
            ``colour:navy-blue``.
        categories: The leaf categories that have this group.
        value_labels: Labels of values that differ from the value with spaces.
        importance: Weight of the group's terms in a query; colour has 1.
        loss_weight: Weight of the group's loss in training.
    """

    name: str
    label: str
    values: Mapping[str, tuple[str, ...]]
    categories: frozenset[str]
    value_labels: Mapping[str, str] = field(default_factory=dict)
    importance: float = DEFAULT_IMPORTANCE
    loss_weight: float = DEFAULT_LOSS_WEIGHT

    def terms(self) -> tuple[str, ...]:
        """Return the group's terms, such as ``colour:black``, in file order."""
        return tuple(f"{self.name}:{value}" for value in self.values)


def read_group(name: str, entry: Any, categories: Iterable[Category]) -> AttributeGroup:
    """Read a checked attribute group of a taxonomy file."""
    great, leaves = entry.get("great_categories", ()), entry.get("categories", ())
    return AttributeGroup(
        name,
        entry["label"],
        {value: tuple(words) for value, words in entry["values"].items()},
        frozenset(c.term for c in categories if c.great_category in great or c.term in leaves),
        entry.get("value_labels", {}),
        entry.get("importance", DEFAULT_IMPORTANCE),
        entry.get("loss_weight", DEFAULT_LOSS_WEIGHT),
    )
