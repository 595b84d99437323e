"""Collect the phrases that sellers write, with what each of them means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from houndstooth.mappings.language_words import LANGUAGES, PUBLIC, LanguageWords
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.words import phrase_key, singular, tokens

_MAX_PHRASE_WORDS = 5
_MAX_TERMS = 4
_ANY_COLOURS = "colour:multi"


@dataclass(frozen=True)
class Meaning:
    """The categories and attributes that one phrase states; none for an ignored phrase.

    Attributes:
        leaves: Leaf categories, or kinds that the taxonomy lacks.
        modifier: Whether the phrase only narrows other phrases.
        attributes: Terms by group, such as ``{"colour": ("colour:red", "colour:blue")}``.
    """

    leaves: frozenset[str] = frozenset()
    modifier: bool = False
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_noun(self) -> bool:
        """True if the phrase names categories itself."""
        return bool(self.leaves) and not self.modifier


def scan(
    meanings: Mapping[str, Meaning], words: Sequence[str], max_words: int = _MAX_PHRASE_WORDS
) -> Iterator[tuple[int, Meaning | str]]:
    """Yield the meanings of known phrases, longest match first, and the unknown words.

    Each comes with the place of its first word.
    """
    start = 0
    while start < len(words):
        for stop in range(min(start + max_words, len(words)), start, -1):
            if known := meanings.get(singular("".join(words[start:stop]))):
                yield start, known
                start = stop
                break
        else:
            yield start, words[start]
            start += 1


def several(terms: Iterable[str]) -> tuple[str, ...]:
    """Return terms of one group that are true together: each once, in order, four at most.

    "Multicoloured" beside colours that are named says nothing more.
    """
    found = tuple(dict.fromkeys(terms))
    return tuple(term for term in found if term != _ANY_COLOURS or len(found) == 1)[:_MAX_TERMS]


def leaves_of(taxonomy: Taxonomy, term: str) -> frozenset[str]:
    """Return the leaves of a leaf, of a broader term, or of a kind beyond the taxonomy."""
    if term in taxonomy.categories or term in PUBLIC.other_kinds:
        return frozenset({term})
    if term in taxonomy.broader_terms:
        return frozenset(taxonomy.broader_terms[term].categories)
    kind = PUBLIC.wider_kinds.get(term)
    parts = [leaves_of(taxonomy, part) for part in kind.categories] if kind else []
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
                        self.add(word, Meaning(attributes={group: (f"{group}:{value}",)}))


@lru_cache(maxsize=8)
def english_phrases(taxonomy: Taxonomy) -> tuple[dict[str, Meaning], dict[str, list[str]]]:
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


def own_phrases(
    taxonomy: Taxonomy, words: LanguageWords
) -> tuple[dict[str, Meaning], dict[str, list[str]]]:
    """Return the own meanings of a language's words, and the words of each phrase.

    A name of a wider kind that is an English word, such as "Tops", is wider in categories alone.
    """
    phrases, (english, _) = _Phrases(), english_phrases(taxonomy)
    for term, nouns in words.categories.items():
        wider = term in PUBLIC.wider_kinds
        modifier = term in taxonomy.broader_terms and taxonomy.broader_terms[term].modifier
        if leaves := frozenset().union(*(leaves_of(taxonomy, t) for t in term.split(", "))):
            for noun in nouns:
                if not wider or phrase_key(noun) not in english:
                    phrases.add(noun, Meaning(leaves, modifier))
    phrases.add_attributes(taxonomy, words.attributes)
    return phrases.meanings, phrases.words


def with_all_parts(
    own: Mapping[str, Meaning], phrases: Mapping[str, Sequence[str]], taxonomy: Taxonomy
) -> dict[str, Meaning]:
    """Return the whole meaning of each phrase key, and none for the taxonomy's ignored phrases."""
    ignored = {phrase_key(phrase): Meaning() for phrase in taxonomy.ignored_phrases}
    return {key: _with_parts(key, phrases[key], own) for key in own} | ignored


def _with_parts(key: str, words: Sequence[str], own: Mapping[str, Meaning]) -> Meaning:
    """Add to a phrase's own meaning the meanings of the phrases within it.

    The longest match hides the shorter phrases within it, so it inherits their meanings where it
    has none of its own: "sports shoe" inherits from "sports", "wedge heel" from "heel".
    """
    meaning = own[key]
    parts = [m for _, m in scan(own, words, len(words) - 1) if isinstance(m, Meaning)]
    attributes = {group: terms for m in parts for group, terms in m.attributes.items()}
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


@lru_cache(maxsize=8)
def false_friends(taxonomy: Taxonomy) -> frozenset[str]:
    """Find the English phrases that name something else in another language."""
    english, _ = english_phrases(taxonomy)
    found = set()
    for words in LANGUAGES.values():
        for key, meaning in own_phrases(taxonomy, words)[0].items():
            if key in english and _differ(english[key], meaning):
                found.add(key)
    return frozenset(found)


def _differ(english: Meaning, other: Meaning) -> bool:
    """Whether the English meaning would rule out what the other language means."""
    if english.is_noun and (not other.leaves or other.leaves - english.leaves):
        return True
    groups = english.attributes.keys() & other.attributes.keys()
    return any(english.attributes[group] != other.attributes[group] for group in groups)


def merged(own: Meaning, loan: Meaning | None) -> Meaning:
    """Add what the English word of the same spelling says besides."""
    loan = loan or Meaning()
    return Meaning(
        own.leaves or loan.leaves,
        own.modifier or (not own.leaves and loan.modifier),
        {**loan.attributes, **own.attributes},
    )
