"""Which epoch's weights are kept, and when training stops early."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.networks.attribute_heads import AttributeHeads
from houndstooth.models.networks.encoders import EfficientNetLite0
from houndstooth.models.training.curves import EpochLog
from houndstooth.models.training.fit import TrainingSet, fit
from houndstooth.models.training.heads_objective import HeadsObjective
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import Vocabulary

TAXONOMY = Taxonomy.load()
VOCABULARY = Vocabulary({"category": ("a", "b"), "colour": ("colour:x", "colour:y")})
CPU = torch.device("cpu")


def photos(n: int) -> TrainingSet:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, 2, (n, 2))
    return TrainingSet(
        pixels,
        np.tile(np.array([0, 0, 1, 1], np.float32), (n, 2, 1)),
        labels,
        np.eye(2, dtype=np.uint8)[labels].reshape(n, 4),
        np.zeros((n, 4), np.float16),
    )


def trained(
    scores: list[float], folder: Path, patience: int
) -> tuple[nn.Module, list[dict[str, torch.Tensor]]]:
    recipe = Recipe(
        name="t", version=1, kind="heads", epochs=len(scores), batch=4, training_side=32,
        frozen_blocks=16, patience=patience,
    )  # fmt: skip
    seen: list[dict[str, torch.Tensor]] = []

    def after_epoch(epoch: int, loss: float, network: nn.Module) -> float:
        seen.append({name: t.clone() for name, t in network.state_dict().items()})
        return scores[epoch]

    torch.manual_seed(0)
    network = AttributeHeads(EfficientNetLite0(pretrained=False), VOCABULARY.sizes)
    objective = HeadsObjective(VOCABULARY, TAXONOMY, recipe)
    best = fit(network, photos(4), objective, recipe, CPU, folder / "checkpoint.pt", after_epoch)
    return best, seen


def test_the_weights_of_the_best_epoch_are_kept(tmp_path: Path) -> None:
    best, seen = trained([-3.0, -1.0, -2.0], tmp_path, patience=5)
    head = best.state_dict()["head.weight"]
    assert torch.equal(head, seen[1]["head.weight"])
    assert not torch.equal(head, seen[2]["head.weight"])


def test_training_stops_when_it_gets_no_better(tmp_path: Path) -> None:
    _, seen = trained([-1.0, -2.0, -2.0, -2.0, -2.0], tmp_path, patience=2)
    assert len(seen) == 3


def test_one_photo_of_a_rare_group_does_not_decide(tmp_path: Path) -> None:
    """One photo of a group, now wrong, does not outweigh all the others that are now right."""
    held = photos(20)
    held.labels[:, 1] = -1
    held.labels[0, 1] = 0
    recipe = Recipe(name="t", version=1)

    class Scored(HeadsObjective):
        table = torch.zeros(20, 4)

        def scores(self, *ignored: object) -> torch.Tensor:
            return self.table

    objective = Scored(VOCABULARY, TAXONOMY, recipe)
    log = EpochLog(tmp_path / "t-1", VOCABULARY, held, objective, recipe, CPU)
    worse = log.after_epoch(0, 1.0, nn.Identity())
    right = torch.nn.functional.one_hot(torch.from_numpy(held.labels[:, 0]), 2).float()
    objective.table = torch.cat([right * 2, torch.tensor([[0.0, 1.0]]).expand(20, 2)], dim=1)
    assert log.after_epoch(1, 0.5, nn.Identity()) > worse
