"""Read a product's possible categories and its attributes from the seller's text.

English product names end in the noun ("Puma Men Blue Shirt Style Jacket"), so the last noun
decides; in French it is the first. A broader term ("shoe") stands for several leaf categories. The
words besides it narrow them ("running shoe"), the seller's own category narrows them further, and
the image decides among those that remain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from houndstooth.mappings.category_path import (
    category_paths,
    path_language,
    path_leaves,
    plainer,
)
from houndstooth.mappings.features import group_of
from houndstooth.mappings.stated_attributes import stated_terms
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.text_language import likely_languages
from houndstooth.mappings.vocabulary import vocabulary

Stated = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class TextEvidence:
    """The categories and attributes that a text states.

    Attributes:
        categories: Leaf categories that the product may have. One leaf is a decision; an empty
            set means that the text has no known word, or a word of a kind that the taxonomy lacks.
        great_category: The great category of all those leaves; None if they differ.
        attributes: Terms by group, such as ``{"colour": ("colour:red", "colour:blue")}`` of a "red
            and blue shirt": the deciding one first, four at most. Only groups that at least one
            of the leaves has.
        lacks_category: Whether the product is of a kind that the taxonomy lacks.
    """

    categories: frozenset[str]
    great_category: str | None
    attributes: Stated
    lacks_category: bool = False

    def terms_before(
        self, seen: Iterable[str], groups: Collection[str]
    ) -> tuple[list[str], list[str]]:
        """Put what the text states of some groups before what a picture shows of them.

        Returns:
            The stated terms, and the seen ones of groups of which the text states nothing.
        """
        said = [term for group in groups for term in self.attributes.get(group, ())]
        left = set(groups) - self.attributes.keys()
        return said, [term for term in seen if group_of(term) in left]


def read_seller_text(
    taxonomy: Taxonomy,
    title: str,
    category_text: str = "",
    *,
    attributes: Mapping[str, str] | None = None,
    language: str = "",
) -> TextEvidence:
    """Read a product's title, the seller's own category and the seller's columns.

    The category narrows the title's leaves. Where the two conflict, the plainer one decides: that
    with fewer leaves, of equal ones the category. For attributes the columns win, then the title.

    Args:
        taxonomy: Gives the categories, the attributes and their English words.
        title: The product's name.
        category_text: A word, a path such as ``Shoes > Boots``, one path a line, or the id of
            Google's or Shopify's taxonomy.
        attributes: What the seller's columns say, such as ``{"colour": "Navy/White"}``.
        language: Language of the texts, ISO 639-1. If it is empty, the language counts that knows
            most of the words; if several know equally many, only what they all may mean.
    """
    languages = (language,) if language else likely_languages(taxonomy, (title, category_text))
    readings = [_read(taxonomy, title, category_text, each) for each in languages]
    named = [leaves for leaves, _ in readings if leaves]
    leaves = frozenset.intersection(*named) if named else frozenset()
    stated = _undisputed([terms for _, terms in readings])
    lacks_category = bool(leaves) and not leaves & taxonomy.categories.keys()
    if not leaves <= taxonomy.categories.keys():
        leaves = frozenset()
    if attributes:
        stated |= stated_terms(taxonomy, attributes, language)
    great = {taxonomy.great_category(leaf) for leaf in leaves}
    allowed = {
        name: stated[name]
        for name, group in taxonomy.groups.items()
        if name in stated and (not leaves or leaves & group.categories)
    }
    great_category = great.pop() if len(great) == 1 else None
    return TextEvidence(leaves, great_category, allowed, lacks_category)


def _read(
    taxonomy: Taxonomy, title: str, category_text: str, language: str
) -> tuple[frozenset[str], Stated]:
    """Read the leaves, kinds that the taxonomy lacks included, and the terms by group."""
    known = vocabulary(taxonomy, language)
    clauses = known.clauses(title)
    leaves, stated = known.leaves(clauses), known.attributes(clauses)
    if not category_text:
        return leaves, stated
    by_category, of_category = _read_category(taxonomy, category_text, language)
    return leaves & by_category or plainer(leaves, by_category), {**of_category, **stated}


def _undisputed(readings: Sequence[Stated]) -> dict[str, tuple[str, ...]]:
    """Return the terms that no reading contradicts."""
    stated: dict[str, tuple[str, ...]] = {}
    for group, terms in (item for reading in readings for item in reading.items()):
        stated[group] = tuple(term for term in stated.get(group, terms) if term in terms)
    return {group: terms for group, terms in stated.items() if terms}


@lru_cache(maxsize=4096)
def _read_category(
    taxonomy: Taxonomy, category_text: str, language: str
) -> tuple[frozenset[str], Stated]:
    """Read a category text; a catalogue has few of them."""
    paths = category_paths(category_text)
    stated: dict[str, tuple[str, ...]] = {}
    for path in paths:
        known = vocabulary(taxonomy, path_language(path, language))
        stated = known.attributes(known.clauses(path)) | stated
    return path_leaves(taxonomy, paths, language), stated
