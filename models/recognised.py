"""What a recogniser says of one crop."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mappings.features import RecognisedTerm

# What is less likely than this is not worth a clause in a query.
LEAST_CONFIDENCE = 0.05
# The leaf categories that one image may be of; None is all, one alone is given for certain.
Choice = Collection[str] | None
# What encoders saw in n crops: of each the middle and the last map, float32 [n, 2, c, h, w].
Look = tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]


@dataclass(frozen=True)
class Recognised:
    """What one crop shows.

    Attributes:
        categories: probability by leaf category among the choice; when one alone was given, the
            network's own guesses.
        category: the leaf decided on.
        given: it was the only choice, and so is certain.
        groups: probability by term, for each group of the category that the item has.
    """

    categories: Mapping[str, float]
    category: str
    given: bool
    groups: Mapping[str, Mapping[str, float]]

    def ranked_categories(self) -> tuple[RecognisedTerm, ...]:
        """The likely categories, best first; one that was given comes first and is certain."""
        found = _ranked(self.categories)
        if self.given:
            others = [guess for guess in found if guess.term != self.category]
            found = [RecognisedTerm(self.category, 1.0), *others]
        return tuple(found)

    def ranked_attributes(self) -> tuple[RecognisedTerm, ...]:
        """Likely terms, groups in taxonomy order, best first within a group."""
        return tuple(term for likely in self.groups.values() for term in _ranked(likely))


def as_likely_as(found: Sequence[RecognisedTerm], score: float) -> tuple[RecognisedTerm, ...]:
    """The first at this probability, the others sharing what is left as they share it now."""
    first, *others = found
    rest = sum(other.confidence for other in others)
    left = min(1.0, (1 - score) / rest) if rest else 0.0
    shares = [replace(other, confidence=round(left * other.confidence, 4)) for other in others]
    return (replace(first, confidence=round(score, 4)), *shares)


def narrowed(guesses: Mapping[str, float], choice: Choice) -> dict[str, float]:
    """The guesses among a choice, summing to 1; one that is given alone narrows nothing."""
    if choice is None or len(choice) <= 1:
        return dict(guesses)
    inside = {term: guesses.get(term, 0.0) for term in sorted(choice)}
    # Where the network knows none of them, one is as good as another.
    total, share = sum(inside.values()), 1 / len(inside)
    return {term: p / total if total else share for term, p in inside.items()}


def _ranked(guesses: Mapping[str, float]) -> list[RecognisedTerm]:
    """The likeliest terms, best first: one in any case, others while they are likely."""
    worth = [term for term, share in guesses.items() if share >= LEAST_CONFIDENCE]
    worth = worth or [max(guesses, key=guesses.__getitem__)]
    worth.sort(key=lambda term: -guesses[term])
    return [RecognisedTerm(term, round(guesses[term], 4)) for term in worth]
