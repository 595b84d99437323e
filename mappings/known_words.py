"""Know the words of a shopper's text: its language, and what each phrase of it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise

from houndstooth.mappings.phrases import Meaning, scan
from houndstooth.mappings.query_words import length_of, query_words
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.text_language import likely_languages
from houndstooth.mappings.text_words import Word
from houndstooth.mappings.vocabulary import Vocabulary, vocabulary
from houndstooth.mappings.words import singular

_MAX_NEGATED = 3
"""Words after a negation that may be one phrase with it."""


class KnownWords:
    """The words of a text, with what is known of them.

    Args:
        taxonomy: Gives categories, attributes and their words.
        text: The text.
        words: Its words, at least one.

    Attributes:
        language: The language that knows most of them.
        vocabulary: What phrases mean in it.
        keys: The words as they are looked up. A negation of what the vocabulary has with another
            one is written as that one: "no sleeves" as "without sleeves".
        gaps: What stands before each word in the text.
    """

    def __init__(self, taxonomy: Taxonomy, text: str, words: Sequence[Word]) -> None:
        self.text, self.words = text, words
        # "But" is a shoe in Polish.
        fillers = (word.key for word in words if (word.key,) not in query_words().fillers)
        self.language = likely_languages(taxonomy, (" ".join(fillers), text))[0]
        self.vocabulary: Vocabulary = vocabulary(taxonomy, self.language)
        self.keys = _with_known_negations([word.key for word in words], self.vocabulary.meanings)
        self.gaps = ["", *(text[a.stop : b.start] for a, b in pairwise(words))]
        self._either = query_words().either.get(self.language, frozenset())

    def __len__(self) -> int:
        return len(self.words)

    def scanned(self, places: Sequence[int]) -> Iterator[tuple[int, int, Meaning]]:
        """Yield the phrases at some places: place, number of words, and what they say."""
        keys = [self.keys[place] for place in places]
        found = chain(scan(self.vocabulary.meanings, keys), [(len(keys), "")])
        for (start, meaning), (end, _) in pairwise(found):
            yield places[start], end - start, self._meaning(meaning)

    def phrase(self, place: int) -> tuple[int, Meaning]:
        """Return the number of words of the phrase that begins at a place, and what it says."""
        return next(self.scanned(range(place, len(self))))[1:]

    def negation(self, place: int) -> int:
        """Return the number of words of the negation that begins at a place; 0 if none does."""
        return length_of(query_words().negations, self.keys, place)

    def is_filler(self, place: int) -> bool:
        """Tell whether a word says nothing of a product."""
        return bool(length_of(query_words().fillers, self.keys, place))

    def either(self, place: int) -> int:
        """Return the number of words of the "or" that begins at a place; 0 if none does."""
        return length_of(self._either, self.keys, place)

    def joiner(self, place: int) -> int:
        """Return the number of words that join a list at a place: "or", "and"; 0 if none do."""
        joining = self.keys[place] in self.vocabulary.words.joining_words
        return self.either(place) or int(joining or self.keys[place] in ("and", "nor"))

    def is_small(self, place: int) -> bool:
        """Tell whether a word only belongs to the language, such as "with"."""
        words, key = self.vocabulary.words, self.keys[place]
        small = (*words.clause_starts, *words.joining_words, *words.other_words)
        return key in small or bool(self.either(place))

    def _meaning(self, found: Meaning | str) -> Meaning:
        """Return what a phrase says; of a compound what its parts say together."""
        if isinstance(found, Meaning):
            return found
        parts = self.vocabulary.compound(found)
        attributes = {group: terms for part in parts for group, terms in part.attributes.items()}
        return Meaning(parts[-1].leaves if parts else frozenset(), False, attributes)


def _with_known_negations(keys: list[str], meanings: Mapping[str, Meaning]) -> list[str]:
    """Write each negation as the one that the vocabulary has before the same words.

    Fillers between the two become empty: "without any sleeves".
    """
    known = query_words()
    listed = sorted("".join(one) for one in known.negations)
    for place in range(len(keys)):
        length = length_of(known.negations, keys, place)
        if not length:
            continue
        start = place + length
        while start < len(keys) and length_of(known.fillers, keys, start):
            start += 1
        for stop in range(min(start + _MAX_NEGATED, len(keys)), start, -1):
            negated = "".join(keys[start:stop])
            found = (one for one in listed if _states(meanings.get(singular(one + negated))))
            if negation := next(found, None):
                keys[place:start] = [negation, *[""] * (start - place - 1)]
                break
    return keys


def _states(meaning: Meaning | None) -> bool:
    return meaning is not None and bool(meaning.attributes)
