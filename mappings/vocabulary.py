"""Know what each phrase of a seller means, in one language.

The taxonomy's own words are English. Shops of all countries use many of them ("T-Shirt", "Jeans"),
so every language knows them, but for false friends: "robe" is a dress in French.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from houndstooth.mappings.language_words import (
    ENGLISH,
    FRENCH_OF_THE_TAXONOMY,
    LANGUAGES,
    PUBLIC,
    LanguageWords,
)
from houndstooth.mappings.phrases import (
    Meaning,
    english_phrases,
    false_friends,
    leaves_of,
    merged,
    own_phrases,
    scan,
    several,
    with_all_parts,
)
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.words import joints, phrase_key, singular, tokens

_MIN_HEAD, _MIN_NOUN, _MIN_LOAN_WORD = 3, 4, 5
"""Fewest letters of the parts of a compound: the first part, the noun, an English noun."""
_LINKS = ("", "s", "n", "en", "es", "e")
"""Letters between the parts of German and Dutch compounds."""


Clauses = Sequence[Sequence[Meaning]]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The meanings of one language's phrases, by phrase key.

    Attributes:
        meanings: Meaning by phrase key, ignored phrases included.
        own: Keys of the language's own phrases: in English all of them.
        words: How the language builds its texts.
    """

    meanings: Mapping[str, Meaning]
    own: Set[str]
    words: LanguageWords

    def clauses(self, text: str) -> Clauses:
        """Return the meanings in text order, split into clauses ("… with …").

        Those that are joined directly ("red and blue", "Navy/White") have the terms of all of
        them. An unknown word has an empty meaning.
        """
        clauses: list[list[Meaning]] = [[]]
        signs, joined, first = joints(text), False, 0
        for place, found in scan(self.meanings, tokens(text)):
            if isinstance(found, str) and found in self.words.joining_words:
                joined = True
            elif isinstance(found, str) and found in self.words.clause_starts:
                clauses.append([])
            else:
                clause, joined = clauses[-1], joined or place in signs
                for meaning in self._parts_of(found):
                    if not (joined and clause and self._may_join(clause[-1], meaning)):
                        first = len(clause)
                    clause[first:] = _together([*clause[first:], meaning])
                    joined = False
        return clauses

    def leaves(self, clauses: Clauses) -> frozenset[str]:
        """Return the leaves of the first clause's deciding noun, narrowed by all other phrases."""
        for clause in clauses:
            nouns = [meaning for meaning in clause if meaning.is_noun]
            if not nouns:
                continue
            leaves = nouns[0 if self.words.noun_first else -1].leaves
            for meaning in (m for c in clauses for m in reversed(c) if m.leaves):
                leaves = leaves & meaning.leaves or leaves
            return leaves
        return frozenset()

    def attributes(self, clauses: Clauses) -> dict[str, tuple[str, ...]]:
        """Return the terms by group, from the first clause that states any.

        Within the clause the term that is nearest to the noun wins, with those joined to it.
        """
        stated: dict[str, tuple[str, ...]] = {}
        for clause in clauses:
            near = reversed(clause) if self.words.noun_first else clause
            found = [item for meaning in near for item in meaning.attributes.items()]
            stated |= {group: terms for group, terms in found if group not in stated}
        return stated

    def compound(self, word: str) -> Sequence[Meaning]:
        """Return the parts of a compound such as ``damenlederstiefel``, the noun last."""
        if not self.words.compounds:
            return ()
        for start in range(_MIN_HEAD, len(word) - _MIN_NOUN + 1):
            if noun := self._compound_nouns.get(singular(word[start:])):
                return (*self._parts(word[:start]), noun)
        return ()

    def _parts(self, head: str) -> Iterator[Meaning]:
        """Yield what is known within a compound's first part: its longest known ends, in order."""
        for link in _LINKS:
            stem = head.removesuffix(link) if link else head
            for start in range(len(stem) - _MIN_HEAD + 1):
                if known := self.meanings.get(singular(stem[start:])):
                    yield from self._parts(stem[:start])
                    yield known
                    return

    @cached_property
    def _compound_nouns(self) -> Mapping[str, Meaning]:
        return {
            key: meaning
            for key, meaning in self.meanings.items()
            if meaning.is_noun and len(key) >= (_MIN_NOUN if key in self.own else _MIN_LOAN_WORD)
        }

    def _parts_of(self, found: Meaning | str) -> Sequence[Meaning]:
        """Return what a phrase or word says: a compound's parts, nothing if it is unknown."""
        if isinstance(found, Meaning):
            return [found]
        return self.compound(found) or [Meaning()]

    def _may_join(self, left: Meaning, right: Meaning) -> bool:
        """Whether both describe one noun; "Hoodie & V-Neck Top" names two."""
        return not (right if self.words.noun_first else left).is_noun


