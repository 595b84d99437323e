"""Thresholds that maximise the micro F1, against a loop that tries everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from houndstooth.models.training import metrics
from houndstooth.models.training.thresholds import NEVER, select_thresholds

SEEDS = st.integers(0, 10_000)
Case = tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.bool_]]


def case(seed: int, n: int = 25, classes: int = 4) -> Case:
    """Probabilities with ties, that say something of the truth; some of it is unknown."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, classes)) < rng.uniform(0.05, 0.6, classes)).astype(np.uint8)
    probabilities = np.round((truth * 0.3 + rng.random((n, classes))) / 1.3, rng.integers(1, 4))
    return probabilities.astype(np.float32), truth, rng.random((n, classes)) < 0.8


def micro_f1(
    p: NDArray[np.float32],
    truth: NDArray[np.uint8],
    known: NDArray[np.bool_],
    thresholds: NDArray[np.float64],
) -> float:
    return metrics.micro_f1((p >= thresholds) & known, (truth > 0) & known)


def tried(column: int, p: NDArray[np.float32], known: NDArray[np.bool_]) -> list[float]:
    return [NEVER, *sorted({float(v) for v in p[known[:, column], column]}, reverse=True)]


def allowed(each: int, at: float, case: Case, precision: float, photos: int) -> bool:
    p, truth, known = case
    predicted = (p[:, each] >= at) & known[:, each]
    right = int((predicted & (truth[:, each] > 0)).sum())
    return at == NEVER or (predicted.sum() >= photos and right >= precision * predicted.sum())


def naive(case: Case, start: NDArray[np.float64], precision: float, photos: int) -> float:
    """Go on from some thresholds until none gets better: the micro F1 reached."""
    p, truth, known = case
    now, best = start.copy(), micro_f1(p, truth, known, start)
    better = True
    while better:
        better = False
        for each in range(p.shape[1]):
            for at in tried(each, p, known):
                if allowed(each, at, case, precision, photos):
                    one = now.copy()
                    one[each] = at
                    if (score := micro_f1(p, truth, known, one)) > best + 1e-12:
                        now, best, better = one, score, True
    return best


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.sampled_from([0.0, 0.5, 0.9]), st.sampled_from([1, 3]))
def test_no_single_threshold_can_be_bettered(seed: int, precision: float, photos: int) -> None:
    here = case(seed)
    found = select_thresholds(*here, least_precision=precision, least_photos=photos)
    assert naive(here, found, precision, photos) == pytest.approx(micro_f1(*here, found))
    assert all(allowed(each, at, here, precision, photos) for each, at in enumerate(found.tolist()))


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_one_class_alone_has_the_best_threshold_of_all(seed: int) -> None:
    p, truth, known = case(seed, classes=1)
    found = select_thresholds(p, truth, known)
    scores = [micro_f1(p, truth, known, np.array([at])) for at in tried(0, p, known)]
    assert micro_f1(p, truth, known, found) == pytest.approx(max(scores))


@given(SEEDS)
def test_what_is_unknown_changes_nothing(seed: int) -> None:
    p, truth, known = case(seed)
    other = np.where(known, truth, 1 - truth).astype(np.uint8)
    found = select_thresholds(p, truth, known)
    assert np.array_equal(found, select_thresholds(np.where(known, p, 0.5), other, known))


def test_a_class_that_is_never_right_is_never_predicted() -> None:
    p = np.array([[0.9, 0.9], [0.8, 0.8], [0.1, 0.7]], np.float32)
    truth = np.array([[1, 0], [1, 0], [0, 0]], np.uint8)
    found = select_thresholds(p, truth, np.ones((3, 2), bool))
    assert found.tolist() == [pytest.approx(0.45), NEVER]


def test_a_class_without_enough_precision_or_photos_is_never_predicted() -> None:
    p = np.linspace(1, 0.1, 10, dtype=np.float32)[:, None]
    truth = np.array([[1], [1], [0], [1], [0], [1], [0], [0], [0], [0]], np.uint8)
    known = np.ones((10, 1), bool)
    assert select_thresholds(p, truth, known)[0] == pytest.approx(0.45)
    assert select_thresholds(p, truth, known, least_precision=0.9)[0] == pytest.approx(0.85)
    never = select_thresholds(p, truth, known, least_precision=0.9, least_photos=3)
    assert never.tolist() == [NEVER]


def test_photos_without_classes_or_classes_without_photos_are_no_error() -> None:
    nothing = np.zeros((0, 2), np.float32), np.zeros((0, 2), np.uint8), np.zeros((0, 2), bool)
    assert select_thresholds(*nothing).tolist() == [NEVER, NEVER]
    assert micro_f1(*nothing, np.zeros(2)) == 0.0
