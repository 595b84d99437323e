"""Find what a shopper does not want: "not red or blue", "shoes, not black, brown or red"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from houndstooth.mappings.known_words import KnownWords
from houndstooth.mappings.phrases import Meaning

HYPHENS = ("-", "\N{HYPHEN}", "\N{NON-BREAKING HYPHEN}")
_CLAUSE_ENDS = (";", ".", "!", "?")
_PARTS = ("closure:", "collar:hooded", "pattern:graphic")
"""Terms of what a product has or lacks: "without sleeves and buttons" names two such things."""


@dataclass(frozen=True)
class Negated:
    """A phrase after a negation.

    Attributes:
        meaning: What it says; None where the negation stands alone.
        words: Its places.
        whole: Those of all of that negation.
        unsure: Whether it may as well be wanted: "not black, brown", "not only black".
    """

    meaning: Meaning | None
    words: range
    whole: frozenset[int]
    unsure: bool = False


@dataclass(frozen=True)
class _Part:
    """A part of a list. ``after`` joins it to the one before: "or", "and", a comma, or nothing."""

    meaning: Meaning
    words: range
    after: str = ""


def find_negated(known: KnownWords, priced: range) -> Iterator[Negated]:
    """Yield what is negated: after each negation a phrase, and those that are listed with it.

    Args:
        known: The words. An attribute that is listed without its negation is written with it.
        priced: Places of those of a price.
    """
    every = range(len(known))
    place = 0 if any(known.negation(p) or known.not_only(p) for p in every) else len(known)
    while place < len(known):
        softened = known.not_only(place)
        length, (words, meaning) = softened or known.negation(place), known.phrase(place)
        if place in priced or not length or _is_prefix(known, place, length):
            place += next((n for n in range(1, words) if known.negation(place + n)), words) or 1
            continue
        first = None
        if _is_known(known, place, length):
            first, length = meaning, words  # "without sleeves"
        parts, stop = _list_from(known, place + length, priced, first)
        begin = place + length if first else place
        listed = {word for part in parts for word in part.words}
        whole = frozenset(range(begin, stop)) - _write_known(known, parts)
        if not parts and not first:
            yield Negated(None, range(0), frozenset(range(place, place + length)))
        unsure_commas = bool(first) or len(parts) == 2
        for part in parts:
            if listed & whole & {*part.words}:
                unsure = bool(softened) or (part.after == "," and unsure_commas)
                yield Negated(part.meaning, part.words, whole, unsure)
        place = max(stop, place + length)


def _write_known(known: KnownWords, parts: list[_Part]) -> frozenset[int]:
    """Write "sleeves" of "without collar or sleeves" with the negation; return their places."""
    written: set[int] = set()
    for part in parts:
        if part.after in ("or", "and") and known.negatable(part.words.start) == len(part.words):
            known.write_negated(part.words.start, len(part.words))
            written.update(part.words)
    return frozenset(written)


def _is_known(known: KnownWords, place: int, length: int) -> bool:
    """Tell whether a negation begins a phrase: "sin mangas", but not "sin mangas largas"."""
    words, _ = known.phrase(place)
    if words <= length or not known.is_negated_phrase(place, words):
        return False
    return known.phrase(place + length)[0] <= words - length


def _is_prefix(known: KnownWords, place: int, length: int) -> bool:
    """Tell whether a negation only begins a name: "no-show socks", but not "non-leather"."""
    after = place + length
    if after >= len(known) or known.gaps[after] not in HYPHENS:
        return False
    meaning = next(known.scanned([after]))[2]
    return not (meaning.leaves or meaning.attributes)


def _list_from(
    known: KnownWords, start: int, priced: range, first: Meaning | None
) -> tuple[list[_Part], int]:
    """Return the parts of the list that begins at a place, and where it ends.

    Args:
        known: The words.
        start: Where the list begins, or goes on after a phrase such as "without sleeves".
        priced: Places of those of a price.
        first: What that phrase says; None = the list begins.
    """
    parts: list[_Part] = []
    place = stop = start
    after = ""
    while place < len(known) and place not in priced:
        words, meaning = known.phrase(place)
        gap, begun = known.gaps[place].strip(), bool(parts or first)
        says = bool(meaning.leaves or meaning.attributes)
        if gap.startswith(_CLAUSE_ENDS) or (gap and not begun and gap.startswith(",")):
            break
        if begun and not says and (length := known.joiner(place)):
            after = "or" if known.either(place) or known.keys[place] == "nor" else "and"
            place += length
            continue
        if known.is_filler(place) and not says and (not begun or _is_article(known, place, after)):
            place += 1
            continue
        if (length := known.negation(place)) and (begun or not _is_known(known, place, length)):
            break  # "no, not red"; but "not without sleeves"
        if begun and not after:
            after = {"/": "or", ",": ","}.get(gap, "")
        if begun:
            words = (after in ("or", "and") and known.negatable(place)) or words
        part = _Part(meaning, range(place, place + words), after)
        if begun and not _goes_on(known, first or parts[0].meaning, part, start, bool(first)):
            break
        parts.append(part)
        stop = place = place + words
        after = ""
    if first and all(part.after == "," for part in parts):
        return [], start  # "without sleeves, v-neck"
    return parts, stop


def _goes_on(known: KnownWords, first: Meaning, part: _Part, start: int, known_first: bool) -> bool:
    """Tell whether a part belongs to the list that another meaning has begun."""
    says = bool(part.meaning.leaves or part.meaning.attributes)
    alike = _are_alike(first, part.meaning)
    ends = _ends(known, part.words.stop)
    if not part.after or (alike and known_first):
        return False  # "without sleeves or long sleeves"
    if part.after == ",":
        return ends and (alike or (known_first and _is_part(part.meaning)))
    if alike or known.negatable(part.words.start) == len(part.words):
        return True
    if part.meaning.is_noun:
        return False
    if part.after == "and":
        return says and (known_first or _is_part(first)) and _is_part(part.meaning)
    names_kind = any(one.is_noun for _, _, one in known.scanned(range(start)))
    return ends or (says and not names_kind)  # "not red or striped dress"


def _is_article(known: KnownWords, place: int, after: str) -> bool:
    """Tell whether a filler between a joiner and what follows says nothing, unlike "with"."""
    return after in ("or", "and") and known.keys[place] not in known.vocabulary.words.clause_starts


def _ends(known: KnownWords, end: int) -> bool:
    """Tell whether a part is the last one, or the next part of the list follows."""
    return end == len(known) or known.gaps[end].strip() != "" or bool(known.joiner(end))


def _is_part(meaning: Meaning) -> bool:
    """Tell whether a phrase names what a product has or lacks; nothing known may be that."""
    terms = [term for terms in meaning.attributes.values() for term in terms]
    return not meaning.leaves and all(term.startswith(_PARTS) for term in terms)


def _are_alike(first: Meaning, other: Meaning) -> bool:
    """Tell whether two phrases name attributes of one group, or kinds alone."""
    if first.attributes or other.attributes:
        return bool(first.attributes.keys() & other.attributes.keys())
    return bool(first.leaves and other.leaves)
