"""Know what each phrase of a seller means, in one language.

The taxonomy's own words are English. Shops of all countries use many of them ("T-Shirt", "Jeans"),
so every language knows them, but for false friends: "robe" is a dress in French.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from houndstooth.mappings.language_words import ENGLISH, LANGUAGES, PUBLIC, LanguageWords
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.words import phrase_key, singular, tokens

_MAX_PHRASE_WORDS = 5
_MIN_HEAD, _MIN_NOUN, _MIN_LOAN_WORD = 3, 4, 5
"""Fewest letters of the parts of a compound: the first part, the noun, an English noun."""
_LINKS = ("", "s", "n", "en", "es", "e")
"""Letters between the parts of German and Dutch compounds."""


@dataclass(frozen=True)
class Meaning:
    """The categories and attributes that one phrase states; none for an ignored phrase.

    Attributes:
        leaves: Leaf categories, or kinds that the taxonomy lacks.
        modifier: Whether the phrase only narrows other phrases.
        attributes: Term by group.
    """

    leaves: frozenset[str] = frozenset()
    modifier: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_noun(self) -> bool:
        """Whether the phrase names categories itself."""
        return bool(self.leaves) and not self.modifier


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
    own: Collection[str]
    words: LanguageWords

    def clauses(self, text: str) -> Clauses:
        """Return the meanings in text order, split into clauses ("… with …")."""
        clauses: list[list[Meaning]] = [[]]
        for meaning in self._scan(tokens(text)):
            if meaning is None:
                clauses.append([])
            else:
                clauses[-1].append(meaning)
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

    def attributes(self, clauses: Clauses) -> dict[str, str]:
        """Return one term per group, from the first clause that states any.

        Within the clause the term that is nearest to the noun wins.
        """
        stated: dict[str, str] = {}
        for clause in clauses:
            near = reversed(clause) if self.words.noun_first else clause
            terms = [item for meaning in near for item in meaning.attributes.items()]
            stated |= {group: term for group, term in terms if group not in stated}
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

    def _scan(self, words: Sequence[str]) -> Iterator[Meaning | None]:
        """Yield the meanings, and None where a clause starts."""
        for meaning in _scan(self.meanings, words):
            if not isinstance(meaning, str):
                yield meaning
            elif meaning in self.words.clause_starts:
                yield None
            else:
                yield from self.compound(meaning)


def _scan(
    meanings: Mapping[str, Meaning], words: Sequence[str], max_words: int = _MAX_PHRASE_WORDS
) -> Iterator[Meaning | str]:
    """Yield the meanings of known phrases, longest match first, and the unknown words."""
    start = 0
    while start < len(words):
        for stop in range(min(start + max_words, len(words)), start, -1):
            if known := meanings.get(singular("".join(words[start:stop]))):
                yield known
                start = stop
                break
        else:
            yield words[start]
            start += 1


@lru_cache(maxsize=64)
def vocabulary(taxonomy: Taxonomy, language: str) -> Vocabulary:
    """Return the vocabulary of a language; one that is not shipped knows the loan words alone."""
    english, phrases = _english(taxonomy)
    if language == ENGLISH:
        return Vocabulary(
            _with_all_parts(english, phrases, taxonomy), english.keys(), LANGUAGES[""]
        )
    words = LANGUAGES.get(language, LANGUAGES[""])
    own, own_phrases = _own(taxonomy, words)
    false = _false_friends(taxonomy)
    loans = {key: meaning for key, meaning in english.items() if key not in false}
    merged = loans | {key: _merged(meaning, loans.get(key)) for key, meaning in own.items()}
    return Vocabulary(_with_all_parts(merged, phrases | own_phrases, taxonomy), own.keys(), words)


@lru_cache(maxsize=64)
def category_vocabulary(taxonomy: Taxonomy, language: str) -> Vocabulary:
    """Return the vocabulary of category levels: there "Hats" stands for caps as well."""
    known = vocabulary(taxonomy, language)
    wider: dict[str, Meaning] = {}
    for term, kind in PUBLIC.wider_kinds.items():
        leaves = _leaves_of(taxonomy, term)
        wider |= {phrase_key(name): Meaning(leaves) for name in kind.names}
    own_wider = {key: m for key, m in wider.items() if language == ENGLISH or key not in known.own}
    meanings = {**known.meanings}
    for key, meaning in own_wider.items():
        meanings[key] = Meaning(meaning.leaves, False, known.meanings.get(key, meaning).attributes)
    return Vocabulary(meanings, known.own, known.words)


def own_words(taxonomy: Taxonomy, language: str) -> frozenset[str]:
    """Return the keys of a language's own single words; "" gives the English loan words."""
    english, phrases = _english(taxonomy)
    words = LANGUAGES.get(language, LANGUAGES[""])
    if language not in (ENGLISH, ""):
        phrases = _own(taxonomy, words)[1]
    elif language == "":
        false = _false_friends(taxonomy)
        phrases = {key: phrase for key, phrase in phrases.items() if key not in false}
    others = words.other_words if language else ()
    return frozenset(map(singular, [*(w for ws in phrases.values() for w in ws), *others]))


