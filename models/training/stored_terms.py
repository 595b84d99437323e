"""The terms that would be stored of photos, and how true they are, by attribute group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from houndstooth.mappings.features import group_of
from houndstooth.mappings.seller_text import TextEvidence
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.runtime.card import MeasuredTerm, precision_of
from houndstooth.models.training.samples import Sample

Stored = frozenset[str]


@dataclass(frozen=True)
class GroupFigures:
    """Figures of the stored terms of a group.

    Attributes:
        photos: photos of categories that have the group.
        labelled: those whose terms of it are known.
        coverage: share of ``photos`` of which a term is stored, in [0, 1].
        precision: share of stored terms that are right; those of photos count whose terms are
            known, or whose category lacks the group. None where no term is stored.
        recall: share of true terms that are stored; None where none is known.
        micro_f1: of all terms together.
        macro_f1: the mean over the terms that any photo has.
    """

    photos: int
    labelled: int
    coverage: float
    precision: float | None
    recall: float | None
    micro_f1: float
    macro_f1: float


def stored_from_picture(prediction: Prediction, measured: Mapping[str, MeasuredTerm]) -> Stored:
    """List the terms that are sure enough to be stored of a picture alone."""
    return frozenset(
        term
        for terms in prediction.groups.values()
        for term, p in terms.items()
        if precision_of(measured, term, round(p, 4)) is not None
    )


def stored_with_text(
    prediction: Prediction,
    evidence: TextEvidence,
    measured: Mapping[str, MeasuredTerm],
    taxonomy: Taxonomy,
) -> Stored:
    """List the terms that are stored of a picture and a seller's text."""
    groups = taxonomy.groups_of(prediction.category)
    said, seen = evidence.terms_before(stored_from_picture(prediction, measured), groups)
    return frozenset([*said, *seen])


def group_figures(
    stored: Sequence[Stored], samples: Sequence[Sample], taxonomy: Taxonomy
) -> dict[str, GroupFigures]:
    """Compute the figures of each group that any photo's category has, in taxonomy order."""
    figures = {}
    for name, group in taxonomy.groups.items():
        pairs = [
            ({term for term in terms if group_of(term) == name}, sample)
            for terms, sample in zip(stored, samples, strict=True)
        ]
        own = [terms for terms, sample in pairs if sample.category in group.categories]
        if own:
            figures[name] = _figures(name, group.categories, pairs, len(own), sum(map(bool, own)))
    return figures


def _figures(
    name: str,
    categories: frozenset[str],
    pairs: Sequence[tuple[set[str], Sample]],
    photos: int,
    covered: int,
) -> GroupFigures:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for terms, sample in pairs:
        if name in sample.known or sample.category not in categories:
            true = set(sample.terms.get(name, ()))
            right.update(terms & true)
            wrong.update(terms - true)
            missed.update(true - terms)
    said, true_terms = right.total() + wrong.total(), right.total() + missed.total()
    of_photos = {*right, *missed}
    f1 = [2 * right[t] / (2 * right[t] + wrong[t] + missed[t]) for t in sorted(of_photos)]
    return GroupFigures(
        photos=photos,
        labelled=sum(name in sample.known for _, sample in pairs),
        coverage=round(covered / photos, 4),
        precision=round(right.total() / said, 4) if said else None,
        recall=round(right.total() / true_terms, 4) if true_terms else None,
        micro_f1=round(2 * right.total() / (said + true_terms), 4) if said + true_terms else 0.0,
        macro_f1=round(sum(f1) / len(f1), 4) if f1 else 0.0,
    )
