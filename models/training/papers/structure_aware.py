"""Tables of the Structure-Aware paper (Chen et al. 2019), on our photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.training.metrics import mean_class_accuracy, top_k
from houndstooth.models.training.multiclass_regression import fit_regression
from houndstooth.models.training.papers.pictures import draw_attention
from houndstooth.models.training.papers.rows import Change, Fold, Row, core, full
from houndstooth.models.training.papers.runs import Paper, Results, Run
from houndstooth.models.training.papers.scores import Scored
from houndstooth.models.training.papers.tables import NONE, Metric, estimate, mean_of, table

PHOTOS: dict[str, Change] = {"full": full, "core": core}
BASES: dict[str, dict[str, bool]] = {"b": {}, "ss": {"attention": True}}
"""Options of the encoder by the beginning of a method's name: basic, and salient-sensitive."""

FOLDS = 2
ATTRIBUTES = ("sleeve", "length", "silhouette", "colour", "pattern")
"""The paper's: sleeve length, pants length, shape, colour and pattern."""

METHODS = (
    *("bCNN", "ssCNN", "bCNN-MCR", "ssCNN-MCR"),
    *("bMTL-RL", "bMTL-CA", "ssMTL-RL", "ssMTL-CA"),
)
FIGURES = (
    ("ACC", 1, "full", (78.83, 79.38, 78.99, 79.07, 79.26, 79.23, 79.42, 79.25)),
    ("ACC", 1, "core", (79.11, 79.38, 79.17, 79.34, 79.42, 80.31, 79.58, 80.42)),
    ("ACC", 5, "full", (96.77, 97.22, 96.70, 96.67, 96.73, 96.83, 96.79, 96.79)),
    ("ACC", 5, "core", (97.05, 96.93, 96.99, 96.80, 96.99, 97.42, 96.92, 97.47)),
    ("MACC", 1, "full", (71.09, 71.58, 71.16, 71.59, 72.46, 72.02, 72.60, 72.12)),
    ("MACC", 1, "core", (60.94, 63.50, 61.56, 63.51, 63.39, 68.62, 63.63, 68.34)),
    ("MACC", 5, "full", (94.44, 94.44, 94.25, 94.27, 94.61, 94.66, 94.64, 94.65)),
    ("MACC", 5, "core", (90.49, 91.65, 89.54, 89.44, 91.28, 92.83, 91.71, 93.78)),
)
"""The paper's Table 1: figure, top how many, photos, per cent by method."""


PAPER_TABLE_2 = {
    "sleeve": "87.72, 80.39, 67.80",
    "length": "85.74, 80.34, 68.79",
    "silhouette": "57.27, 80.13, 68.28",
    "colour": "62.48, 80.31, 68.42",
    "pattern": "68.19, 80.20, 68.73",
    "all": "–, 80.42, 68.34",
}
"""The paper's: branA, branC and MACC-branC, per cent."""


def _rows() -> Iterator[Row]:
    """List what is trained: first what most tables need, the folds last."""
    recipes = {
        "cnn": "structure-aware-leaf",
        "cnn-root": "structure-aware-root",
        "mtl-rl": "structure-aware-categories",
        "mtl-ca": "structure-aware",
    }
    for name, photos in PHOTOS.items():
        for base, options in BASES.items():
            for method, recipe in recipes.items():
                yield Row(f"{name}-{base}{method}", recipe, {"encoder_options": options}, photos)
    for group in ATTRIBUTES:
        fields = {"network_options": {"tasks": ["leaf", group]}}
        yield Row(f"core-ssmtl-{group}", "structure-aware", fields, core)
    for name, photos in PHOTOS.items():
        for base, options in BASES.items():
            for method in ("cnn", "cnn-root"):
                for index in range(FOLDS):
                    yield Row(
                        f"{name}-{base}{method}-fold-{index}",
                        recipes[method],
                        {"encoder_options": options},
                        Fold(index, FOLDS, photos),
                    )


