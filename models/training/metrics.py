"""Metrics of recognised terms, by name or by score, and of retrieval by features."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Terms = Mapping[str, str]
"""One predicted term by group."""

TrueTerms = Mapping[str, Sequence[str]]
"""All true terms by group, the deciding one first; a predicted one is right if it is among them."""


def precision_recall(predicted: Sequence[Terms], known: Sequence[TrueTerms]) -> tuple[float, float]:
    """Compute mean precision and recall of the predicted terms of an image (paper, Table 2).

    Terms of groups without a label count in neither; an image without predictions has precision 0.
    """
    of_images = [
        image_precision_recall({group: (term,) for group, term in guess.items()}, truth)
        for guess, truth in zip(predicted, known, strict=True)
    ]
    precision, recall = np.mean(of_images, axis=0)
    return float(precision), float(recall)


def image_precision_recall(
    predicted: Mapping[str, Collection[str]], known: TrueTerms
) -> tuple[float, float]:
    """Compute both for the predicted terms of one image, by group; see ``precision_recall``."""
    judged = [(group, term) for group in predicted if group in known for term in predicted[group]]
    right = sum(term in known[group] for group, term in judged)
    return right / max(len(judged), 1), right / max(sum(map(len, known.values())), 1)


def group_scores(
    predicted: Sequence[Terms], known: Sequence[TrueTerms], groups: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Compute accuracy, its mean over terms, and macro-averaged F1 of each group.

    Images with a label count; one with several terms belongs to the first.
    """
    scores = {}
    for group in groups:
        truth = [terms[group] for terms in known if group in terms]
        guess = [f.get(group, "") for f, t in zip(predicted, known, strict=True) if group in t]
        if truth:
            macro = macro_f1(guess, truth)
            right = np.array([a in b for a, b in zip(guess, truth, strict=True)])
            terms = {term: at for at, term in enumerate(sorted({t[0] for t in truth}))}
            first = np.array([terms[t[0]] for t in truth])
            scores[group] = {
                "accuracy": round(float(right.mean()), 4),
                "mean_class_accuracy": round(mean_class_accuracy(right, first), 4),
                "macro_f1": round(macro, 4),
            }
    return scores


def macro_f1(predicted: Sequence[str], truth: Sequence[Collection[str]]) -> float:
    """Average the F1 score over the terms that any image has; predicted ones alone do not count."""
    true, guessed = Counter(term for terms in truth for term in terms), Counter(predicted)
    right = Counter(p for p, terms in zip(predicted, truth, strict=True) if p in terms)
    return float(np.mean([2 * right[t] / (true[t] + guessed[t]) for t in sorted(true)]))


def term_precision(
    probabilities: Sequence[Mapping[str, float]], truth: Sequence[Collection[str]], depth: int = 10
) -> float:
    """Compute the precision of the first ``depth`` images by a term's probability.

    It is averaged over the terms that ``depth`` or more images have. Ties keep the images' order.
    """
    precisions = []
    for term, count in Counter(t for terms in truth for t in terms).items():
        if count >= depth:
            scores = np.array([guesses.get(term, 0.0) for guesses in probabilities])
            best = np.argsort(-scores, kind="stable")[:depth]
            precisions.append(np.mean([term in truth[i] for i in best]))
    return float(np.mean(precisions)) if precisions else float("nan")


def micro_f1(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Compute the F1 of all labels of all images together.

    Args:
        predicted, truth: bool of one shape; leave out what is not known beforehand.
    """
    right = np.count_nonzero(predicted & truth)
    total = np.count_nonzero(predicted) + np.count_nonzero(truth)
    return 2 * right / total if total else 0.0


def top_k(scores: NDArray[np.floating], truth: NDArray[np.int64], k: int = 1) -> NDArray[np.bool_]:
    """Tell whether each image's true class is among its ``k`` highest scores: bool [n].

    A tie counts as lost.

    Args:
        scores: [n, classes].
        truth: int64 [n].
    """
    own = scores[np.arange(len(truth)), truth]
    return np.asarray((scores >= own[:, None]).sum(axis=1) <= k)


def mean_class_accuracy(right: NDArray[np.bool_], truth: NDArray[np.int64]) -> float:
    """Average the accuracy of each class that any image has: MACC beside ACC.

    Args:
        right: whether each image is recognised, bool [n].
        truth: its class, int64 [n].
    """
    classes, index = np.unique(truth, return_inverse=True)
    by_class = np.bincount(index, right, len(classes)) / np.bincount(index, minlength=len(classes))
    return float(by_class.mean())


def average_precisions(
    features: NDArray[np.float32], labels: NDArray[np.bool_], depth: int = 50
) -> NDArray[np.float64]:
    """Compute each image's average precision as a query to the others (multi-weight, Eq. 10).

    Others are ranked by the cosine of their features. They are relevant where they share a label.
    The sum is divided by the relevant images among the first ``depth``: 0 where there is none.

    Args:
        features: [n, d].
        labels: [n, classes]; images without any label belong neither to queries nor to the gallery.

    Returns:
        [n].
    """
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -np.inf)
    order = np.argsort(-cosine, axis=1, kind="stable")[:, : min(depth, len(features) - 1)]
    shared = labels.astype(np.float32) @ labels.T.astype(np.float32) > 0
    relevant = np.take_along_axis(shared, order, axis=1)
    precision = np.cumsum(relevant, axis=1) / np.arange(1, relevant.shape[1] + 1)
    found = relevant.sum(axis=1)
    return np.asarray((precision * relevant).sum(axis=1) / np.maximum(found, 1))


def mean_average_precision(
    features: NDArray[np.float32], labels: NDArray[np.bool_], depth: int = 50
) -> float:
    """Average ``average_precisions`` over the images; not a number where there is none."""
    return float(average_precisions(features, labels, depth).mean()) if len(features) else math.nan
