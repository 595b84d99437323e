"""A term is stored from a picture only where labelled photos show it nine times in ten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

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
        stored = shown.facts(measured)
        share = shown.true[stored].mean()
        term = measured["sleeve:long"]
        assert share >= LEAST_PRECISION
        assert stored.sum() == term.photos >= LEAST_PHOTOS
        assert round(float(share), 4) == term.precision
