"""What a seller's text says about a product: which categories it may be, and which attributes.

English product names end in what the product is ("Puma Men Blue Shirt Style Jacket"), so the
last words weigh most. A wider word ("shoe") names a set of leaves; the words before it narrow
the set where they can ("running shoe"), and the image decides within what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.words import phrase_key, singular, tokens

_LONGEST_PHRASE = 5
_AFTERTHOUGHT = frozenset({"with", "for", "in", "from", "by", "featuring"})


@dataclass(frozen=True)
class TextEvidence:
    """What the text says.

    Attributes:
        categories: leaves that the product may be; one is decided, none is no word known.
        great_category: the one that all those leaves share, if they do.
        attributes: term by group, ``{"colour": "colour:navy-blue"}``, of groups that at least
            one of the leaves has.
    """

    categories: frozenset[str]
    great_category: str | None
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class _Meaning:
    """What one phrase may say; all empty for a phrase to be ignored."""

    leaves: frozenset[str] = frozenset()
    modifier: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


def read_seller_text(taxonomy: Taxonomy, title: str, category_text: str = "") -> TextEvidence:
    """Read a product's title and, where the feed has one, the seller's own category.

    The category text narrows what the title says, and goes first where the two conflict; of
    attributes the title goes first.
    """
    parts = [_clauses(taxonomy, text) for text in (title, category_text)]
    by_title, by_category = (_leaves(clauses) for clauses in parts)
    leaves = by_title & by_category or by_category or by_title
    great = {taxonomy.great_category(leaf) for leaf in leaves}
    said = _attributes([*parts[0], *parts[1]])
    attributes = {
        name: said[name]
        for name, group in taxonomy.groups.items()
        if name in said and (not leaves or leaves & group.categories)
    }
    return TextEvidence(leaves, great.pop() if len(great) == 1 else None, attributes)


def _attributes(clauses: Sequence[Sequence[_Meaning]]) -> dict[str, str]:
    """Term by group: of the first clause that says one, the last, which is nearest the noun."""
    said: dict[str, str] = {}
    for clause in clauses:
        said |= {g: t for meaning in clause for g, t in meaning.attributes.items() if g not in said}
    return said


def _leaves(clauses: Sequence[Sequence[_Meaning]]) -> frozenset[str]:
    """The leaves named by the last noun of the first clause that has one, narrowed by the rest."""
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
    """Meanings in the order of the text, cut where an afterthought ("with …") begins."""
    clauses: list[list[_Meaning]] = [[]]
    for found in _scan(_meanings(taxonomy), tokens(text)):
        if found is None:
            clauses.append([])
        else:
            clauses[-1].append(found)
    return clauses


def _scan(
    meanings: Mapping[str, _Meaning], words: Sequence[str], longest: int = _LONGEST_PHRASE
) -> Iterator[_Meaning | None]:
    """Known phrases from left to right, the longest first; None at an afterthought."""
    start = 0
    while start < len(words):
        for stop in range(min(start + longest, len(words)), start, -1):
            if known := meanings.get(singular("".join(words[start:stop]))):
                yield known
                start = stop
                break
        else:
            if words[start] in _AFTERTHOUGHT:
                yield None
            start += 1


@lru_cache(maxsize=8)
def _meanings(taxonomy: Taxonomy) -> dict[str, _Meaning]:
    """Meaning by phrase key, ignored phrases included.

    A longer phrase hides the words in it, so it says what they would have said, unless it has a
    meaning of its own there: "sports shoe" is for sports, and a "wedge heel" is one of heels.
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
    """A phrase's own meaning, and what its parts say beyond it."""
    meaning = own[key]
    inside = [m for m in _scan(own, words, len(words) - 1) if m]
    attributes = {group: term for m in inside for group, term in m.attributes.items()}
    noun = _Meaning() if meaning.leaves else _noun_at_end(words, own)
    return _Meaning(
        meaning.leaves or noun.leaves, meaning.modifier, {**attributes, **meaning.attributes}
    )


def _noun_at_end(words: Sequence[str], own: Mapping[str, _Meaning]) -> _Meaning:
    """Meaning of the longest proper ending that names a category."""
    for start in range(1, len(words)):
        known = own.get(singular("".join(words[start:])))
        if known and known.leaves and not known.modifier:
            return known
    return _Meaning()
