"""Tables and figures of the Wide, Deep and Recurrent paper (Xiong and Wang 2018), on our photos."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from houndstooth.models.recognition.grammar import CATEGORY
from houndstooth.models.training.metrics import micro_f1
from houndstooth.models.training.papers.pictures import draw_by_frequency, draw_saliency
from houndstooth.models.training.papers.rows import Row
from houndstooth.models.training.papers.runs import Paper, Results, Run
from houndstooth.models.training.papers.scores import Scored
from houndstooth.models.training.papers.tables import NONE, Metric, estimate, table
from houndstooth.models.training.thresholds import select_thresholds

GRID = np.arange(0.01, 1.0, 0.01)
"""Common thresholds that are tried."""

NAME = "wide-deep-recurrent"
FIXED, HALF, TUNED, WEIGHTED, WIDE, RECURRENT, SEPARATE = (
    f"{NAME}-{part}"
    for part in ("fixed", "half", "tuned", "weighted", "wide", "recurrent", "separate")
)
ROWS = (
    *(Row(name, name) for name in (FIXED, HALF, TUNED, WEIGHTED)),
    *(Row(name, name, after=WEIGHTED) for name in (WIDE, RECURRENT, NAME, SEPARATE)),
)
ENSEMBLE = (WEIGHTED, WIDE, RECURRENT, NAME)

TABLE_1 = (
    ("Deep (fixed all)", (FIXED,), False, (0.511, 0.512)),
    ("Deep (fixed half)", (HALF,), False, (0.520, 0.516)),
    ("Deep (tuned)", (TUNED,), False, (0.610, 0.609)),
    ("Deep + weighted sampling", (WEIGHTED,), False, (0.612, 0.610)),
    ("Deep (tuned) + wide", (WIDE,), False, (0.615, 0.613)),
    ("Deep (tuned) + recurrent", (RECURRENT,), False, (0.618, 0.615)),
    ("Deep (tuned) + wide + recurrent", (NAME,), False, (0.620, 0.616)),
    ("the same, labels separate (4.3.2)", (SEPARATE,), False, None),
    ("Deep (tuned) + wide + recurrent *", (NAME,), True, (0.648, 0.643)),
    ("Ensemble", ENSEMBLE, False, (0.642, 0.640)),
    ("Ensemble *", ENSEMBLE, True, (0.661, 0.656)),
)
"""Model, the rows whose probabilities are averaged, whether by label, the paper's F1."""


def probabilities(parts: Sequence[Scored]) -> NDArray[np.float32]:
    """Average the probabilities of several networks, [n, labels]."""
    each = [1 / (1 + np.exp(-part.scores.astype(np.float64))) for part in parts]
    return np.asarray(reduce(np.add, each) / len(each), dtype=np.float32)


def common_threshold(p: NDArray[np.float32], photos: Scored) -> NDArray[np.float64]:
    """Choose the one threshold of all labels with the best micro F1: float64 [labels]."""
    truth = photos.multi_hot.astype(bool)
    known = photos.known
    scores = [micro_f1((p >= threshold) & known, truth & known) for threshold in GRID]
    return np.full(p.shape[1], GRID[int(np.argmax(scores))])


def _f1(p: NDArray[np.float32], photos: Scored, thresholds: NDArray[np.float64]) -> Metric:
    predicted = (p >= thresholds) & photos.known
    truth = photos.multi_hot.astype(bool) & photos.known
    return lambda rows: micro_f1(predicted[rows], truth[rows])


def _by_seed(results: Results, names: Sequence[str]) -> list[list[Run]]:
    """List the runs of some rows together, for each seed that all of them have."""
    by_seed = [{run.facts["seed"]: run for run in results.of(name)} for name in names]
    seeds = sorted(set.intersection(*(set(runs) for runs in by_seed)))
    return [[runs[seed] for runs in by_seed] for seed in seeds]


