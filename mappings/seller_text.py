"""Read a product's possible categories and its attributes from the seller's text.

English product names end in the noun ("Puma Men Blue Shirt Style Jacket"), so the last noun
decides. A broader term ("shoe") stands for several leaf categories. The words before it narrow
them ("running shoe"), and the image decides among those that remain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.words import phrase_key, singular, tokens

_MAX_PHRASE_WORDS = 5
_CLAUSE_STARTS = frozenset({"with", "for", "in", "from", "by", "featuring"})


@dataclass(frozen=True)
class TextEvidence:
    """The categories and attributes that a text states.

    Attributes:
        categories: Leaf categories that the product may have. One leaf is a decision; an empty
            set means that the text has no known word.
        great_category: The great category of all those leaves; None if they differ.
        attributes: Term by group, such as ``{"colour": "colour:navy-blue"}``, for groups that at
            least one of the leaves has.
    """

    categories: frozenset[str]
    great_category: str | None
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class _Meaning:
    """The leaf categories and attributes that one phrase states; none for an ignored phrase."""

    leaves: frozenset[str] = frozenset()
    modifier: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


def read_seller_text(taxonomy: Taxonomy, title: str, category_text: str = "") -> TextEvidence:
    """Read a product's title and the seller's own category.

    The category text narrows the title's categories and wins where the two conflict. For
    attributes the title wins.
    """
    parts = [_clauses(taxonomy, text) for text in (title, category_text)]
    by_title, by_category = (_leaves(clauses) for clauses in parts)
    leaves = by_title & by_category or by_category or by_title
    great = {taxonomy.great_category(leaf) for leaf in leaves}
    stated = _attributes([*parts[0], *parts[1]])
    attributes = {
        name: stated[name]
        for name, group in taxonomy.groups.items()
        if name in stated and (not leaves or leaves & group.categories)
    }
    return TextEvidence(leaves, great.pop() if len(great) == 1 else None, attributes)


def _attributes(clauses: Sequence[Sequence[_Meaning]]) -> dict[str, str]:
    """Return one term per group, from the first clause that states any.

    Within the clause the last term wins: it is nearest to the noun.
    """
    stated: dict[str, str] = {}
    for clause in clauses:
        terms = [item for meaning in clause for item in meaning.attributes.items()]
        stated |= {group: term for group, term in terms if group not in stated}
    return stated


def _leaves(clauses: Sequence[Sequence[_Meaning]]) -> frozenset[str]:
    """Return the leaves of the first clause's last noun, narrowed by all other phrases."""
    for clause in clauses:
        nouns = [m for m in clause if m.leaves and not m.modifier]
        if not nouns:
            continue
        leaves = nouns[-1].leaves
        others = [m for c in clauses for m in reversed(c) if m.leaves]
        for meaning in others:
            leaves = leaves & meaning.leaves or leaves
        return leaves
    return frozenset()


def _clauses(taxonomy: Taxonomy, text: str) -> list[list[_Meaning]]:
    """Return the meanings in text order, split into clauses ("… with …")."""
    clauses: list[list[_Meaning]] = [[]]
    for meaning in _scan(_meanings(taxonomy), tokens(text)):
        if meaning is None:
            clauses.append([])
        else:
            clauses[-1].append(meaning)
    return clauses


def _scan(
    meanings: Mapping[str, _Meaning], words: Sequence[str], max_words: int = _MAX_PHRASE_WORDS
) -> Iterator[_Meaning | None]:
    """Yield the meanings of known phrases, longest match first, and None where a clause starts."""
    start = 0
    while start < len(words):
        for stop in range(min(start + max_words, len(words)), start, -1):
            if known := meanings.get(singular("".join(words[start:stop]))):
                yield known
                start = stop
                break
        else:
            if words[start] in _CLAUSE_STARTS:
                yield None
            start += 1


@lru_cache(maxsize=8)
def _meanings(taxonomy: Taxonomy) -> dict[str, _Meaning]:
    """Return the meaning of each phrase key, ignored phrases included.

    The longest match hides the shorter phrases within it, so it inherits their meanings where it
    has none of its own: "sports shoe" inherits from "sports", "wedge heel" from "heel".
    """
    phrases: dict[str, list[str]] = {}
    own: dict[str, _Meaning] = {}

    def add(word: str, meaning: _Meaning) -> None:
        phrases[phrase_key(word)] = tokens(word)
        known = own.get(phrase_key(word), _Meaning())
        own[phrase_key(word)] = _Meaning(
            known.leaves or meaning.leaves,
            known.modifier or meaning.modifier,
            {**known.attributes, **meaning.attributes},
        )

    for category in taxonomy.categories.values():
        for word in category.words:
            add(word, _Meaning(frozenset({category.term})))
    for broader in taxonomy.broader_terms.values():
        for word in broader.words:
            add(word, _Meaning(frozenset(broader.categories), broader.modifier))
    for name, group in taxonomy.groups.items():
        for value, words in group.values.items():
            for word in words:
                add(word, _Meaning(attributes={name: f"{name}:{value}"}))
    ignored = {phrase_key(phrase): _Meaning() for phrase in taxonomy.ignored_phrases}
    return {key: _with_parts(key, phrases[key], own) for key in own} | ignored


def _with_parts(key: str, words: Sequence[str], own: Mapping[str, _Meaning]) -> _Meaning:
    """Add to a phrase's own meaning the meanings of the phrases within it."""
    meaning = own[key]
    parts = [m for m in _scan(own, words, len(words) - 1) if m]
    attributes = {group: term for m in parts for group, term in m.attributes.items()}
    noun = _Meaning() if meaning.leaves else _noun_at_end(words, own)
    return _Meaning(
        meaning.leaves or noun.leaves, meaning.modifier, {**attributes, **meaning.attributes}
    )


def _noun_at_end(words: Sequence[str], own: Mapping[str, _Meaning]) -> _Meaning:
    """Return the meaning of the longest proper suffix that names a category."""
    for start in range(1, len(words)):
        known = own.get(singular("".join(words[start:])))
        if known and known.leaves and not known.modifier:
            return known
    return _Meaning()
