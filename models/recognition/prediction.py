"""What a recogniser predicts for one crop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import ScoredTerm

MIN_CONFIDENCE = 0.05
"""Terms below this probability are left out: they are not worth a clause in a query."""

Choice = Collection[str] | None
"""The leaf categories that one image may show; None is all, one alone is certain."""


@dataclass(frozen=True)
class Prediction:
    """Categories and attributes of one crop, with their probabilities.

    Attributes:
        categories: probability by leaf category, within the choice. When the choice is one
            category, these are the network's own probabilities.
        category: the leaf category decided on.
        given: whether the choice was one category, so that it is certain.
        groups: probability by term, for each attribute group that the category has.
        others: probability that other items are worn beside the item, which only a detector tells
            apart; 1 where the recogniser does not say.
        turns: quarters, anticlockwise, by which the photo is surely turned; 0 is none.
    """

    categories: Mapping[str, float]
    category: str
    given: bool
    groups: Mapping[str, Mapping[str, float]]
    others: float = 1.0
    turns: int = 0

    def ranked_categories(self) -> tuple[ScoredTerm, ...]:
        """List the likely categories, best first; a given one comes first, with confidence 1."""
        ranked = _ranked(self.categories)
        if self.given:
            others = [other for other in ranked if other.term != self.category]
            ranked = [ScoredTerm(self.category, 1.0), *others]
        return tuple(ranked)

    def ranked_attributes(self) -> tuple[ScoredTerm, ...]:
        """List the likely terms: groups in taxonomy order, best first within a group."""
        return tuple(term for terms in self.groups.values() for term in _ranked(terms))


@dataclass(frozen=True)
class Reading:
    """A reading of n crops: categories at once, attributes when they are asked for.

    Attributes:
        features: the items' pooled features, float32 [n, d].
        categories: predictions whose attributes may be missing.
        complete: returns whole predictions of some of the crops, by row.
        guided: reads some of the crops again, by row, each within a choice of its own, without
            running the reader again; None where the recogniser cannot.
    """

    features: NDArray[np.float32]
    categories: list[Prediction]
    complete: Callable[[Sequence[int]], list[Prediction]]
    guided: Callable[[Sequence[int], Sequence[Choice]], Reading] | None = None

    @classmethod
    def of(cls, features: NDArray[np.float32], predictions: list[Prediction]) -> Self:
        """Make a reading of predictions that are whole already."""
        return cls(features, predictions, lambda rows: [predictions[row] for row in rows])

    @property
    def predictions(self) -> list[Prediction]:
        """Return whole predictions of all crops."""
        return self.complete(range(len(self.categories)))


def mean_prediction(predictions: Sequence[Prediction], given: bool) -> Prediction:
    """Compute the mean of predictions of one item in several pictures.

    A term that a picture does not show has probability 0 in it.

    Args:
        predictions: At least one.
        given: Whether the category was given; then the first one's is kept.
    """
    first = predictions[0]
    categories = _mean([one.categories for one in predictions])
    best = first.category if given else max(categories, key=categories.__getitem__)
    groups = {
        group: _mean([one.groups.get(group, {}) for one in predictions])
        for one in predictions
        for group in one.groups
    }
    return replace(first, categories=categories, category=best, given=given, groups=groups)


def _mean(probabilities: Sequence[Mapping[str, float]]) -> dict[str, float]:
    terms = dict.fromkeys(term for each in probabilities for term in each)
    total = len(probabilities)
    return {term: sum(each.get(term, 0.0) for each in probabilities) / total for term in terms}


def set_confidence(ranked: Sequence[ScoredTerm], first: float) -> tuple[ScoredTerm, ...]:
    """Set the first term's probability and scale the others to share the rest."""
    best, *others = ranked
    rest = sum(other.confidence for other in others)
    scale = min(1.0, (1 - first) / rest) if rest else 0.0
    scaled = [replace(other, confidence=round(scale * other.confidence, 4)) for other in others]
    return (replace(best, confidence=round(first, 4)), *scaled)


def weighed(categories: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Weigh the categories' probabilities, and normalise them again."""
    products = {leaf: p * weights.get(leaf, 1.0) for leaf, p in categories.items()}
    total = sum(products.values())
    return {leaf: p / total for leaf, p in products.items()} if total else dict(categories)


def restrict(categories: Mapping[str, float], choice: Choice) -> dict[str, float]:
    """Restrict probabilities to a choice, and normalise them to sum to 1.

    A choice of all, or of one category, changes nothing. Where the network knows none of the
    chosen categories, they are equally likely. Where it lacks some of them, the others are less
    sure: what looks like none of these may be one that it lacks.
    """
    if choice is None or len(choice) <= 1:
        return dict(categories)
    chosen = {term: categories.get(term, 0.0) for term in sorted(choice)}
    total = sum(chosen.values())
    if not total:
        return dict.fromkeys(chosen, 1 / len(chosen))
    lacking = len(chosen.keys() - categories.keys()) / len(chosen)
    scale = total + lacking * (1 - total)
    return {term: p / scale for term, p in chosen.items()}


def _ranked(probabilities: Mapping[str, float]) -> list[ScoredTerm]:
    """The terms of at least MIN_CONFIDENCE, best first; the best term in any case."""
    likely = [term for term, p in probabilities.items() if p >= MIN_CONFIDENCE]
    likely = likely or [max(probabilities, key=probabilities.__getitem__)]
    likely.sort(key=lambda term: -probabilities[term])
    return [ScoredTerm(term, round(probabilities[term], 4)) for term in likely]
