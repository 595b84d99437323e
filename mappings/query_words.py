"""Hold the words with which shoppers ask: negations, prices, and words that say nothing more.

``query_words.json`` has them by language. They are looked for in all languages at once: prices
stand beside numbers, and negations differ from one language to the next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

from houndstooth.mappings.words import tokens

_FILE = Path(__file__).with_name("query_words.json")
_MAX_WORDS = 4

Phrases = frozenset[tuple[str, ...]]


@dataclass(frozen=True)
class QueryWords:
    """The words of all languages by what they do, each phrase as its tokens.

    Attributes:
        negations: "not", "without".
        negations_by_language: The same by language.
        nor: Words that negate where another negation stands: "noch" of "weder … noch".
        not_only: "Not only": what follows is neither wanted alone nor left out.
        either: "or", by language: "of" is Dutch for it.
        below, above, between: What stands before a price, such as "under".
        range: What stands between two prices.
        money: Currencies.
        measures: Units after numbers that are no prices.
        sizes: Words before numbers that are no prices, such as "size" and "age".
        names: Names with a word of the above: "no iron", "air max".
        fillers: Words that say nothing of a product.
    """

    negations: Phrases
    negations_by_language: Mapping[str, Phrases]
    nor: Phrases
    not_only: Phrases
    either: Mapping[str, Phrases]
    below: Phrases
    above: Phrases
    between: Phrases
    range: Phrases
    money: Phrases
    measures: Phrases
    sizes: Phrases
    names: Phrases
    fillers: Phrases


@lru_cache(maxsize=1)
def query_words() -> QueryWords:
    """Read the shipped words."""
    data = json.loads(_FILE.read_text(encoding="utf-8"))
    merged = {name: _phrases(*by.values()) for name, by in data.items() if name != "either"}
    return QueryWords(
        **merged,
        either=_by_language(data["either"]),
        negations_by_language=_by_language(data["negations"]),
    )


def _by_language(words: Mapping[str, Sequence[str]]) -> Mapping[str, Phrases]:
    return {language: _phrases(phrases) for language, phrases in words.items()}


def _phrases(*lists: Sequence[str]) -> Phrases:
    phrases = chain.from_iterable(lists)
    return frozenset(tuple(tokens(phrase)) or (phrase,) for phrase in phrases)


def length_of(phrases: Phrases, words: Sequence[str], start: int) -> int:
    """Return the number of words of the longest phrase that begins at a place; 0 if none does."""
    if start >= len(words) or words[start] not in _first_words(phrases):
        return 0
    for length in range(min(_MAX_WORDS, len(words) - start), 0, -1):
        if tuple(words[start : start + length]) in phrases:
            return length
    return 0


def lies_in(phrases: Phrases, words: Sequence[str], place: int) -> bool:
    """Tell whether a word belongs to a phrase that begins there or before."""
    starts = range(max(0, place - _MAX_WORDS + 1), place + 1)
    return any(length_of(phrases, words, start) > place - start for start in starts)


@lru_cache(maxsize=64)
def _first_words(phrases: Phrases) -> frozenset[str]:
    return frozenset(phrase[0] for phrase in phrases)
