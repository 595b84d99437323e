"""Read the attributes that a seller states in columns of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from houndstooth.mappings.language_words import ENGLISH, LANGUAGES
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.vocabulary import vocabulary

_SEPARATORS = re.compile(r"\s*[/,;|&+\n]\s*")


def stated_terms(
    taxonomy: Taxonomy, attributes: Mapping[str, str], language: str
) -> dict[str, str]:
    """Return one term per group; values that no language knows are left out.

    Of several values, as in ``Navy/White``, the first known one counts.
    """
    terms = {
        group: _term(taxonomy, group, text.casefold(), language)
        for group, text in attributes.items()
        if group in taxonomy.groups
    }
    return {group: term for group, term in terms.items() if term}


@lru_cache(maxsize=4096)
def _term(taxonomy: Taxonomy, group: str, text: str, language: str) -> str | None:
    for value in (text, *_SEPARATORS.split(text)):
        if term := taxonomy.term_for_label(group, value):
            return term
    for each in dict.fromkeys((language or ENGLISH, ENGLISH, *LANGUAGES)):
        known = vocabulary(taxonomy, each)
        for value in _SEPARATORS.split(text):
            if term := known.attributes(known.clauses(value)).get(group):
                return term
    return None
