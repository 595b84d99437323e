"""The log of a run: a line of CSV for each epoch, and a plot of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from houndstooth.models.training.calibrate import head_loss, known_rows
from houndstooth.models.training.distillation_objective import DistillationObjective
from houndstooth.models.training.fit import TrainingSet, scores_of
from houndstooth.models.training.objective import Objective
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import Vocabulary

SHOWN = ("category", "colour", "gender", "usage", "season")


def accuracies(
    scores: NDArray[np.float32], data: TrainingSet, vocabulary: Vocabulary
) -> dict[str, float]:
    """Compute the top-1 accuracy by head, over the samples whose label is known.

    The best term is right if it is among the true ones.
    """
    accuracy = {}
    for column, (head, where) in enumerate(vocabulary.slices().items()):
        known = np.flatnonzero(data.labels[:, column] >= 0)
        if len(known):
            right = data.multi_hot[known, where.start + scores[known][:, where].argmax(1)]
            accuracy[head] = round(float(right.mean()), 4)
    return accuracy


def format_figures(figures: Mapping[str, float], names: Sequence[str] = SHOWN) -> str:
    """Format some of the figures in one line, in the order of the names."""
    return "  ".join(f"{name} {figures[name]}" for name in names if name in figures)


class EpochLog:
    """Writes ``STEM.log.csv`` and ``STEM.curves.png``: loss and validation accuracies."""

    def __init__(
        self,
        stem: Path,
        vocabulary: Vocabulary,
        validation_set: TrainingSet,
        objective: Objective,
        recipe: Recipe,
        device: torch.device,
    ) -> None:
        self.path = stem.with_name(stem.name + ".log.csv")
        self.picture = stem.with_name(stem.name + ".curves.png")
        self.vocabulary, self.validation_set, self.objective = vocabulary, validation_set, objective
        self.recipe, self.device = recipe, device

    def after_epoch(self, epoch: int, loss: float, network: nn.Module) -> float:
        """Write and print an epoch's line; the score is the negative NLL over all known labels.

        An accuracy would hang on single photos, as some groups have a handful of them.
        """
        data, side = self.validation_set, self.recipe.side
        scores = scores_of(network, data, self.objective, self.device, side)
        accuracy = accuracies(scores, data, self.vocabulary)
        nll = self._nll(scores)
        row = {"epoch": epoch + 1, "loss": round(loss, 4), "nll": nll, **accuracy}
        with self.path.open("w" if epoch == 0 else "a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if epoch == 0:
                writer.writeheader()
            writer.writerow(row)
        plot_curves({self.recipe.name: self.path}, self.picture)
        print(format_figures(row, ("epoch", "loss", "nll", *SHOWN)), flush=True)
        if isinstance(self.objective, DistillationObjective):
            means = self.objective.take_means()
            print(f"  losses: {format_figures(means, list(means))}", flush=True)
        return -nll

    def _nll(self, scores: NDArray[np.float32]) -> float:
        """Compute the mean over known labels, nats."""
        total, count = 0.0, 0
        data, vocabulary, activation = (
            self.validation_set,
            self.vocabulary,
            self.objective.activation,
        )
        for head in vocabulary.heads:
            if photos := len(known_rows(data, vocabulary, head, activation)):
                total += head_loss(scores, data, vocabulary, head, activation) * photos
                count += photos
        return round(total / max(count, 1), 4)


def plot_curves(logs: dict[str, Path], picture: Path) -> None:
    """Plot loss and accuracy by epoch of one run or several (the paper's Figure 5)."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    columns = ("loss", "nll", *SHOWN)
    figure, axes = plt.subplots(1, len(columns), figsize=(3 * len(columns), 3), layout="tight")
    for name, path in logs.items():
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for axis, column in zip(axes, columns, strict=True):
            points = [(int(r["epoch"]), float(r[column])) for r in rows if r.get(column)]
            if points:
                axis.plot(*zip(*points, strict=True), marker=".", label=name)
            axis.set_title(column)
            axis.set_xlabel("epoch")
    if len(logs) > 1:
        axes[0].legend()
    figure.savefig(picture, dpi=80)
    plt.close(figure)
