"""Read the attributes that a seller states in columns of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from houndstooth.mappings.language_words import ENGLISH, LANGUAGES
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.vocabulary import vocabulary

_SEPARATORS = re.compile(r"[/,;|&+\n]")
_CHILDREN = frozenset({"newborn", "infant", "toddler", "kids"})
_GENDERS_OF_CHILDREN = {"gender:men": "gender:boys", "gender:women": "gender:girls"}


def stated_terms(
    taxonomy: Taxonomy, attributes: Mapping[str, str], language: str
) -> dict[str, str]:
    """Return one term per group; values that no language knows are left out.

    Of several values, as in ``Navy/White``, the first known one counts. Google's ``age_group``
    turns men and women into boys and girls.
    """
    terms: dict[str, str] = {}
    for group in taxonomy.groups.keys() & attributes.keys():
        if term := _term(taxonomy, group, attributes[group].casefold(), language):
            terms[group] = term
    if attributes.get("age_group", "").casefold() in _CHILDREN and "gender" in terms:
        terms["gender"] = _GENDERS_OF_CHILDREN.get(terms["gender"], terms["gender"])
    return terms


@lru_cache(maxsize=4096)
def _term(taxonomy: Taxonomy, group: str, text: str, language: str) -> str | None:
    values = _SEPARATORS.split(text)
    for each in dict.fromkeys((language or ENGLISH, ENGLISH, *LANGUAGES)):
        known = vocabulary(taxonomy, each)
        for value in values:
            if term := known.attributes(known.clauses(value)).get(group):
                return term
    return taxonomy.term_for_label(group, text)
