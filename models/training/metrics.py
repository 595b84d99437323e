"""Metrics of recognised terms: precision, recall, accuracy, macro-averaged F1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np

Terms = Mapping[str, str]
"""One predicted term by group."""

TrueTerms = Mapping[str, Collection[str]]
"""All true terms by group; a predicted term is right if it is among them."""


def precision_recall(predicted: Sequence[Terms], known: Sequence[TrueTerms]) -> tuple[float, float]:
    """Compute mean precision and recall of the predicted terms of an image (paper, Table 2).

    Terms of groups without a label count in neither; an image without predictions has precision 0.
    """
    precisions, recalls = [], []
    for guess, truth in zip(predicted, known, strict=True):
        judged = {group: term for group, term in guess.items() if group in truth}
        right = sum(term in truth[group] for group, term in judged.items())
        precisions.append(right / max(len(judged), 1))
        recalls.append(right / max(sum(map(len, truth.values())), 1))
    return float(np.mean(precisions)), float(np.mean(recalls))


def group_scores(
    predicted: Sequence[Terms], known: Sequence[TrueTerms], groups: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Compute accuracy and macro-averaged F1 of each group, over the images with a label."""
    scores = {}
    for group in groups:
        truth = [terms[group] for terms in known if group in terms]
        guess = [f.get(group, "") for f, t in zip(predicted, known, strict=True) if group in t]
        if truth:
            macro = macro_f1(guess, truth)
            accuracy = np.mean([a in b for a, b in zip(guess, truth, strict=True)])
            scores[group] = {"accuracy": round(float(accuracy), 4), "macro_f1": round(macro, 4)}
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
