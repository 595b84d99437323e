"""Read what a shopper types, by the reader of sellers' text: "red dress without sleeves under 30".

What is understood are a category, attributes, what the product must not be, and a price. The rest
are words for the shop's own fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import group_of
from houndstooth.mappings.known_words import KnownWords
from houndstooth.mappings.negations import Negated, find_negated
from houndstooth.mappings.phrases import Meaning, several
from houndstooth.mappings.prices import read_price
from houndstooth.mappings.seller_text import TextEvidence, read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.text_query import CATEGORY, PRICE, REST, TextQuery
from houndstooth.mappings.text_words import Word, spelt, split_words
from houndstooth.mappings.words import phrase_key, singular

MAX_TEXT = 500
"""Characters of a text."""


def read_text_query(
    taxonomy: Taxonomy, text: str, *, beside_picture: bool = False, prices: bool = True
) -> TextQuery:
    """Read a text.

    Args:
        taxonomy: Gives categories, attributes and their words.
        text: What the shopper has typed, in any language that is known.
        beside_picture: Whether it stands beside a photo or product. Then a thing that is named in
            passing ("with a belt") is no category.
        prices: Whether products have prices; else words of prices are words to look up.

    Raises:
        InvalidInput: It has no word, or is too long.
    """
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"expected q of at most {MAX_TEXT} characters; got {len(text)}")
    words = split_words(text)
    if not words:
        raise InvalidInput(f"expected q with a word; got {text[:40]!r}")
    return _Reader(taxonomy, text, words, beside_picture).read(prices)


class _Reader:
    def __init__(
        self, taxonomy: Taxonomy, text: str, words: Sequence[Word], beside_picture: bool
    ) -> None:
        self._taxonomy, self._text, self._words = taxonomy, text, words
        self._beside_picture = beside_picture
        self._known = KnownWords(taxonomy, text, words)
        self._keys = self._known.keys

    def read(self, prices: bool) -> TextQuery:
        """Read prices first, then what is negated, then the rest as a seller's text."""
        price = read_price(self._keys, self._known.gaps) if prices else None
        priced = range(price.start, price.stop) if price else range(0)
        negated = list(find_negated(self._known, priced))
        gone = {*priced, *chain.from_iterable(one.whole for one in negated)}
        evidence = self._evidence(gone)
        sides = self._alternatives(gone)
        alternatives = [side.categories for side in sides]
        leaves = evidence.categories.union(*alternatives)
        required: dict[str, tuple[str, ...]] = {}
        for one in (*sides, evidence):
            for group, terms in one.attributes.items():
                required[group] = several((*required.get(group, ()), *terms))
        if self._beside_picture and not self._names_kind(gone):
            leaves, alternatives = frozenset(), []
        parts: dict[str, set[int]] = {}
        rest: list[int] = []
        kept: list[int] = []
        for place, length, meaning in self._phrases(gone):
            here = range(place, place + length)
            named = [t for ts in required.values() for t in ts if t in _terms(meaning)]
            is_kind = bool(leaves & meaning.leaves)
            is_filler = self._known.is_filler(place)
            for name in [*named, *([CATEGORY] if is_kind else [])]:
                parts.setdefault(name, set()).update(here)
            if named or is_kind:
                kept += here
            elif not (is_filler or self._known.is_small(place)):
                kept += here
                rest += here
        unsure = [place for one in negated if one.unsure for place in one.words]
        kept, rest = sorted(kept + unsure), sorted(rest + unsure)
        if not (kept or price or any(one.words for one in negated)):
            kept = rest = list(range(len(self._words)))  # such as "no" alone
        if rest:
            parts[REST] = set(rest)
        if price:
            parts[PRICE] = set(priced)
        left_out = [one for one in negated if not one.unsure]
        excluded, not_kinds, ignored = self._excluded(left_out, required, parts, leaves)
        if not_kinds:
            leaves = (leaves or self._every_leaf) - not_kinds
        return TextQuery(
            text=self._text,
            categories=tuple(one for one in self._taxonomy.categories if one in leaves),
            names_several_kinds=len(alternatives) > 1,
            required=required,
            excluded=excluded,
            price=price,
            rest=self._spelt(rest),
            ignored=self._spelt(ignored),
            words=self._spelt(kept),
            without={name: self._without(places) for name, places in parts.items()},
        )

    @property
    def _every_leaf(self) -> frozenset[str]:
        return frozenset(self._taxonomy.categories)

    def _phrases(self, gone: set[int]) -> Iterator[tuple[int, int, Meaning]]:
        """Yield the phrases that are not gone: place, number of words, and what they say."""
        stretch: list[int] = []
        for place in range(len(self._words) + 1):
            if place < len(self._words) and place not in gone:
                stretch.append(place)
                continue
            yield from self._known.scanned(stretch)
            stretch = []

    def _excluded(
        self,
        negated: Sequence[Negated],
        required: Mapping[str, tuple[str, ...]],
        parts: dict[str, set[int]],
        leaves: frozenset[str],
    ) -> tuple[tuple[str, ...], frozenset[str], list[int]]:
        """Return the excluded terms and leaves, and the places of words that are ignored.

        Beside a picture whose kind is not named, a kind cannot be left out.
        """
        wanted = {term for terms in required.values() for term in terms}
        terms: list[str] = []
        kinds: set[str] = set()
        ignored: list[int] = []
        for one in negated:
            meaning = one.meaning or Meaning()
            named = [term for term in _terms(meaning) if term not in wanted]
            if not named and meaning.leaves and (leaves or not self._beside_picture):
                named = self._kinds(meaning, one.words)
                kinds.update(named)
            alone = sum(other.whole == one.whole for other in negated) == 1
            for term in named:
                parts.setdefault(term, set()).update(one.whole if alone else one.words)
            terms += named
            if not named:
                ignored += one.words
        return tuple(dict.fromkeys(terms)), frozenset(kinds), ignored

    def _kinds(self, meaning: Meaning, words: range) -> list[str]:
        """Return the leaves of a noun: the one of that name, if there is one, else all."""
        key = singular("".join(self._keys[place] for place in words))
        leaves = sorted(meaning.leaves & self._every_leaf)
        return [leaf for leaf in leaves if phrase_key(leaf) == key] or leaves

    def _evidence(self, gone: set[int]) -> TextEvidence:
        text, language = self._positive(gone), self._known.language
        return read_seller_text(self._taxonomy, text, language=language)

    def _alternatives(self, gone: set[int]) -> list[TextEvidence]:
        """Return what each side of "red shoes or bags" says; none where "or" joins no nouns.

        What comes along ("with a belt or scarf") does not count.
        """
        every = range(len(self._words))
        starts = self._known.vocabulary.words.clause_starts
        end = next((p for p in every[1:] if self._keys[p] in starts), len(every))
        ors = [p for p in every[:end] if p not in gone and self._known.either(p)]
        if not ors:
            return []
        bounds = pairwise([-1, *ors, end])
        sides = [gone | set(every) - set(every[a + 1 : b]) for a, b in bounds]
        said = map(self._evidence, sides)
        named = [evidence for evidence in said if evidence.categories]
        return named if len(named) > 1 else []

    def _names_kind(self, gone: set[int]) -> bool:
        """Tell whether a category is named before what comes along ("with", "in")."""
        clauses = self._known.vocabulary.clauses(self._positive(gone))
        return any(meaning.is_noun for meaning in clauses[0])

    def _positive(self, gone: set[int]) -> str:
        """Return the text without some words; "red or blue" becomes "red / blue"."""
        parts, place, end = [], 0, 0
        while place < len(self._words):
            word = self._words[place]
            parts.append(self._text[end : word.start])
            end = word.stop
            if place in gone:
                parts.append(" ; ")
            elif self._known.either(place):
                parts.append("/")
            elif self._keys[place] != word.key:
                parts.append(self._keys[place])
            elif place == 0 or self._words[place - 1].start != word.start:
                parts.append(self._text[word.start : word.stop])
            place += 1
        return "".join([*parts, self._text[end:]])

    def _spelt(self, places: Iterable[int]) -> str:
        return spelt(self._text, self._words, places)

    def _without(self, places: set[int]) -> str:
        """Return the text without some words, and without a joiner that is left at an end."""
        left = [place for place in range(len(self._words)) if place not in places]
        while left and self._known.joiner(left[0]):
            del left[0]
        while left and self._known.joiner(left[-1]):
            del left[-1]
        kept = [
            place
            for at, place in enumerate(left)
            if not (
                self._known.joiner(place)
                and (places & {place - 1, place + 1})
                and not self._known.joiner(left[at - 1])
            )
        ]
        return self._spelt(kept)


def _terms(meaning: Meaning) -> list[str]:
    return [term for terms in meaning.attributes.values() for term in terms if group_of(term)]
