"""Which terms are right often enough to be stored from a picture, and from which probability on.

A stored term is a filter: where it is wrong, the filter lies. So a term's threshold is the lowest
probability at which labelled photos that it was not trained on show the term nine times in ten. One
standard error is taken off the share first, as the lowest of many thresholds is partly luck. A term
that cannot reach the share is left out: it is a preference of a search, and no fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.features import group_of
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.runtime.card import MeasuredTerm
from houndstooth.models.training.samples import Sample

LEAST_PRECISION = 0.9
"""A stored term is right at least this often."""

LEAST_PHOTOS = 10
"""Fewer photos at or above a threshold say too little of it."""


@dataclass(frozen=True)
class JudgedTerms:
    """The predicted probabilities of photos, and what people say of them.

    Attributes:
        terms: m attribute terms, ``group:value``.
        probabilities: to four digits as confidences are, float64 [n, m]; 0 where the predicted
            category lacks the group.
        true: whether the photo's item has the term, bool [n, m].
        known: whether that is known, bool [n, m].
    """

    terms: tuple[str, ...]
    probabilities: NDArray[np.float64]
    true: NDArray[np.bool_]
    known: NDArray[np.bool_]

    @classmethod
    def of(
        cls, predictions: Sequence[Prediction], samples: Sequence[Sample], taxonomy: Taxonomy
    ) -> JudgedTerms:
        """Line up predictions and labels.

        A term of a group that the true category lacks is known to be wrong.
        """
        terms = taxonomy.attribute_terms()
        column = {term: at for at, term in enumerate(terms)}
        groups = np.array([group_of(term) for term in terms])
        shape = len(samples), len(terms)
        probabilities = np.zeros(shape)
        true, known = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        for row, (prediction, sample) in enumerate(zip(predictions, samples, strict=True)):
            for found in prediction.groups.values():
                for term, probability in found.items():
                    probabilities[row, column[term]] = round(probability, 4)
            has = taxonomy.groups_of(sample.category)
            known[row] = np.isin(groups, [*sample.known]) | ~np.isin(groups, has)
            for of_group in sample.terms.values():
                true[row, [column[term] for term in of_group]] = True
        return cls(terms, probabilities, true, known)

    def facts(self, measured: Mapping[str, MeasuredTerm]) -> NDArray[np.bool_]:
        """Mark the terms that would be stored, bool [n, m]."""
        least = np.array([
            measured[term].threshold if term in measured else np.inf for term in self.terms
        ])  # fmt: skip
        return np.asarray(self.probabilities >= least)


def measure_terms(
    judged: JudgedTerms, least: Mapping[str, float] | None = None
) -> dict[str, MeasuredTerm]:
    """Choose each term's threshold, and leave out the terms that no threshold makes right.

    Args:
        judged: photos that the networks were not trained on.
        least: by term, the lowest threshold to choose.

    Returns:
        By term, in the order of ``judged.terms``.
    """
    measured = {}
    for column, term in enumerate(judged.terms):
        probabilities = judged.probabilities[:, column]
        rows = judged.known[:, column] & (probabilities > (least or {}).get(term, 0.0))
        found = measure_share(probabilities[rows], judged.true[rows, column])
        if found is not None:
            measured[term] = found
    return measured


def measure_share(
    probabilities: NDArray[np.float64], true: NDArray[np.bool_]
) -> MeasuredTerm | None:
    """Choose the lowest threshold at which photos are right often enough; None if there is none.

    Args:
        probabilities: float64 [n].
        true: bool [n].
    """
    order = np.argsort(-probabilities, kind="stable")
    sorted_p = probabilities[order]
    photos = np.arange(1, len(order) + 1)
    right = np.cumsum(true[order])
    # One more right and one more wrong photo: the error of a share of 1 is not 0.
    share = (right + 1) / (photos + 2)
    error = np.sqrt(share * (1 - share) / photos)
    # A threshold takes all photos of equal probability.
    whole = np.append(sorted_p[1:] < sorted_p[:-1], True)[: len(order)]
    usable = whole & (photos >= LEAST_PHOTOS) & (right / photos - error >= LEAST_PRECISION)
    if not usable.any():
        return None
    last = int(np.flatnonzero(usable)[-1])
    threshold = round(float(sorted_p[last]), 4)
    return MeasuredTerm(threshold, round(float(right[last] / photos[last]), 4), last + 1)
