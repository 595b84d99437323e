"""Calibration: a temperature for each head, fitted on validation photos (Guo et al. 2017)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from houndstooth.models.training.vocabulary import UNKNOWN, Vocabulary

TEMPERATURES = np.exp(np.linspace(np.log(0.3), np.log(3.0), 60))


class Labelled(Protocol):
    """Labels of images: ``labels`` int64 [n, heads], and ``multi_hot`` uint8 [n, classes]."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """See Vocabulary.labels."""

    @property
    def multi_hot(self) -> NDArray[np.uint8]:
        """See Vocabulary.multi_hot."""


def fit_temperatures(
    logits: NDArray[np.float32],
    data: Labelled,
    vocabulary: Vocabulary,
    activation: str = "softmax",
) -> dict[str, float]:
    """Fit the temperature of each head by maximum likelihood; 1 where few labels are known.

    Args:
        logits: [n, classes].
        activation: ``softmax`` or ``sigmoid``, see Objective.
    """
    temperatures = {}
    for head in vocabulary.heads:
        known = known_rows(data, vocabulary, head, activation)
        if len(known) < 30:
            temperatures[head] = 1.0
            continue
        losses = [head_loss(logits / t, data, vocabulary, head, activation) for t in TEMPERATURES]
        temperatures[head] = round(float(TEMPERATURES[int(np.argmin(losses))]), 4)
    return temperatures


def known_rows(
    data: Labelled, vocabulary: Vocabulary, head: str, activation: str
) -> NDArray[np.int64]:
    """List the images of which a head's label can be learned.

    A softmax needs a true term; for sigmoids one that is known to be absent will do.
    """
    labels = data.labels[:, list(vocabulary.heads).index(head)]
    return np.flatnonzero(labels != UNKNOWN if activation == "sigmoid" else labels >= 0)


def head_loss(
    logits: NDArray[np.float32], data: Labelled, vocabulary: Vocabulary, head: str, activation: str
) -> float:
    """Compute a head's mean loss over the images whose label is known, in nats.

    It is the negative log-likelihood of the (first) true term, or with sigmoids the sum of the
    binary cross entropies of all terms.
    """
    known, where = known_rows(data, vocabulary, head, activation), vocabulary.slices()[head]
    if activation == "sigmoid":
        scores, truth = logits[known, where], data.multi_hot[known, where]
        return float((np.logaddexp(0, scores) - scores * truth).sum(axis=1).mean())
    labels = data.labels[known, list(vocabulary.heads).index(head)]
    return negative_log_likelihood(logits[known, where], labels)


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
