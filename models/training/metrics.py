"""How good recognised terms are; see each function for what is meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import f1_score

Terms = Mapping[str, str]


def precision_recall(found: Sequence[Terms], known: Sequence[Terms]) -> tuple[float, float]:
    """Mean over images of the precision and the recall of the found terms (paper, Table 2).

    Terms of groups of which nothing is known count in neither; an image for which nothing was
    found has precision 0.
    """
    precisions, recalls = [], []
    for guess, truth in zip(found, known, strict=True):
        judged = {group: term for group, term in guess.items() if group in truth}
        right = sum(truth[group] == term for group, term in judged.items())
        precisions.append(right / max(len(judged), 1))
        recalls.append(right / max(len(truth), 1))
    return float(np.mean(precisions)), float(np.mean(recalls))


def group_scores(
    found: Sequence[Terms], known: Sequence[Terms], groups: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Accuracy and macro-averaged F1 of each group, over the images whose term is known."""
    scores = {}
    for group in groups:
        truth = [terms[group] for terms in known if group in terms]
        guess = [f.get(group, "") for f, t in zip(found, known, strict=True) if group in t]
        if truth:
            labels = sorted(set(truth))
            macro = f1_score(truth, guess, labels=labels, average="macro", zero_division=0)
            accuracy = np.mean([a == b for a, b in zip(guess, truth, strict=True)])
            scores[group] = {"accuracy": round(float(accuracy), 4), "macro_f1": round(macro, 4)}
    return scores


def term_precision(
    likely: Sequence[Mapping[str, float]], truth: Sequence[str], depth: int = 10
) -> float:
    """Rank all images by a term's probability; precision of the first ``depth``.

    Averaged over the terms that ``depth`` or more images have. Ties keep the images' order.
    """
    found = []
    for term, count in Counter(truth).items():
        if count >= depth:
            scores = np.array([guesses.get(term, 0.0) for guesses in likely])
            best = np.argsort(-scores, kind="stable")[:depth]
            found.append(np.mean([truth[i] == term for i in best]))
    return float(np.mean(found)) if found else float("nan")