class Leaves(NamedTuple):
    """Scores [n, classes] and labels [n] of a head; a label below 0 is of no class."""

    scores: NDArray[np.float32]
    labels: NDArray[np.int64]

    def right(self, k: int = 1) -> NDArray[np.bool_]:
        """Tell whether each photo's true class is among the first k: bool [n]."""
        return top_k(self.scores, np.maximum(self.labels, 0), k) & (self.labels >= 0)

    def metric(self, name: str, k: int) -> Metric:
        """Return ACC or MACC of some photos."""
        right = self.right(k)
        if name == "ACC":
            return mean_of(right)
        return lambda rows: mean_class_accuracy(right[rows], self.labels[rows])


def _of_head(runs: Sequence[Run], head: str) -> list[Leaves]:
    """Take a head's scores of the test photos; of known labels alone, where it is an attribute."""
    found = []
    for run in runs:
        scores, labels = run.test.of(head)
        known = np.ones(len(labels), bool) if head in (CATEGORY, GREAT_CATEGORY) else labels >= 0
        found.append(Leaves(scores[known], labels[known]))
    return found


def refined(results: Results, name: str, base: str) -> list[Leaves]:
    """Refine the leaves of each seed whose networks and folds are all done."""
    methods = (f"{name}-{base}cnn-root", f"{name}-{base}cnn")
    by_seed = [{run.facts["seed"]: run for run in results.of(row)} for row in methods]
    folds = [
        [{r.facts["seed"]: r for r in results.of(f"{row}-fold-{i}")} for i in range(FOLDS)]
        for row in methods
    ]
    found = []
    for seed in sorted(set.intersection(*(set(runs) for runs in (*by_seed, *folds[0], *folds[1])))):
        root, leaf = (runs[seed].test for runs in by_seed)
        scores = [
            np.concatenate([_aligned(fold[seed], runs[seed], head) for fold in of_layer])
            for of_layer, runs, head in zip(folds, by_seed, (GREAT_CATEGORY, CATEGORY), strict=True)
        ]
        names = leaf.vocabulary.heads[CATEGORY]
        truth = np.concatenate([_labels_like(fold[seed].test, names) for fold in folds[1]])
        roots, known = scores[0].shape[1], truth >= 0
        own = range(roots, roots + len(names))
        side_by_side = np.concatenate(scores, axis=1)[known]
        fitted = fit_regression(side_by_side, truth[known], own, range(roots))
        of_root, of_leaf = root.of(GREAT_CATEGORY)[0], leaf.of(CATEGORY)
        tested = np.concatenate([of_root, of_leaf[0]], axis=1)
        found.append(Leaves(fitted.probabilities(tested), of_leaf[1]))
    return found


def _aligned(fold: Run, network: Run, head: str) -> NDArray[np.float32]:
    """Bring a fold's scores of its photos to the place and spread that the network's have.

    A network that trained on half of the photos is less sure, and of some classes least. What
    differs between the two on validation photos, by class, is taken off: mean and deviation.
    """
    before = _like(fold.validation, network.test, head)
    after, _ = network.validation.of(head)
    spread = after.std(axis=0) / np.maximum(before.std(axis=0), 1e-3)
    scores = _like(fold.test, network.test, head) - before.mean(axis=0)
    return np.asarray(scores * spread + after.mean(axis=0), dtype=np.float32)


def _like(fold: Scored, network: Scored, head: str) -> NDArray[np.float32]:
    """Put a fold's scores in the order of a network's terms; the lowest stands for one it lacks."""
    scores, own = fold.of(head)[0], fold.vocabulary.heads[head]
    lowest = scores.min(axis=1)
    columns = [
        scores[:, own.index(term)] if term in own else lowest
        for term in network.vocabulary.heads[head]
    ]
    return np.stack(columns, axis=1)


def _labels_like(fold: Scored, names: Sequence[str]) -> NDArray[np.int64]:
    own, labels = fold.vocabulary.heads[CATEGORY], fold.of(CATEGORY)[1]
    number = np.array([*(names.index(term) if term in names else -1 for term in own), -1])
    return np.asarray(number[np.where(labels >= 0, labels, len(own))])


