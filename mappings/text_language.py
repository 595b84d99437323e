"""Tell the languages that a product's own words fit best, where its feed does not say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache

from houndstooth.mappings.language_words import ENGLISH, LANGUAGES
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.vocabulary import loan_words, own_words, vocabulary
from houndstooth.mappings.words import singular, tokens

_MIN_COMPOUND = 7
_OTHERS = tuple(language for language in LANGUAGES if language)
_COMPOUNDING = tuple(language for language in _OTHERS if LANGUAGES[language].compounds)


def likely_languages(
    taxonomy: Taxonomy, texts: Sequence[str], besides: Mapping[str, float] | None = None
) -> tuple[str, ...]:
    """Return the languages to whom most words of the first text belong; the next ones break ties.

    A loan word counts half in the languages that took it from English. Of languages with equal
    counts, those with more words of their own win. English alone if no language knows any word.

    Args:
        taxonomy: Gives the words of categories and attributes.
        texts: The texts.
        besides: Words of the first text that are known otherwise, counted by language.
    """
    best: tuple[str, ...] = (ENGLISH, *_OTHERS)
    counts = [_counts(taxonomy, text) for text in texts if text]
    if besides and counts:
        first = counts[0]
        counts[0] = {
            each: (all_ + besides.get(each, 0), own) for each, (all_, own) in first.items()
        }
    for count in counts:
        most = max(count[language] for language in best)
        best = tuple(language for language in best if count[language] == most)
        if len(best) == 1:
            break
    known = any(count[language][0] for count in counts for language in best)
    return best if known else (ENGLISH,)


def _counts(taxonomy: Taxonomy, text: str) -> dict[str, tuple[float, int]]:
    """Count a text's words by language: all that it knows, and those of its own."""
    loans, owners = _owners(taxonomy)
    own = dict.fromkeys((ENGLISH, *_OTHERS), 0)
    taken = dict.fromkeys(own, 0)
    shared = 0
    for word in tokens(text):
        key = singular(word)
        shared += key in loans
        for language in owners.get(key) or _of_compound(taxonomy, word):
            own[language] += 1
            taken[language] += key in loans
    return {each: (own[each] + (shared - taken[each]) / 2, own[each]) for each in own}


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
    return loan_words(taxonomy), owners