@lru_cache(maxsize=64)
def vocabulary(taxonomy: Taxonomy, language: str) -> Vocabulary:
    """Return the vocabulary of a language; one that is not shipped knows the loan words alone."""
    english, phrases = english_phrases(taxonomy)
    if language == ENGLISH:
        return Vocabulary(with_all_parts(english, phrases, taxonomy), english.keys(), LANGUAGES[""])
    words = LANGUAGES.get(language, LANGUAGES[""])
    own, phrases_of_own = own_phrases(taxonomy, words)
    false = false_friends(taxonomy)
    # "Fur" is "für" in German.
    foreign = false | words.clause_starts
    loans = {key: meaning for key, meaning in english.items() if key not in foreign}
    meanings = loans | {key: merged(meaning, loans.get(key)) for key, meaning in own.items()}
    whole = with_all_parts(meanings, phrases | phrases_of_own, taxonomy)
    # "Manches courtes" says nothing of the length, as "courte" alone does.
    whole |= {key: meanings[key] for key, meaning in own.items() if not meaning.leaves}
    known = Vocabulary(whole, own.keys(), words)
    return Vocabulary(whole | dict(_compounds(known)), own.keys(), words)


def _together(run: Sequence[Meaning]) -> list[Meaning]:
    """Give each of several joined meanings the terms of all of them, in the groups that it has."""
    groups = {group for meaning in run for group in meaning.attributes}
    terms = {g: several(t for m in run for t in m.attributes.get(g, ())) for g in groups}
    return [replace(m, attributes={g: terms[g] for g in m.attributes}) for m in run]


def _compounds(known: Vocabulary) -> Iterator[tuple[str, Meaning]]:
    """Yield listed compounds with what their parts say: "Sommerkleid" states the season."""
    for key in known.own:
        meaning = known.meanings[key]
        parts = known.compound(key) if meaning.is_noun else ()
        stated = {group: terms for part in parts for group, terms in part.attributes.items()}
        if stated:
            yield key, replace(meaning, attributes={**stated, **meaning.attributes})


@lru_cache(maxsize=64)
def category_vocabulary(taxonomy: Taxonomy, language: str) -> Vocabulary:
    """Return the vocabulary of category levels: there "Hats" stands for caps as well."""
    known = vocabulary(taxonomy, language)
    meanings = dict(known.meanings)
    for term, kind in PUBLIC.wider_kinds.items():
        leaves = leaves_of(taxonomy, term)
        if kind.categories and not leaves:
            continue
        own_names = {*map(phrase_key, known.words.categories.get(term, ()))}
        for key in own_names | {*map(phrase_key, kind.names)}:
            narrow = known.meanings.get(key, Meaning())
            if key in own_names or key not in known.own or narrow.leaves <= leaves:
                meanings[key] = Meaning(leaves, False, narrow.attributes)
    return Vocabulary(meanings, known.own, known.words)


@lru_cache(maxsize=64)
def own_words(taxonomy: Taxonomy, language: str) -> frozenset[str]:
    """Return the keys of a language's own single words.

    An English word within a phrase is none: "pantalón cargo" does not make "cargo" Spanish.
    """
    if language == ENGLISH:
        _, phrases = english_phrases(taxonomy)
        keys = _keys([*phrases.values(), LANGUAGES[""].other_words])
        return keys - FRENCH_OF_THE_TAXONOMY
    words = LANGUAGES[language]
    _, phrases = own_phrases(taxonomy, words)
    alone = [phrase for phrase in phrases.values() if len(phrase) == 1]
    within = _keys(phrases.values()) - own_words(taxonomy, ENGLISH)
    return _keys([*alone, words.other_words]) | within


@lru_cache(maxsize=8)
def loan_words(taxonomy: Taxonomy) -> frozenset[str]:
    """Return the keys of the single English words that other languages know."""
    false = false_friends(taxonomy)
    _, phrases = english_phrases(taxonomy)
    return _keys(words for key, words in phrases.items() if key not in false) - false


def _keys(phrases: Iterable[Sequence[str]]) -> frozenset[str]:
    return frozenset(singular(word) for words in phrases for word in words)