def _leaves(results: Results, method: str, name: str) -> list[Leaves]:
    if method.endswith("-MCR"):
        return refined(results, name, method.removesuffix("CNN-MCR"))
    return _of_head(results.of(f"{name}-{method.lower()}"), CATEGORY)


def _estimate(found: Sequence[Leaves], name: str, k: int = 1) -> str:
    photos = len(found[0].labels) if found else 0
    return estimate([leaves.metric(name, k) for leaves in found], photos, 100, 1)


def _table_1(results: Results) -> str:
    leaves = {(m, name): _leaves(results, m, name) for name in PHOTOS for m in METHODS}
    rows = []
    for figure, k, name, paper in FIGURES:
        cells = [_estimate(leaves[method, name], figure, k) for method in METHODS]
        rows.append([f"{figure} top-{k}, {name}", *cells])
        rows.append(["the paper's", *(f"{value:.2f}" for value in paper)])
    for figure in ("ACC", "MACC"):
        for name in PHOTOS:
            of_method = {
                "bCNN": f"{name}-bcnn-root",
                "ssCNN": f"{name}-sscnn-root",
                "bMTL-RL": f"{name}-bmtl-rl",
                "ssMTL-RL": f"{name}-ssmtl-rl",
            }
            found = {m: _of_head(results.of(row), GREAT_CATEGORY) for m, row in of_method.items()}
            cells = [_estimate(found.get(method, ()), figure) for method in METHODS]
            rows.append([f"root {figure} top-1, {name}", *cells])
    speeds = [results.speed(f"full-{m.lower().removesuffix('-mcr')}") for m in METHODS]
    return table(["per cent", *METHODS], [*rows, ["images/s", *speeds]])


def _table_2(results: Results) -> str:
    together = results.of("core-ssmtl-ca")
    rows = []
    for group in ATTRIBUTES:
        alone = results.of(f"core-ssmtl-{group}")
        leaf = _of_head(alone, CATEGORY)
        with_group = [run for run in together if group in run.facts["heads"]]
        rows.append([
            group,
            _estimate(_of_head(alone, group), "ACC"),
            _estimate(_of_head(with_group, group), "ACC"),
            _estimate(leaf, "ACC"),
            _estimate(leaf, "MACC"),
            PAPER_TABLE_2.get(group, NONE),
            results.speed(f"core-ssmtl-{group}"),
        ])  # fmt: skip
    leaf = _of_head(together, CATEGORY)
    accuracies = [_estimate(leaf, "ACC"), _estimate(leaf, "MACC")]
    speed = results.speed("core-ssmtl-ca")
    rows.append(["all", NONE, NONE, *accuracies, PAPER_TABLE_2["all"], speed])
    header = [
        *("attribute", "ACC-branA", "the same, all together", "ACC-branC", "MACC-branC"),
        *("the paper's branA, branC, MACC", "images/s"),
    ]
    return table(header, rows)


def report(results: Results) -> str:
    """Write Tables 1 and 2, and the attention maps of drawn images."""
    parts = [
        "Table 1, leaf categories and roots. Top-5 of roots says nothing: there are six. MCR is "
        f"fitted on scores of the training photos, in {FOLDS} folds: each by networks that trained "
        "on the other folds.",
        _table_1(results),
        "Table 2, ssMTL-CA with one attribute at a time, core photos.",
        _table_2(results),
    ]
    if (runs := results.of("full-ssmtl-ca")) and results.drawn:
        picture, link = results.picture("structure-aware-attention.png", "Attention maps")
        draw_attention(runs[0].stem, results.drawn, picture)
        parts.append(f"Attention of ssMTL-CA on drawn images; bright cells count most.\n\n{link}")
    return "\n\n".join(parts)


PAPER = Paper("structure-aware", "Structure-aware deep learning", tuple(_rows()), report)
