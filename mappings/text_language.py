"""Tell the languages that a product's own words fit best, where its feed does not say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache

from houndstooth.mappings.language_words import ENGLISH, LANGUAGES
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.vocabulary import own_words, vocabulary
from houndstooth.mappings.words import singular, tokens

_MIN_COMPOUND = 7
_OTHERS = tuple(language for language in LANGUAGES if language)
_COMPOUNDING = tuple(language for language in _OTHERS if LANGUAGES[language].compounds)


def likely_languages(taxonomy: Taxonomy, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the languages that know most words of the first text; the next ones break ties.

    Of languages that know equally many words, those win to whom more of them belong: an English
    word is a loan word in the others. English alone if no language knows any.
    """
    best: tuple[str, ...] = (ENGLISH, *_OTHERS)
    counts = [_counts(taxonomy, text) for text in texts if text]
    for count in counts:
        most = max(count[language] for language in best)
        best = tuple(language for language in best if count[language] == most)
        if len(best) == 1:
            break
    known = any(count[language][0] for count in counts for language in best)
    return best if known else (ENGLISH,)


def _counts(taxonomy: Taxonomy, text: str) -> dict[str, tuple[int, int]]:
    """Count a text's words by language: those that it knows, and those of its own."""
    loans, owners = _owners(taxonomy)
    known = dict.fromkeys((ENGLISH, *_OTHERS), 0)
    own = dict(known)
    shared = 0
    for word in tokens(text):
        key = singular(word)
        shared += key in loans
        for language in owners.get(key) or _of_compound(taxonomy, word):
            own[language] += 1
            known[language] += key not in loans
    return {language: (shared + known[language], own[language]) for language in known}


def _of_compound(taxonomy: Taxonomy, word: str) -> Iterator[str]:
    """Yield the languages in which an unknown word is a compound of known ones."""
    if len(word) >= _MIN_COMPOUND:
        for language in _COMPOUNDING:
            if vocabulary(taxonomy, language).compound(word):
                yield language


@lru_cache(maxsize=8)
def _owners(taxonomy: Taxonomy) -> tuple[Collection[str], Mapping[str, Sequence[str]]]:
    """Return the loan words, and the languages by word of their own."""
    owners: dict[str, list[str]] = {}
    for language in (ENGLISH, *_OTHERS):
        for key in own_words(taxonomy, language):
            owners.setdefault(key, []).append(language)
    return own_words(taxonomy, ""), owners
