"""Know the words of a shopper's text: its language, and what each phrase of it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise

from houndstooth.mappings.language_words import LANGUAGES
from houndstooth.mappings.phrases import Meaning, english_phrases, own_phrases, scan
from houndstooth.mappings.query_words import Phrases, length_of, lies_in, query_words
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
        gaps: What stands before each word in the text, and after the last one.
    """

    def __init__(self, taxonomy: Taxonomy, text: str, words: Sequence[Word]) -> None:
        self.text, self.words = text, words
        self.keys = [word.key for word in words]
        self.language = _language(taxonomy, self.keys)
        self.vocabulary: Vocabulary = vocabulary(taxonomy, self.language)
        gaps = (text[a.stop : b.start] for a, b in pairwise(words))
        self.gaps = ["", *gaps, text[words[-1].stop :]]
        self._either = query_words().either.get(self.language, frozenset())
        self._negated_phrases = _negated_phrases(taxonomy, self.language)
        negating = query_words().negations | query_words().nor
        self._has_nor = sum(bool(length_of(negating, self.keys, p)) for p in range(len(self))) > 1
        self._fillers = _covered(query_words().fillers, self.keys)
        self._write_known_negations()

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
        """Return the number of words of the negation that begins at a place; 0 if none does.

        "No show", "pas cher" and "No. 5" have none.
        """
        known, keys = query_words(), self.keys
        length = length_of(known.negations, keys, place)
        if self._has_nor:
            length = length or length_of(known.nor, keys, place)
        if not length:
            return 0
        is_number = keys[place] == "no" and place + 1 < len(self) and keys[place + 1].isdigit()
        if is_number or lies_in(known.names, keys, place):
            return 0
        longer = max(length_of(p, keys, place) for p in (known.fillers, known.not_only))
        return length if length >= longer else 0

    def not_only(self, place: int) -> int:
        """Return the number of words of the "not only" that begins at a place; 0 if none does."""
        return length_of(query_words().not_only, self.keys, place)

    def is_negated_phrase(self, place: int, length: int) -> bool:
        """Tell whether words are a phrase that is spelt with a negation, as "without sleeves"."""
        return singular("".join(self.keys[place : place + length])) in self._negated_phrases

    def negatable(self, start: int) -> int:
        """Return the number of words at a place that a negation makes a known phrase; 0 if none."""
        return next(iter(self._known_negations(start)), (0, ""))[0]

    def write_negated(self, start: int, length: int) -> None:
        """Write such words with the negation: "sleeves" as "without sleeves", in one key."""
        for _, negation in self._known_negations(start):
            phrase = negation + "".join(self.keys[start : start + length])
            self.keys[start : start + length] = [phrase, *[""] * (length - 1)]
            return

    def is_filler(self, place: int) -> bool:
        """Tell whether a word says nothing of a product."""
        return place in self._fillers

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

    def _known_negations(self, start: int) -> Iterator[tuple[int, str]]:
        """Yield how many words at a place are an attribute with which negation, longest first."""
        for length in range(min(_MAX_NEGATED, len(self) - start), 0, -1):
            rest = "".join(self.keys[start : start + length])
            for negation in sorted({*self._negated_phrases.values()}):
                key = singular(negation + rest)
                if self._negated_phrases.get(key) == negation and _states(
                    self.vocabulary.meanings.get(key)
                ):
                    yield length, negation

    def _write_known_negations(self) -> None:
        """Write each negation as the one that the vocabulary has before the same words.

        Fillers between the two become empty: "without any sleeves".
        """
        for place in range(len(self)):
            start = place + self.negation(place)
            if start == place:
                continue
            while start < len(self) and self.is_filler(start):
                start += 1
            for length, negation in self._known_negations(start):
                if length < self.phrase(start)[0]:
                    break  # "no mangas largas"
                self.keys[place:start] = [negation, *[""] * (start - place - 1)]
                break


@lru_cache(maxsize=64)
def _negated_phrases(taxonomy: Taxonomy, language: str) -> Mapping[str, str]:
    """Return the phrases that are spelt with a negation first: the negation by phrase key."""
    known = query_words().negations
    phrases = dict(english_phrases(taxonomy)[1])
    if language in LANGUAGES:
        phrases |= own_phrases(taxonomy, LANGUAGES[language])[1]
    lengths = {key: length_of(known, words, 0) for key, words in phrases.items()}
    return {
        key: "".join(phrases[key][:length])
        for key, length in lengths.items()
        if 0 < length < len(phrases[key])
    }


def _language(taxonomy: Taxonomy, keys: Sequence[str]) -> str:
    """Return the language that knows most of the words.

    A negation counts as a word of the languages that have it, an "or" between others as half a
    one: "or" is gold in French. Fillers only break ties: "but" is a shoe in Polish.
    """
    known = query_words()
    counts: dict[str, float] = {}
    told: set[int] = set()
    for phrases, weight in ((known.negations_by_language, 1.0), (known.either, 0.5)):
        for language, own in phrases.items():
            for place in range(len(keys)):
                length = length_of(own, keys, place)
                if length and (weight == 1 or 0 < place < len(keys) - 1):
                    counts[language] = counts.get(language, 0) + weight
                    told.update(range(place, place + length))
    left = [(place, key) for place, key in enumerate(keys) if place not in told]
    telling = [key for _, key in left if (key,) not in known.fillers]
    texts = (" ".join(telling) or " ", " ".join(key for _, key in left))
    return likely_languages(taxonomy, texts, counts)[0]


def _covered(phrases: Phrases, keys: Sequence[str]) -> frozenset[int]:
    """Return the places of the words of all such phrases."""
    starts = range(len(keys))
    return frozenset(
        place for start in starts for place in range(start, start + length_of(phrases, keys, start))
    )


def _states(meaning: Meaning | None) -> bool:
    return meaning is not None and bool(meaning.attributes)
