"""Read the attributes that a seller states in columns of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from houndstooth.mappings.language_words import ENGLISH, LANGUAGES
from houndstooth.mappings.phrases import several
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.vocabulary import vocabulary

_SEPARATORS = re.compile(r"[/,;|&+\n]")
_CHILDREN = frozenset({"newborn", "infant", "toddler", "kids"})
_GENDERS_OF_CHILDREN = {"gender:men": "gender:boys", "gender:women": "gender:girls"}


def stated_terms(
    taxonomy: Taxonomy, attributes: Mapping[str, str], language: str
) -> dict[str, tuple[str, ...]]:
    """Return the terms by group, as ``Navy/White`` has two; unknown values are left out.

    Google's ``age_group`` turns men and women into boys and girls.
    """
    stated: dict[str, tuple[str, ...]] = {}
    for group in taxonomy.groups.keys() & attributes.keys():
        if terms := _terms(taxonomy, group, attributes[group].casefold(), language):
            stated[group] = terms
    if attributes.get("age_group", "").casefold() in _CHILDREN and "gender" in stated:
        genders = (_GENDERS_OF_CHILDREN.get(term, term) for term in stated["gender"])
        stated["gender"] = several(genders)
    return stated


@lru_cache(maxsize=4096)
def _terms(taxonomy: Taxonomy, group: str, text: str, language: str) -> tuple[str, ...]:
    values = _SEPARATORS.split(text)
    found = several(t for value in values for t in _of_value(taxonomy, group, value, language))
    return found or _of_label(taxonomy, group, text)


def _of_value(taxonomy: Taxonomy, group: str, value: str, language: str) -> tuple[str, ...]:
    """Return what the first language that knows the value says."""
    for each in dict.fromkeys((language or ENGLISH, ENGLISH, *LANGUAGES)):
        known = vocabulary(taxonomy, each)
        if terms := known.attributes(known.clauses(value)).get(group):
            return terms
    return _of_label(taxonomy, group, value)


def _of_label(taxonomy: Taxonomy, group: str, label: str) -> tuple[str, ...]:
    term = taxonomy.term_for_label(group, label)
    return (term,) if term else ()
