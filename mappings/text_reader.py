"""Read what a shopper types, by the reader of sellers' text: "red dress without sleeves under 30".

What is understood are a category, attributes, what the product must not be, and a price. The rest
are words for the shop's own fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from houndstooth.mappings.errors import InvalidInput
from houndstooth.mappings.features import group_of
from houndstooth.mappings.phrases import Meaning, scan
from houndstooth.mappings.prices import read_price
from houndstooth.mappings.query_words import length_of, query_words
from houndstooth.mappings.seller_text import read_seller_text
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.text_language import likely_languages
from houndstooth.mappings.text_query import CATEGORY, PRICE, REST, TextQuery
from houndstooth.mappings.text_words import Word, spelt, split_words
from houndstooth.mappings.vocabulary import Vocabulary, vocabulary
from houndstooth.mappings.words import phrase_key, singular

HYPHENS = ("-", "\N{HYPHEN}", "\N{NON-BREAKING HYPHEN}")

MAX_TEXT = 500
"""Characters of a text."""


def read_text_query(taxonomy: Taxonomy, text: str, *, beside_picture: bool = False) -> TextQuery:
    """Read a text.

    Args:
        taxonomy: Gives categories, attributes and their words.
        text: What the shopper has typed, in any language that is known.
        beside_picture: Whether it stands beside a photo or product. Then a thing that is named in
            passing ("with a belt") is no category.

    Raises:
        InvalidInput: It has no word, or is too long.
    """
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"expected q of at most {MAX_TEXT} characters; got {len(text)}")
    words = split_words(text)
    if not words:
        raise InvalidInput(f"expected q with a word; got {text[:40]!r}")
    return _Reader(taxonomy, text, words, beside_picture).read()


@dataclass(frozen=True)
class _Negated:
    """A phrase after a negation. ``whole`` are the words of all of that negation."""

    meaning: Meaning | None
    words: range
    whole: range


class _Reader:
    def __init__(
        self, taxonomy: Taxonomy, text: str, words: Sequence[Word], beside_picture: bool
    ) -> None:
        self._taxonomy, self._text, self._words = taxonomy, text, words
        self._keys = [word.key for word in words]
        self._beside_picture = beside_picture
        # "But" is a shoe in Polish.
        fillers = (word.key for word in words if (word.key,) not in query_words().fillers)
        self._language = likely_languages(taxonomy, (" ".join(fillers), text))[0]
        self._known: Vocabulary = vocabulary(taxonomy, self._language)
        self._either = query_words().either.get(self._language, frozenset())

    def read(self) -> TextQuery:
        """Read prices first, then what is negated, then the rest as a seller's text."""
        gaps = ["", *(self._text[a.stop : b.start] for a, b in pairwise(self._words))]
        price = read_price(self._keys, gaps)
        priced = range(price.start, price.stop) if price else range(0)
        negated = list(self._negations(priced))
        gone = {*priced, *chain.from_iterable(one.whole for one in negated)}
        evidence = read_seller_text(self._taxonomy, self._positive(gone), language=self._language)
        leaves, required = evidence.categories, dict(evidence.attributes)
        if self._beside_picture and not self._names_kind(gone):
            leaves = frozenset()
        parts: dict[str, set[int]] = {}
        rest: list[int] = []
        kept: list[int] = []
        for place, length, meaning in self._phrases(gone):
            here = range(place, place + length)
            terms = [t for ts in required.values() for t in ts if t in _terms(meaning)]
            is_kind = bool(leaves & meaning.leaves)
            is_filler = bool(length_of(query_words().fillers, self._keys, place))
            for name in [*terms, *([CATEGORY] if is_kind else [])]:
                parts.setdefault(name, set()).update(here)
            if terms or is_kind:
                kept += here
            elif not (is_filler or self._is_small(place)):
                kept += here
                rest += here
        if not kept and not gone:
            kept = rest = list(range(len(self._words)))
        if rest:
            parts[REST] = set(rest)
        if price:
            parts[PRICE] = set(priced)
        excluded, not_kinds, ignored = self._excluded(negated, required, parts)
        if not_kinds:
            every = leaves or (frozenset() if self._beside_picture else self._every_leaf)
            leaves = every - not_kinds
        return TextQuery(
            text=self._text,
            categories=tuple(one for one in self._taxonomy.categories if one in leaves),
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
            yield from self._scanned(stretch)
            stretch = []

    def _scanned(self, places: Sequence[int]) -> Iterator[tuple[int, int, Meaning]]:
        keys = [self._keys[place] for place in places]
        found = chain(scan(self._known.meanings, keys), [(len(keys), "")])
        for (start, meaning), (end, _) in pairwise(found):
            yield places[start], end - start, self._meaning(meaning)

    def _meaning(self, found: Meaning | str) -> Meaning:
        """Return what a phrase says; of a compound what its parts say together."""
        if isinstance(found, Meaning):
            return found
        parts = self._known.compound(found)
        attributes = {group: terms for part in parts for group, terms in part.attributes.items()}
        return Meaning(parts[-1].leaves if parts else frozenset(), False, attributes)

    def _negations(self, priced: range) -> Iterator[_Negated]:
        """Yield what is negated: after each negation a phrase, and those that are joined to it."""
        place = 0
        while place < len(self._words):
            length = length_of(query_words().negations, self._keys, place)
            known = next(iter(self._scanned(range(place, len(self._words)))))
            if place in priced or not length or known[1] > length or self._is_prefix(place, length):
                place += known[1] if known[1] > 1 else 1  # "without sleeves" is a phrase
                continue
            found, stop = self._negated_from(place + length, priced)
            whole = range(place, stop)
            yield from (_Negated(meaning, words, whole) for meaning, words in found)
            if not found:
                yield _Negated(None, range(0), range(place, place + length))
            place = max(stop, place + length)

    def _is_prefix(self, place: int, length: int) -> bool:
        """Tell whether a negation only begins a name: "no-show socks", but not "non-leather"."""
        after = place + length
        if after >= len(self._words):
            return False
        gap = self._text[self._words[after - 1].stop : self._words[after].start]
        meaning = next(iter(self._scanned([after])))[2]
        return gap in HYPHENS and not (meaning.leaves or meaning.attributes)

    def _negated_from(self, start: int, priced: range) -> tuple[list[tuple[Meaning, range]], int]:
        found: list[tuple[Meaning, range]] = []
        stop = start
        groups: set[str] = set()
        place, joined = start, True
        while place < len(self._words) and place not in priced:
            first = next(iter(self._scanned(range(place, len(self._words)))))
            meaning, end = first[2], place + first[1]
            says = bool(meaning.leaves or meaning.attributes)
            if not says and (length := self._joiner(place)) and found:
                place, joined = place + length, True
                continue
            if not says and not found and length_of(query_words().fillers, self._keys, place):
                place += 1
                continue
            more = not found or (joined and bool(groups & meaning.attributes.keys()))
            if not joined or not more:
                break
            found.append((meaning, range(place, end)))
            groups |= meaning.attributes.keys()
            stop, place, joined = end, end, False
        return found, stop

    def _joiner(self, place: int) -> int:
        either = length_of(self._either, self._keys, place)
        joining = self._keys[place] in self._known.words.joining_words
        return either or int(joining or self._keys[place] in ("and", "nor"))

    def _excluded(
        self,
        negated: Sequence[_Negated],
        required: Mapping[str, tuple[str, ...]],
        parts: dict[str, set[int]],
    ) -> tuple[tuple[str, ...], frozenset[str], list[int]]:
        """Return the excluded terms and leaves, and the places of words that are ignored."""
        wanted = {term for terms in required.values() for term in terms}
        terms: list[str] = []
        kinds: set[str] = set()
        ignored: list[int] = []
        for one in negated:
            meaning = one.meaning or Meaning()
            named = [term for term in _terms(meaning) if term not in wanted]
            if not named and meaning.leaves:
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

    def _names_kind(self, gone: set[int]) -> bool:
        """Tell whether a category is named before what comes along ("with", "in")."""
        clauses = self._known.clauses(self._positive(gone))
        return any(meaning.is_noun for meaning in clauses[0])

    def _is_small(self, place: int) -> bool:
        """Tell whether a word only belongs to the language, such as "with"."""
        words, key = self._known.words, self._keys[place]
        small = (*words.clause_starts, *words.joining_words, *words.other_words)
        return key in small or bool(length_of(self._either, self._keys, place))

    def _positive(self, gone: set[int]) -> str:
        """Return the text without some words; "red or blue" becomes "red / blue"."""
        parts, place, end = [], 0, 0
        while place < len(self._words):
            word = self._words[place]
            parts.append(self._text[end : word.start])
            end = word.stop
            if place in gone:
                parts.append(" ; ")
            elif length_of(self._either, self._keys, place):
                parts.append("/")
            elif place == 0 or self._words[place - 1].start != word.start:
                parts.append(self._text[word.start : word.stop])
            place += 1
        return "".join([*parts, self._text[end:]])

    def _spelt(self, places: Iterable[int]) -> str:
        return spelt(self._text, self._words, places)

    def _without(self, places: set[int]) -> str:
        """Return the text without some words, and without a joiner that is left at an end."""
        left = [place for place in range(len(self._words)) if place not in places]
        while left and self._joiner(left[0]):
            del left[0]
        while left and self._joiner(left[-1]):
            del left[-1]
        kept = [
            place
            for at, place in enumerate(left)
            if not (
                self._joiner(place)
                and (places & {place - 1, place + 1})
                and not self._joiner(left[at - 1])
            )
        ]
        return self._spelt(kept)


def _terms(meaning: Meaning) -> list[str]:
    return [term for terms in meaning.attributes.values() for term in terms if group_of(term)]
