"""How true the terms are that would be stored of photos, by group."""

from __future__ import annotations

from pathlib import Path

from houndstooth.mappings.seller_text import TextEvidence
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.runtime.card import MeasuredTerm
from houndstooth.models.training.samples import Sample
from houndstooth.models.training.stored_terms import (
    group_figures,
    stored_from_picture,
    stored_with_text,
)

TAXONOMY = Taxonomy.load()
MEASURED = {
    "sleeve:long": MeasuredTerm(0.6, 0.95, 50),
    "pattern:striped": MeasuredTerm(0.5, 0.92, 40),
    "pattern:printed": MeasuredTerm(0.5, 0.91, 40),
}


def shirt(known: set[str], **terms: tuple[str, ...]) -> Sample:
    return Sample(Path("s.jpg"), "shirt", terms, frozenset({*known, *terms}), "s", "test")


def seen(**groups: dict[str, float]) -> Prediction:
    return Prediction({"shirt": 1.0}, "shirt", False, groups)


def test_terms_at_or_above_their_threshold_are_stored_both_of_a_group_too() -> None:
    prediction = seen(
        sleeve={"sleeve:long": 0.6, "sleeve:short": 0.9},
        pattern={"pattern:striped": 0.7, "pattern:printed": 0.55},
    )
    assert stored_from_picture(prediction, MEASURED) == {
        "sleeve:long",
        "pattern:striped",
        "pattern:printed",
    }


def test_the_text_replaces_what_the_picture_shows_of_a_group() -> None:
    prediction = seen(sleeve={"sleeve:long": 0.9}, pattern={"pattern:striped": 0.9})
    text = TextEvidence(
        frozenset({"shirt"}), "top", {"pattern": ("pattern:checked",), "heel": ("heel:high",)}
    )
    stored = stored_with_text(prediction, text, MEASURED, TAXONOMY)
    assert stored == {"sleeve:long", "pattern:checked"}


def test_figures_of_a_group() -> None:
    samples = [
        shirt(set(), sleeve=("sleeve:long",)),
        shirt(set(), sleeve=("sleeve:short",)),
        shirt({"sleeve"}),
        shirt(set()),
    ]
    stored = [{"sleeve:long"}, {"sleeve:long"}, set[str](), {"sleeve:long"}]
    found = group_figures([frozenset(terms) for terms in stored], samples, TAXONOMY)["sleeve"]
    assert (found.photos, found.labelled, found.coverage) == (4, 3, 0.75)
    assert (found.precision, found.recall) == (0.5, 0.5)
    assert (found.micro_f1, found.macro_f1) == (0.5, 0.3333)


def test_a_term_of_a_photo_whose_category_lacks_the_group_is_wrong() -> None:
    watch = Sample(Path("w.jpg"), "watch", {}, frozenset(), "w", "test")
    samples = [watch, shirt(set(), sleeve=("sleeve:long",))]
    found = group_figures([frozenset({"sleeve:long"})] * 2, samples, TAXONOMY)["sleeve"]
    assert (found.photos, found.precision) == (1, 0.5)


def test_nothing_stored_and_nothing_known_have_no_precision_and_no_recall() -> None:
    found = group_figures([frozenset()], [shirt(set())], TAXONOMY)["sleeve"]
    assert (found.precision, found.recall, found.micro_f1) == (None, None, 0.0)
