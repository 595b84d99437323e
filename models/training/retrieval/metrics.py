"""Metrics of one query's ranking, and the mean of many with its standard error.

A ranking is bool [n]: whether the picture at each rank is right, nearest first, over the whole
gallery. So all that are right are in it, and there is at least one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ranking = NDArray[np.bool_]
Metric = Callable[[Ranking], float]


@dataclass(frozen=True)
class Estimate:
    """A mean over queries.

    Attributes:
        value: the mean.
        error: its standard error; None for fewer than two clusters.
    """

    value: float
    error: float | None


def recall_at(k: int) -> Metric:
    """Make recall@k as retrieval papers use it: 1 if any of the first k is right, else 0.

    DeepFashion (Liu et al., CVPR 2016) and Street2Shop (Kiapour et al., ICCV 2015) call it top-k
    retrieval accuracy.
    """

    def recall(ranking: Ranking) -> float:
        return float(ranking[:k].any())

    return recall


def trapezoid_average_precision(ranking: Ranking) -> float:
    """Compute the area under the precision-recall curve by trapezoids.

    It is what INRIA's script for Holidays computes (Jégou et al., ECCV 2008): each right picture
    adds the mean of the precisions before and at its rank, which is less than the precision at
    its rank where a wrong one comes before.
    """
    ranks = np.flatnonzero(ranking)
    found = np.arange(len(ranks))
    before = np.where(ranks > 0, found / np.maximum(ranks, 1), 1.0)
    at = (found + 1) / (ranks + 1)
    return float((before + at).mean() / 2)


def n_s_score(ranking: Ranking) -> float:
    """Count the right ones among the first four (Nistér and Stewénius, CVPR 2006)."""
    return float(ranking[:4].sum())


def estimate(scores: NDArray[np.float64], clusters: Sequence[str]) -> Estimate:
    """Estimate a mean and its standard error from scores that depend within clusters.

    Several queries show one item, and are found or missed together. The error is the
    cluster-robust one, √(G / (G − 1) · Σ_g (Σ_{i in g} (x_i − mean))²) / n for G clusters. If each
    query is its own cluster, that is the sample's standard deviation / √n.

    Args:
        scores: float64 [n], n at least 1.
        clusters: n names.
    """
    mean = float(scores.mean())
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    if len(names) < 2:
        return Estimate(mean, None)
    residuals = np.bincount(place, weights=scores - mean)
    variance = len(names) / (len(names) - 1) * np.square(residuals).sum()
    return Estimate(mean, float(np.sqrt(variance) / len(scores)))
