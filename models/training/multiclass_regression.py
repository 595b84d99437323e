"""Refines categories by all layers' scores (Structure-Aware paper, section 3.3).

Scores of several networks, each for one layer of the hierarchy, stand side by side. A multinomial
logistic regression learns from them what a layer's category is: a photo whose root is surely shoes
is no shirt. The scores are logits, which are not normalised, as in the paper.

Two points where the paper is open:

- Equation 2 normalises each category over its own related ones. Numbers that are normalised over
  different sets cannot be ranked against each other, so here the sum is over the whole layer.
- A category always counts among its own related ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from houndstooth.models.training.calibrate import softmax

RELATED = 3
"""The paper's K."""


@dataclass(frozen=True)
class MulticlassRegression:
    """A fitted regression of one layer.

    Attributes:
        weights: float64 [categories, scores]; 0 where a score is not related to a category.
    """

    weights: NDArray[np.float64]

    def probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute the refined probability of each category, [n, categories].

        Args:
            scores: of all networks side by side, [n, scores], not normalised.
        """
        return softmax((scores @ self.weights.T).astype(np.float32))


def fit_regression(
    scores: NDArray[np.float32],
    truth: NDArray[np.int64],
    own: Sequence[int],
    always: Sequence[int] = (),
    l2: float = 1.0,
) -> MulticlassRegression:
    """Fit the regression of one layer: on all scores, then on each category's related ones.

    The photos must be such that the scored networks did not train on.

    Args:
        scores: of all networks side by side, [n, scores], not normalised.
        truth: the layer's category of each photo, int64 [n].
        own: which score is each category's own.
        always: scores that every category is related to: those of the layers above.
        l2: how much the squared weights count beside the loss, which is a sum over photos.
    """
    every = np.ones((len(own), scores.shape[1]), dtype=bool)
    first = _fit(scores, truth, every, l2)
    return MulticlassRegression(_fit(scores, truth, related(first, own, always), l2))


def related(
    weights: NDArray[np.float64], own: Sequence[int], always: Sequence[int]
) -> NDArray[np.bool_]:
    """Mark the scores that each category is related to, bool [categories, scores].

    These are those that always are, and the RELATED categories of its layer, itself among them,
    whose weights are the largest in absolute value.
    """
    mask = np.zeros(weights.shape, dtype=bool)
    layer = np.asarray(own)
    for category, column in enumerate(own):
        size = np.abs(weights[category, layer])
        size[category] = np.inf
        mask[category, layer[np.argsort(-size, kind="stable")[:RELATED]]] = True
        mask[category, column] = True
    mask[:, list(always)] = True
    return mask


def _fit(
    scores: NDArray[np.float32], truth: NDArray[np.int64], mask: NDArray[np.bool_], l2: float
) -> NDArray[np.float64]:
    """Minimise equation 3 of one layer over the weights within the mask, by L-BFGS."""
    x = scores.astype(np.float64)
    rows = np.arange(len(truth))

    def loss(free: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = np.zeros(mask.shape)
        weights[mask] = free
        logits = x @ weights.T
        logits -= logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        residual = np.exp(log_p)
        residual[rows, truth] -= 1
        gradient = (residual.T @ x)[mask] + 2 * l2 * free
        return float(-log_p[rows, truth].sum() + l2 * (free**2).sum()), gradient

    found = minimize(loss, np.zeros(int(mask.sum())), jac=True, method="L-BFGS-B")
    weights = np.zeros(mask.shape)
    weights[mask] = found.x
    return weights
