"""Rows of the papers' tables: what is trained, and on which photos and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from houndstooth.models.training.samples import Sample
from houndstooth.models.training.soft_labels import fold_of

CUT = {"sleeve", "length", "silhouette"}

Change = Callable[[Sequence[Sample]], list[Sample]]
"""Selects photos, or changes their labels or splits."""


def full(samples: Sequence[Sample]) -> list[Sample]:
    """Select all photos."""
    return list(samples)


def core(samples: Sequence[Sample]) -> list[Sample]:
    """Select photos with a label of the cut: half of them, as in the paper.

    Nearly every photo has some attribute label, seen by eye; the paper's attributes beside colour
    and pattern are lengths and shape.
    """
    return [sample for sample in samples if CUT & set(sample.terms)]


@dataclass(frozen=True)
class Fold:
    """One fold of cross-fitting: its training photos become the test photos.

    So a row's scores of test photos are of training photos that it did not train on. The real test
    photos are left out.

    Attributes:
        index, folds: which fold, of how many; a photo's fold follows from its group.
        photos: selects the photos beforehand.
    """

    index: int
    folds: int
    photos: Change = full

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """Move the fold's photos to the test split."""
        kept = [sample for sample in self.photos(samples) if sample.split != "test"]
        return [
            replace(sample, split="test")
            if sample.split == "train" and fold_of(sample.group, self.folds) == self.index
            else sample
            for sample in kept
        ]


@dataclass(frozen=True)
class LabelsOf:
    """Two groups alone, the second with a share of the first one's labels in training.

    Attributes:
        many, few: the groups; all other labels but the category's are hidden.
        ratio: how many times as many training photos have a label of ``many``.
    """

    many: str
    few: str
    ratio: int = 10

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """Hide labels; validation and test photos keep all those of the two groups."""
        training = [sample for sample in samples if sample.split == "train"]
        wanted = sum(self.many in sample.terms for sample in training) // self.ratio
        labelled = sorted((s for s in training if self.few in s.terms), key=lambda s: s.path.name)
        step = max(1, len(labelled) // max(1, wanted))
        kept = {sample.path for sample in labelled[::step][:wanted]}
        return [
            _only(s, {self.many, self.few} if s.split != "train" or s.path in kept else {self.many})
            for s in samples
        ]


def _only(sample: Sample, groups: set[str]) -> Sample:
    terms = {group: terms for group, terms in sample.terms.items() if group in groups}
    return replace(sample, terms=terms, known=frozenset(sample.known & groups))


@dataclass(frozen=True)
class Row:
    """A recogniser of a paper's table.

    Attributes:
        name: in file names and for ``--rows``.
        recipe: name of a shipped recipe; of a shipped network where ``shipped``.
        fields: the recipe's fields that differ.
        photos: selects the photos, or changes their labels.
        after: the row whose trained network this one starts from.
        shipped: whether a shipped network is evaluated instead of one being trained.
    """

    name: str
    recipe: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    photos: Change = full
    after: str = ""
    shipped: bool = False
