"""Tables of the multi-weight paper (Li et al. 2017), on our photos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from houndstooth.models.training.metrics import average_precisions
from houndstooth.models.training.papers.rows import LabelsOf, Row
from houndstooth.models.training.papers.runs import Paper, Results, Run
from houndstooth.models.training.papers.tables import NONE, estimate, mean_of, table

MIN_PHOTOS = 20
"""Groups with fewer labelled test photos are left out: their mAP would be noise."""

METHODS = ("multi-label", "multi-task", "multi-weight", "multi-weight-third")
OF_PAIRS = METHODS[:3]

PAIR_EPOCHS = 2
"""The methods are compared with each other alone, and there are two groups to learn."""

PAIRS = {
    "independent": (LabelsOf("sleeve", "heel"), (57.47, 58.52, 57.86), (31.94, 32.28, 33.25)),
    "dependent": (LabelsOf("sleeve", "collar"), (46.71, 43.06, 45.58), (13.58, 15.43, 17.04)),
}
"""Two groups of 10:1 labels, and the paper's mAP of the first and of the second.

The paper's pairs are coat and pantsuit, and length of sleeve and sleeve. Ours are like them: heels
and sleeves are of different products, sleeve and collar of the same.
"""


ROWS = (
    *(Row(method, method) for method in METHODS),
    *(
        Row(f"{pair}-{method}", method, {"epochs": PAIR_EPOCHS}, photos)
        for pair, (photos, *_) in PAIRS.items()
        for method in OF_PAIRS
    ),
)


def precisions(run: Run, group: str) -> np.ndarray:
    """Compute the AP@50 of each test photo that has a label of the group."""
    where = run.test.vocabulary.slices()[group]
    labels = run.test.multi_hot[:, where].astype(bool)
    labelled = labels.any(axis=1)
    return average_precisions(run.test.features[labelled].astype(np.float32), labels[labelled])


def _cell(runs: Sequence[Run], group: str) -> str:
    each = [precisions(run, group) for run in runs if group in run.facts["heads"]]
    return estimate([mean_of(p) for p in each], len(each[0]) if each else 0, 100, 1)


def _groups(results: Results) -> list[tuple[str, float, int]]:
    """List the groups, those with most labels first: share of the first's, and test photos."""
    runs = [run for method in METHODS for run in results.of(method)]
    if not runs:
        return []
    test = runs[0].test
    counts = {
        head: int(test.multi_hot[:, where].any(axis=1).sum())
        for head, where in test.vocabulary.slices().items()
    }
    most = max(counts.values())
    ranked = sorted(counts, key=lambda head: -counts[head])
    return [(h, counts[h] / most, counts[h]) for h in ranked if counts[h] >= MIN_PHOTOS]


def _tables_2_and_3(results: Results) -> str:
    groups = _groups(results)
    rows = [
        [group, f"{share:.3f}", *(_cell(results.of(method), group) for method in METHODS)]
        for group, share, _ in groups
    ]
    means = []
    for method in METHODS:
        of_seeds = [
            np.mean([precisions(run, group).mean() for group, *_ in groups])
            for run in results.of(method)
            if groups
        ]
        means.append(f"{100 * np.mean(of_seeds):.1f}" if of_seeds else NONE)
    rows.append(["mean", "", *means])
    rows.append(["the paper's mean of 24", "", "52.48", "53.11", "55.23", NONE])
    rows.append(["images/s", "", *(results.speed(method) for method in METHODS)])
    return table(["group", "proportion", *METHODS], rows)


def _table_of_pair(results: Results, pair: str) -> str:
    photos, *paper = PAIRS[pair]
    rows = []
    for group, share, printed in zip((photos.many, photos.few), ("1", "0.1"), paper, strict=True):
        cells = [_cell(results.of(f"{pair}-{method}"), group) for method in OF_PAIRS]
        rows.append([group, share, *cells])
        rows.append(["the paper's", share, *(f"{value:.2f}" for value in printed)])
    rows.append(["images/s", "", *(results.speed(f"{pair}-{method}") for method in OF_PAIRS)])
    return table(["group", "proportion", *OF_PAIRS], rows)


def report(results: Results) -> str:
    """Write Tables II to V."""
    return "\n\n".join([
        "Tables II and III, mAP@50 in per cent (equation 10). Test photos are queries and gallery; "
        "those that share a label of the group are relevant. They are ranked by the cosine "
        f"of the features that all groups share. Groups of fewer than {MIN_PHOTOS} test photos are "
        "left out. multi-weight-third has the smoothed weights of equation 11 with c = 3.",
        _tables_2_and_3(results),
        "Table IV, two groups that tell little of each other; training photos have ten times as "
        "many labels of the first.",
        _table_of_pair(results, "independent"),
        "Table V, the same with two groups that tell more of each other.",
        _table_of_pair(results, "dependent"),
    ])  # fmt: skip


PAPER = Paper("multi-weight", "Multi-weight", ROWS, report)
