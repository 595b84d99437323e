"""Thresholds of classes that together give the best micro-averaged F1.

Cyclic optimisation: one class's threshold at a time, the others fixed, until none gets better (Fan
and Lin 2007; "Wide, Deep, and Recurrent", section 4.4). A class is searched exactly: all thresholds
that part its photos differently are tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEVER = float("inf")
"""The threshold of a class that is never predicted."""


@dataclass(frozen=True)
class _Cuts:
    """The thresholds of one class that part its photos differently, highest first.

    Attributes:
        thresholds: float64 [k]; the first is NEVER.
        right, wrong: photos at or above each threshold that have the class, and that have not.
        positives: photos that have it.
    """

    thresholds: NDArray[np.float64]
    right: NDArray[np.int64]
    wrong: NDArray[np.int64]
    positives: int

    @classmethod
    def of(
        cls,
        probabilities: NDArray[np.floating],
        truth: NDArray[np.uint8],
        least_precision: float,
        least_photos: int,
    ) -> _Cuts:
        order = np.argsort(-probabilities, kind="stable")
        p, hits = probabilities[order].astype(np.float64), truth[order].astype(np.int64)
        # Photos of one probability are parted by no threshold.
        last = np.flatnonzero(np.append(p[1:] != p[:-1], True)) if len(p) else np.zeros(0, int)
        right, predicted = np.cumsum(hits)[last], last + 1
        below = np.append(p[last[1:]], 0.0)
        between = (p[last] + below) / 2
        thresholds = np.where(between > below, between, p[last])
        usable = (predicted >= least_photos) & (right >= least_precision * predicted)
        return cls(
            np.append(NEVER, thresholds[usable]),
            np.append(0, right[usable]),
            np.append(0, (predicted - right)[usable]),
            int(hits.sum()),
        )


def select_thresholds(
    probabilities: NDArray[np.floating],
    truth: NDArray[np.uint8],
    known: NDArray[np.bool_],
    *,
    least_precision: float = 0.0,
    least_photos: int = 1,
) -> NDArray[np.float64]:
    """Select a threshold for each class; it is predicted where its probability is at least that.

    Thresholds lie half-way between two photos' probabilities, the lowest half-way to 0.

    Args:
        probabilities: [n, classes].
        truth: [n, classes], 1 where a photo has the class.
        known: [n, classes], where the truth is known; other photos count in nothing.
        least_precision: only thresholds are tried that a class has at least this precision at.
        least_photos: and at which at least as many photos are predicted to have it.

    Returns:
        float64 [classes]; NEVER for a class that no threshold makes better.
    """
    cuts = [
        _Cuts.of(
            probabilities[known[:, each], each],
            truth[known[:, each], each],
            least_precision,
            least_photos,
        )
        for each in range(probabilities.shape[1])
    ]
    positives = sum(each.positives for each in cuts)
    # Each class begins at its own best F1.
    chosen = [int(_f1(each.right, each.wrong, each.positives).argmax()) for each in cuts]
    right = sum(int(each.right[at]) for each, at in zip(cuts, chosen, strict=True))
    wrong = sum(int(each.wrong[at]) for each, at in zip(cuts, chosen, strict=True))
    better = True
    while better:
        better = False
        for number, each in enumerate(cuts):
            now = chosen[number]
            rights = right - each.right[now] + each.right
            wrongs = wrong - each.wrong[now] + each.wrong
            scores = _f1(rights, wrongs, positives)
            best = int(scores.argmax())
            if scores[best] > scores[now] + 1e-12:
                chosen[number], better = best, True
                right, wrong = int(rights[best]), int(wrongs[best])
    return np.array([each.thresholds[at] for each, at in zip(cuts, chosen, strict=True)])


def _f1(right: NDArray[np.int64], wrong: NDArray[np.int64], positives: int) -> NDArray[np.float64]:
    """2 tp / (2 tp + fp + fn); 0 where nothing is predicted and nothing is true."""
    return np.asarray(2 * right / np.maximum(right + wrong + positives, 1))
