"""Hold the words with which shoppers ask: negations, prices, and words that say nothing more.

``query_words.json`` has them by language. They are looked for in all languages at once: prices
stand beside numbers, and negations differ from one language to the next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
        either: "or", by language: "of" is Dutch for it.
        below, above, between: What stands before a price, such as "under".
        range: What stands between two prices.
        money: Currencies.
        measures: Units of numbers that are no prices.
        fillers: Words that say nothing of a product.
    """

    negations: Phrases
    either: Mapping[str, Phrases]
    below: Phrases
    above: Phrases
    between: Phrases
    range: Phrases
    money: Phrases
    measures: Phrases
    fillers: Phrases


@lru_cache(maxsize=1)
def query_words() -> QueryWords:
    """Read the shipped words."""
    data = json.loads(_FILE.read_text(encoding="utf-8"))
    either = {language: _phrases({language: words}) for language, words in data["either"].items()}
    merged = {name: _phrases(words) for name, words in data.items() if name != "either"}
    return QueryWords(**merged, either=either)


def _phrases(by_language: dict[str, list[str]]) -> Phrases:
    phrases = [phrase for phrases in by_language.values() for phrase in phrases]
    return frozenset(tuple(tokens(phrase)) or (phrase,) for phrase in phrases)


def length_of(phrases: Phrases, words: Sequence[str], start: int) -> int:
    """Return the number of words of the longest phrase that begins at a place; 0 if none does."""
    if start >= len(words) or words[start] not in _first_words(phrases):
        return 0
    for length in range(min(_MAX_WORDS, len(words) - start), 0, -1):
        if tuple(words[start : start + length]) in phrases:
            return length
    return 0


@lru_cache(maxsize=64)
def _first_words(phrases: Phrases) -> frozenset[str]:
    return frozenset(phrase[0] for phrase in phrases)