def _table_1(results: Results) -> str:
    rows = []
    for title, names, by_label, paper in TABLE_1:
        f1: dict[str, list[Metric]] = {"validation": [], "test": []}
        photos, common = [0, 0], []
        for runs in _by_seed(results, names):
            parts = [run.validation for run in runs], [run.test for run in runs]
            validation, test = parts[0][0], parts[1][0]
            p, tested = (probabilities(part) for part in parts)
            thresholds = common_threshold(p, validation)
            common.append(f"{thresholds[0]:.2f}")
            if by_label:
                thresholds = select_thresholds(p, validation.multi_hot, validation.known)
            f1["validation"].append(_f1(p, validation, thresholds))
            f1["test"].append(_f1(tested, test, thresholds))
            photos = [len(p), len(tested)]
        cells = [estimate(of, n) for of, n in zip(f1.values(), photos, strict=True)]
        threshold = "by label" if by_label else ", ".join(common) or NONE
        printed = [f"{value:.3f}" for value in paper] if paper else [NONE, NONE]
        rows.append([title, *cells, threshold, *printed, _speed_together(results, names)])
    header = [
        *("model", "F1, validation", "F1, test", "threshold"),
        *("the paper's validation", "test", "images/s"),
    ]
    return table(header, rows)


def _speed_together(results: Results, names: Sequence[str]) -> str:
    """Write the images/s of several networks one after the other."""
    speeds = [results.speed(name) for name in names]
    if NONE in speeds:
        return NONE
    return f"{1 / sum(1 / max(float(speed), 1e-9) for speed in speeds):.0f}"


def _figures_10_and_11(results: Results, run: Run) -> str:
    """Draw precision, recall and F1 of each label by its frequency, on the test photos."""
    p = probabilities([run.test])
    thresholds = common_threshold(probabilities([run.validation]), run.validation)
    predicted = (p >= thresholds) & run.test.known
    truth = run.test.multi_hot.astype(bool) & run.test.known
    right, said, true = (part.sum(axis=0) for part in (predicted & truth, predicted, truth))
    figures = {
        "F1": 2 * right / np.maximum(said + true, 1),
        "precision": right / np.maximum(said, 1),
        "recall": right / np.maximum(true, 1),
    }
    picture, link = results.picture("wide-deep-recurrent-labels.png", "F1 by label frequency")
    draw_by_frequency(true, figures, picture)
    return f"Figures 10 and 11, {run.facts['row']} at the common threshold, test photos.\n\n{link}"


def _figure_12(results: Results, run: Run) -> str:
    """Draw what a network looks at for likely terms of several groups."""
    heads = run.facts["heads"]
    mean = probabilities([run.test]).mean(axis=0)
    slices = run.test.vocabulary.slices()
    terms = [
        (head, heads[head][int(mean[slices[head]].argmax())])
        for head in (CATEGORY, "colour", "gender", "pattern", "sleeve", "collar", "usage")
        if head in heads
    ]
    picture, link = results.picture("wide-deep-recurrent-saliency.png", "Saliency maps")
    draw_saliency(run.stem, results.drawn, terms, picture)
    return f"Figure 12, saliency maps of drawn images, {run.facts['row']}.\n\n{link}"


def report(results: Results) -> str:
    """Write Table 1 and Figures 10 to 12."""
    parts = [
        "Table 1, micro F1 of the labels that are known. The threshold, or one by label (*), is "
        "chosen on the validation photos, as in the paper; so the F1 there flatters, most of all "
        "where there is one by label.",
        _table_1(results),
    ]
    if runs := results.of(NAME) or results.of(WEIGHTED):
        parts.append(_figures_10_and_11(results, runs[0]))
    # Wide features have no gradient where a pixel is white.
    if results.drawn and (runs := results.of(RECURRENT) or results.of(WEIGHTED)):
        parts.append(_figure_12(results, runs[0]))
    return "\n\n".join(parts)


PAPER = Paper(NAME, "Wide, deep and recurrent", ROWS, report)
