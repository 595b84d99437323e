"""Calibration: a temperature for each head, fitted on validation photos (Guo et al. 2017)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from houndstooth.models.training.vocabulary import Vocabulary

TEMPERATURES = np.exp(np.linspace(np.log(0.3), np.log(3.0), 60))


def fit_temperatures(
    logits: NDArray[np.float32], labels: NDArray[np.int64], vocabulary: Vocabulary
) -> dict[str, float]:
    """Fit the temperature of each head by maximum likelihood; 1 where few labels are known."""
    temperatures = {}
    for column, (head, where) in enumerate(vocabulary.slices().items()):
        known = labels[:, column] >= 0
        if known.sum() < 30:
            temperatures[head] = 1.0
            continue
        scores, truth = logits[known][:, where], labels[known, column]
        losses = [negative_log_likelihood(scores / t, truth) for t in TEMPERATURES]
        temperatures[head] = round(float(TEMPERATURES[int(np.argmin(losses))]), 4)
    return temperatures


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the softmax along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def negative_log_likelihood(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """Compute the mean over rows, in nats."""
    chosen = softmax(logits)[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, 1e-9)).mean())


def expected_calibration_error(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Compute the mean gap of confidence and accuracy over equal bins (Guo et al. 2017)."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = 0.0
    for index in range(bins):
        inside = which == index
        if inside.any():
            gaps += float(inside.mean()) * abs(
                float(confidence[inside].mean()) - float(right[inside].mean())
            )
    return gaps
