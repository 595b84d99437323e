"""Which terms are right often enough to be stored from a picture, and from which probability on.

A stored term is a filter: where it is wrong, the filter lies. So a term's threshold is the lowest
probability at which labelled photos that it was not trained on show the term nine times in ten. One
standard error is taken off the share first, as the lowest of many thresholds is partly luck. A term
that cannot reach the share is left out: it is preferred in a search, and not stored.

Photos held back are few, and fewer show a rare term. So photos of the training part may count too,
by cross-fitted predictions. The photos held back then have a say of their own: a threshold at which
they are right less than nine times in ten is too low, however many others are right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import group_of
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.runtime.card import MeasuredTerm
from houndstooth.models.training.samples import Sample

Numbers = NDArray[np.float64]
Marks = NDArray[np.bool_]

LEAST_PRECISION = 0.9
"""A stored term is right at least this often."""

LEAST_PHOTOS = 10
"""Fewer photos at or above a threshold say too little of it."""

LEAST_PROBABILITY = 0.5
"""A term that is less probable is more likely wrong, and not stored whatever the others are."""


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
    probabilities: Numbers
    true: Marks
    known: Marks

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

    def of_term(self, term: str, lowest: float = 0.0) -> tuple[Numbers, Marks]:
        """Select the photos that say something of a term: their probabilities and truth.

        Args:
            lowest: photos with a lower probability are left out.
        """
        if term not in self.terms:
            return np.zeros(0), np.zeros(0, dtype=bool)
        column = self.terms.index(term)
        probabilities = self.probabilities[:, column]
        rows = self.known[:, column] & (probabilities >= lowest) & (probabilities > 0)
        return probabilities[rows], self.true[rows, column]

    def write(self, path: Path) -> None:
        """Write a compressed NPZ without pickles."""
        np.savez_compressed(
            path,
            terms=np.array(self.terms),
            probabilities=self.probabilities,
            true=self.true,
            known=self.known,
        )

    @classmethod
    def read(cls, path: Path) -> JudgedTerms:
        """Read a file that ``write`` made.

        Raises:
            InvalidConfig: there is none, or it is of another form.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                terms = tuple(map(str, file["terms"]))
                return cls(terms, file["probabilities"], file["true"], file["known"])
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise InvalidConfig(
                f"expected cross-fitted predictions at {path}, as houndstooth train "
                f"attribute-terms writes them; got {error!r}"
            ) from None


def measure_terms(
    held_back: JudgedTerms,
    cross_fitted: JudgedTerms | None = None,
    least: Mapping[str, float] | None = None,
) -> dict[str, MeasuredTerm]:
    """Choose each term's threshold, and leave out the terms that no threshold makes right.

    Args:
        held_back: photos that the networks were not trained on, from the picture alone.
        cross_fitted: other photos, of some of the terms.
        least: by term, the lowest threshold to choose.

    Returns:
        By term, in the order of ``held_back.terms``. Precision and photos are those of both.
    """
    measured = {}
    for term in held_back.terms:
        lowest = max(LEAST_PROBABILITY, (least or {}).get(term, 0.0))
        own, true = held_back.of_term(term, lowest)
        others = cross_fitted.of_term(term, lowest) if cross_fitted else None
        found = measure_share(own, true, others)
        if found is not None:
            measured[term] = found
    return measured


def measure_share(
    probabilities: Numbers, true: Marks, others: tuple[Numbers, Marks] | None = None
) -> MeasuredTerm | None:
    """Choose the lowest threshold at which photos are right often enough; None if there is none.

    Args:
        probabilities: float64 [n], of the photos held back.
        true: bool [n].
        others: the same of other photos, which count as much.
    """
    all_p, all_true = probabilities, true
    if others is not None:
        all_p = np.concatenate([probabilities, others[0]])
        all_true = np.concatenate([true, others[1]])
    for threshold in np.unique(all_p):
        stored = all_p >= threshold
        photos, right = int(stored.sum()), int(all_true[stored].sum())
        if photos < LEAST_PHOTOS:
            break
        found = MeasuredTerm(float(threshold), right / photos, photos)
        is_right = found.precision - found.error >= LEAST_PRECISION
        here = true[probabilities >= threshold]
        if is_right and here.sum() >= LEAST_PRECISION * len(here):
            return replace(found, precision=round(found.precision, 4))
    return None
