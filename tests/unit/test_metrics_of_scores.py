"""Metrics of scores and of retrieval, on cases small enough to work out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from houndstooth.models.training.metrics import (
    average_precisions,
    mean_average_precision,
    mean_class_accuracy,
    micro_f1,
    top_k,
)


def test_micro_f1_counts_all_labels_together() -> None:
    truth = np.array([[1, 1, 0], [0, 0, 1]], bool)
    predicted = np.array([[1, 0, 0], [1, 0, 1]], bool)
    assert micro_f1(predicted, truth) == pytest.approx(2 * 2 / (3 + 3))
    assert micro_f1(np.zeros((2, 3), bool), np.zeros((2, 3), bool)) == 0.0


def test_a_true_class_is_among_the_first_k_and_a_tie_is_lost() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [1.0, 1.0, 0.0]])
    truth = np.array([0, 1, 0])
    assert top_k(scores, truth).tolist() == [True, False, False]
    assert top_k(scores, truth, 2).tolist() == [True, True, True]
    assert top_k(scores, truth, 5).all()


def test_every_class_counts_alike_in_mean_class_accuracy() -> None:
    truth = np.array([4, 4, 4, 7])
    assert mean_class_accuracy(np.array([True, True, False, False]), truth) == pytest.approx(1 / 3)


def test_average_precision_ranks_others_by_cosine_and_not_the_query() -> None:
    angles = np.radians([0, 10, 20, 90])
    features = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    features *= np.array([[1], [5], [2], [3]], np.float32)
    labels = np.array([[1, 0], [0, 1], [1, 0], [1, 1]], bool)
    # By image: which of the others share a label, from the nearest on.
    expected = [(1 / 2 + 2 / 3) / 2, 1 / 3, (1 / 2 + 2 / 3) / 2, 1.0]
    assert average_precisions(features, labels) == pytest.approx(expected)
    assert average_precisions(features, labels, depth=1) == pytest.approx([0, 0, 0, 1])
    assert mean_average_precision(features, labels, 1) == pytest.approx(0.25)
    assert math.isnan(mean_average_precision(features[:0], labels[:0]))
