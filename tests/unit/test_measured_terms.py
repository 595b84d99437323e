"""A term is stored from a picture only where labelled photos show it nine times in ten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.training.measured_terms import (
    LEAST_PHOTOS,
    LEAST_PRECISION,
    JudgedTerms,
    measure_terms,
)
from houndstooth.models.training.samples import Sample

TAXONOMY = Taxonomy.load()


def judged(probabilities: list[float], true: list[bool]) -> JudgedTerms:
    column = np.array(probabilities)[:, None]
    truth = np.array(true)[:, None]
    return JudgedTerms(("sleeve:long",), column, truth, np.ones_like(truth))


def test_the_lowest_threshold_that_is_right_often_enough_is_chosen() -> None:
    sure, doubtful, wrong = [0.9] * 60, [0.6] * 20, [0.3] * 40
    found = measure_terms(
        judged(
            [*sure, *doubtful, *wrong], [*[True] * 58, *[False] * 2, *[True] * 20, *[False] * 40]
        )
    )["sleeve:long"]
    assert (found.threshold, found.photos) == (0.6, 80)
    assert found.precision == 0.975


def test_a_term_that_is_wrong_too_often_is_left_out() -> None:
    assert not measure_terms(judged([0.9] * 100, [*[True] * 85, *[False] * 15]))


def test_a_few_photos_say_too_little() -> None:
    assert not measure_terms(judged([0.9] * (LEAST_PHOTOS - 1), [True] * (LEAST_PHOTOS - 1)))


def test_a_term_that_is_more_likely_wrong_is_not_stored_whatever_the_others_are() -> None:
    found = measure_terms(judged([*[0.9] * 90, *[0.2] * 5], [True] * 95))["sleeve:long"]
    assert (found.threshold, found.photos) == (0.9, 90)


def test_cross_fitted_photos_count_as_much() -> None:
    few = judged([0.9] * 5, [True] * 5)
    assert not measure_terms(few)
    found = measure_terms(few, judged([0.8] * 60, [True] * 60))["sleeve:long"]
    assert (found.threshold, found.photos) == (0.8, 65)


def test_photos_held_back_have_a_say_of_their_own() -> None:
    held_back = judged([*[0.9] * 10, *[0.7] * 10], [*[True] * 10, *[False] * 10])
    others = judged([0.7] * 500, [True] * 500)
    found = measure_terms(held_back, others)["sleeve:long"]
    assert found.threshold == 0.9, "they are right at 0.9, and wrong at 0.7"


def test_a_threshold_is_not_below_the_one_that_is_given() -> None:
    whole = judged([*[0.9] * 40, *[0.6] * 40], [True] * 80)
    assert measure_terms(whole, least={"sleeve:long": 0.8})["sleeve:long"].photos == 40


def test_predictions_are_read_as_they_were_written(tmp_path: Path) -> None:
    whole = judged([0.9, 0.25], [True, False])
    whole.write(tmp_path / "some.npz")
    again = JudgedTerms.read(tmp_path / "some.npz")
    assert again.terms == whole.terms
    assert (again.probabilities == whole.probabilities).all() and (again.true == whole.true).all()
    with pytest.raises(InvalidConfig, match="expected cross-fitted predictions at"):
        JudgedTerms.read(tmp_path / "none.npz")


def test_unknown_photos_do_not_count() -> None:
    whole = judged([0.9] * 80, [*[True] * 40, *[False] * 40])
    known = np.array([*[True] * 40, *[False] * 40])[:, None]
    measured = measure_terms(JudgedTerms(whole.terms, whole.probabilities, whole.true, known))
    assert measured["sleeve:long"].photos == 40


def test_a_term_of_a_group_that_the_item_lacks_is_wrong() -> None:
    watch = Sample(Path("w.jpg"), "watch", {}, frozenset(), "w", "test")
    seen = Prediction({"shirt": 1.0}, "shirt", False, {"sleeve": {"sleeve:long": 0.9}})
    found = JudgedTerms.of([seen], [watch], TAXONOMY)
    at = found.terms.index("sleeve:long")
    assert found.known[0, at] and not found.true[0, at]
    assert not found.known[0, found.terms.index("display:digital")]


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=120))
def test_what_is_stored_is_right_nine_times_in_ten(photos: list[tuple[int, bool]]) -> None:
    shown = judged([p / 20 for p, _ in photos], [true for _, true in photos])
    measured = measure_terms(shown) if photos else {}
    if measured:
        term = measured["sleeve:long"]
        stored = shown.probabilities >= term.threshold
        share = shown.true[stored].mean()
        assert share >= LEAST_PRECISION
        assert stored.sum() == term.photos >= LEAST_PHOTOS
        assert round(float(share), 4) == term.precision
