"""Find what a shopper does not want: "not red or blue", "shoes, not black, brown"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from houndstooth.mappings.known_words import KnownWords
from houndstooth.mappings.phrases import Meaning

HYPHENS = ("-", "\N{HYPHEN}", "\N{NON-BREAKING HYPHEN}")
_COMMAS = (",", ";", "/")

_Found = list[tuple[Meaning, range]]


@dataclass(frozen=True)
class Negated:
    """A phrase after a negation. ``whole`` are the words of all of that negation."""

    meaning: Meaning | None
    words: range
    whole: range


def find_negated(known: KnownWords, priced: range) -> Iterator[Negated]:
    """Yield what is negated: after each negation a phrase, and those that are listed with it.

    Args:
        known: The words.
        priced: Places of those of a price.
    """
    place = 0 if any(map(known.negation, range(len(known)))) else len(known)
    while place < len(known):
        length, (words, _) = known.negation(place), known.phrase(place)
        if place in priced or not length or words > length or _is_prefix(known, place, length):
            place += max(words, 1)  # "without sleeves" is a phrase
            continue
        found, stop = _list_from(known, place + length, priced)
        whole = range(place, stop)
        yield from (Negated(meaning, here, whole) for meaning, here in found)
        if not found:
            yield Negated(None, range(0), range(place, place + length))
        place = max(stop, place + length)


def _is_prefix(known: KnownWords, place: int, length: int) -> bool:
    """Tell whether a negation only begins a name: "no-show socks", but not "non-leather"."""
    after = place + length
    if after >= len(known) or known.gaps[after] not in HYPHENS:
        return False
    meaning = next(known.scanned([after]))[2]
    return not (meaning.leaves or meaning.attributes)


def _list_from(known: KnownWords, start: int, priced: range) -> tuple[_Found, int]:
    """Return the phrases of the list that begins at a place, and where it ends.

    A list goes on after "or" and "and", and after a comma unless the next phrase describes what
    follows it: "not black, brown shoes" wants brown ones.
    """
    found: _Found = []
    place = stop = start
    joined = False
    while place < len(known) and place not in priced:
        words, meaning = known.phrase(place)
        end = place + words
        says = bool(meaning.leaves or meaning.attributes)
        if not says and found and (length := known.joiner(place)):
            place, joined = place + length, True
            continue
        if not says and not found and not known.negation(place) and known.is_filler(place):
            place += 1
            continue
        if not found:
            if known.negation(place):
                break  # "no, not red"
        elif not (_are_alike(found[0][0], meaning) and (joined or _is_listed(known, place, end))):
            break
        found.append((meaning, range(place, end)))
        stop = place = end
        joined = False
    return found, stop


def _is_listed(known: KnownWords, place: int, end: int) -> bool:
    """Tell whether a phrase stands between a comma and the end or the next part of a list."""
    if known.gaps[place].strip() not in _COMMAS:
        return False
    ends = end == len(known) or known.gaps[end].strip() != ""
    return ends or bool(known.joiner(end))


def _are_alike(first: Meaning, other: Meaning) -> bool:
    """Tell whether two phrases name attributes of one group, or kinds alone."""
    if first.attributes or other.attributes:
        return bool(first.attributes.keys() & other.attributes.keys())
    return bool(first.leaves and other.leaves)