@lru_cache(maxsize=8)
def _false_friends(taxonomy: Taxonomy) -> frozenset[str]:
    """Find the English phrases that name something else in another language."""
    english, _ = _english(taxonomy)
    found = set()
    for words in LANGUAGES.values():
        for key, meaning in _own(taxonomy, words)[0].items():
            if key in english and _differ(english[key], meaning):
                found.add(key)
    return frozenset(found)


def _differ(english: Meaning, other: Meaning) -> bool:
    """Whether the English meaning would rule out what the other language means."""
    if english.is_noun and (not other.leaves or other.leaves - english.leaves):
        return True
    groups = english.attributes.keys() & other.attributes.keys()
    return any(english.attributes[group] != other.attributes[group] for group in groups)


def _merged(own: Meaning, loan: Meaning | None) -> Meaning:
    """Add what the English word of the same spelling says besides."""
    loan = loan or Meaning()
    return Meaning(
        own.leaves or loan.leaves,
        own.modifier or (not own.leaves and loan.modifier),
        {**loan.attributes, **own.attributes},
    )


def _leaves_of(taxonomy: Taxonomy, term: str) -> frozenset[str]:
    """Return the leaves of a leaf, of a broader term, or of a kind beyond the taxonomy."""
    if term in taxonomy.categories or term in PUBLIC.other_kinds:
        return frozenset({term})
    if term in taxonomy.broader_terms:
        return frozenset(taxonomy.broader_terms[term].categories)
    kind = PUBLIC.wider_kinds.get(term)
    parts = [_leaves_of(taxonomy, part) for part in kind.categories] if kind else []
    return frozenset().union(*parts)


class _Phrases:
    """Collects phrases; one that is added twice keeps both meanings."""

    def __init__(self) -> None:
        self.meanings: dict[str, Meaning] = {}
        self.words: dict[str, list[str]] = {}

    def add(self, phrase: str, meaning: Meaning) -> None:
        key = phrase_key(phrase)
        self.words[key] = tokens(phrase)
        known = self.meanings.get(key, Meaning())
        self.meanings[key] = Meaning(
            known.leaves or meaning.leaves,
            known.modifier or meaning.modifier,
            {**known.attributes, **meaning.attributes},
        )

    def add_attributes(
        self, taxonomy: Taxonomy, values: Mapping[str, Mapping[str, Sequence[str]]]
    ) -> None:
        for group, words_by_value in values.items():
            for value, words in words_by_value.items():
                if group in taxonomy.groups and value in taxonomy.groups[group].values:
                    for word in words:
                        self.add(word, Meaning(attributes={group: f"{group}:{value}"}))


@lru_cache(maxsize=8)
def _english(taxonomy: Taxonomy) -> tuple[dict[str, Meaning], dict[str, list[str]]]:
    """Return the own meanings of the taxonomy's words, and the words of each phrase."""
    phrases = _Phrases()
    for category in taxonomy.categories.values():
        for word in category.words:
            phrases.add(word, Meaning(frozenset({category.term})))
    for broader in taxonomy.broader_terms.values():
        for word in broader.words:
            phrases.add(word, Meaning(frozenset(broader.categories), broader.modifier))
    for kind, words in PUBLIC.other_kinds.items():
        for word in words:
            phrases.add(word, Meaning(frozenset({kind})))
    phrases.add_attributes(taxonomy, {n: g.values for n, g in taxonomy.groups.items()})
    return phrases.meanings, phrases.words


def _own(
    taxonomy: Taxonomy, words: LanguageWords
) -> tuple[dict[str, Meaning], dict[str, list[str]]]:
    """Return the own meanings of a language's words, and the words of each phrase."""
    phrases = _Phrases()
    for term, nouns in words.categories.items():
        modifier = term in taxonomy.broader_terms and taxonomy.broader_terms[term].modifier
        if leaves := frozenset().union(*(_leaves_of(taxonomy, t) for t in term.split(", "))):
            for noun in nouns:
                phrases.add(noun, Meaning(leaves, modifier))
    phrases.add_attributes(taxonomy, words.attributes)
    return phrases.meanings, phrases.words


def _with_all_parts(
    own: Mapping[str, Meaning], phrases: Mapping[str, Sequence[str]], taxonomy: Taxonomy
) -> dict[str, Meaning]:
    ignored = {phrase_key(phrase): Meaning() for phrase in taxonomy.ignored_phrases}
    return {key: _with_parts(key, phrases[key], own) for key in own} | ignored


def _with_parts(key: str, words: Sequence[str], own: Mapping[str, Meaning]) -> Meaning:
    """Add to a phrase's own meaning the meanings of the phrases within it.

    The longest match hides the shorter phrases within it, so it inherits their meanings where it
    has none of its own: "sports shoe" inherits from "sports", "wedge heel" from "heel".
    """
    meaning = own[key]
    parts = [m for m in _scan(own, words, len(words) - 1) if isinstance(m, Meaning)]
    attributes = {group: term for m in parts for group, term in m.attributes.items()}
    noun = Meaning() if meaning.leaves else _noun_at_end(words, own)
    return Meaning(
        meaning.leaves or noun.leaves, meaning.modifier, {**attributes, **meaning.attributes}
    )


def _noun_at_end(words: Sequence[str], own: Mapping[str, Meaning]) -> Meaning:
    """Return the meaning of the longest proper suffix that names a category."""
    for start in range(1, len(words)):
        known = own.get(singular("".join(words[start:])))
        if known and known.is_noun:
            return known
    return Meaning()
