"""Metrics of recognised terms, where an item has one true term of a group or several."""

from __future__ import annotations

import pytest

from houndstooth.models.training.metrics import (
    group_scores,
    macro_f1,
    precision_recall,
    term_precision,
)

RED, BLUE, GREEN = "colour:red", "colour:blue", "colour:green"


def test_a_term_is_right_if_it_is_among_the_true_ones() -> None:
    known = [{"colour": (RED, BLUE)}, {"colour": (GREEN,)}]
    predicted = [{"colour": BLUE}, {"colour": RED}]
    assert precision_recall(predicted, known) == (0.5, 0.25)
    scores = group_scores(predicted, known, ["colour"])["colour"]
    # Red is once missed and once wrong, blue right, green missed.
    assert scores == {
        "accuracy": 0.5,
        "mean_class_accuracy": 0.5,
        "macro_f1": pytest.approx(1 / 3, abs=1e-4),
    }


def test_one_true_term_each_is_the_usual_f1() -> None:
    predicted, truth = [RED, RED, BLUE, ""], [(RED,), (BLUE,), (BLUE,), (GREEN,)]
    assert macro_f1(predicted, truth) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)


def test_the_best_images_of_a_term_may_show_another_too() -> None:
    probabilities = [{RED: 0.9}, {RED: 0.8, BLUE: 0.1}, {RED: 0.1, BLUE: 0.7}]
    truth = [(RED, BLUE), (BLUE,), (RED,)]
    assert term_precision(probabilities, truth, depth=2) == pytest.approx((0.5 + 0.5) / 2)
