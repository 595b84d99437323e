"""Read a product's possible categories and its attributes from the seller's text.

English product names end in the noun ("Puma Men Blue Shirt Style Jacket"), so the last noun
decides; in French it is the first. A broader term ("shoe") stands for several leaf categories. The
words besides it narrow them ("running shoe"), the seller's own category narrows them further, and
the image decides among those that remain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from houndstooth.mappings.category_path import (
    category_paths,
    path_language,
    path_leaves,
    plainer,
)
from houndstooth.mappings.stated_attributes import stated_terms
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.text_language import likely_languages
from houndstooth.mappings.vocabulary import vocabulary


@dataclass(frozen=True)
class TextEvidence:
    """The categories and attributes that a text states.

    Attributes:
        categories: Leaf categories that the product may have. One leaf is a decision; an empty
            set means that the text has no known word, or that the product may be of a kind which
            the taxonomy lacks.
        great_category: The great category of all those leaves; None if they differ.
        attributes: Term by group, such as ``{"colour": "colour:navy-blue"}``, for groups that at
            least one of the leaves has.
    """

    categories: frozenset[str]
    great_category: str | None
    attributes: Mapping[str, str]


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
            most of the words. If several know equally many and read different categories, the
            text states none.
    """
    paths = category_paths(category_text)
    languages = (language,) if language else likely_languages(taxonomy, (title, *paths))
    readings = [_read(taxonomy, title, paths, each) for each in languages]
    leaves, stated = readings[0]
    if any(others != leaves for others, _ in readings):
        leaves = frozenset()
    stated = {
        group: term
        for group, term in stated.items()
        if all(others.get(group) == term for _, others in readings)
    }
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
    return TextEvidence(leaves, great.pop() if len(great) == 1 else None, allowed)


def _read(
    taxonomy: Taxonomy, title: str, paths: list[str], language: str
) -> tuple[frozenset[str], dict[str, str]]:
    """Read the leaves, kinds that the taxonomy lacks included, and the term by group."""
    known = vocabulary(taxonomy, language)
    clauses = known.clauses(title)
    leaves, stated = known.leaves(clauses), known.attributes(clauses)
    if not paths:
        return leaves, stated
    by_path = path_leaves(taxonomy, paths, language)
    for path in paths:
        words = vocabulary(taxonomy, path_language(path, language))
        stated = words.attributes(words.clauses(path)) | stated
    return leaves & by_path or plainer(leaves, by_path), stated
