"""The training loop, nothing of files but its checkpoint: tensors in, a network out."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from models.networks.attribute_decoder import AttributeSequence
from models.networks.attribute_heads import AttributeHeads
from models.training.augment import cover, forget_items, random_view
from models.training.objectives import Objective
from models.training.recipe import Recipe

Network = AttributeHeads | AttributeSequence
# Images [n, 3, s, s], boxes [n, 2, 4], labels [n, heads] and soft labels [n, classes].
Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
# After an epoch: number, mean loss and the averaged network; returns the validation score.
AfterEpoch = Callable[[int, float, nn.Module], float]


@dataclass(frozen=True)
class TrainingSet:
    """Everything in memory.

    Attributes:
        pixels: crops, uint8 RGB [n, s, s, 3].
        boxes: where attributes are recognised in them, and the items' own; float32 [n, 2, 4].
        labels: as ``Vocabulary.labels`` makes them, int64 [n, heads].
        soft: what others saw in each, float16 [n, classes]; zeros where nobody looked.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    soft: NDArray[np.float16]

    def take(self, rows: NDArray[np.int64]) -> TrainingSet:
        """Some of its rows."""
        return TrainingSet(self.pixels[rows], self.boxes[rows], self.labels[rows], self.soft[rows])

    def tensors(self, device: torch.device) -> Batch:
        """Images [n, 3, s, s] (bytes), boxes, labels and soft labels on a device."""
        images = torch.from_numpy(self.pixels).to(device).permute(0, 3, 1, 2)
        boxes, labels = torch.from_numpy(self.boxes), torch.from_numpy(self.labels)
        soft = torch.from_numpy(self.soft).to(device)
        return images, boxes.to(device), labels.to(device), soft


def epoch_rows(
    classes: NDArray[np.int64], recipe: Recipe, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Rows of one epoch in random order; those of rare classes come several times.

    Args:
        classes: leaf category by row, int64 [n].
    """
    counts = np.bincount(classes - classes.min())[classes - classes.min()]
    times = np.clip(np.ceil(recipe.rare / counts), 1, recipe.most_repeats).astype(np.int64)
    return generator.permutation(np.repeat(np.arange(len(classes)), times))


def fit(
    network: Network,
    data: TrainingSet,
    objective: Objective,
    recipe: Recipe,
    device: torch.device,
    checkpoint: Path,
    after_epoch: AfterEpoch,
) -> Network:
    """Train with AdamW, a warm-up and a cosine schedule.

    Each epoch leaves a checkpoint, and goes on from one that is there. Training stops early when
    ``recipe.patience`` epochs brought no better validation score.

    Returns:
        The moving average of the weights as it was after the best epoch.
    """
    torch.manual_seed(recipe.seed)
    network.encoder.freeze(recipe.frozen_blocks)
    network.to(device)
    network.to(memory_format=torch.channels_last)
    average = copy.deepcopy(network).eval()
    weights = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    classes = data.labels[:, 1]
    steps = math.ceil(len(epoch_rows(classes, recipe, np.random.default_rng(0))) / recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=steps * recipe.epochs, pct_start=0.1
    )
    best = copy.deepcopy(average)
    state: dict[str, Any] = {"network": network, "average": average, "best": best}
    state |= {"optimiser": optimiser, "schedule": schedule}
    done, best_epoch, best_score = _resume(checkpoint, state)
    for epoch in range(done, recipe.epochs):
        if epoch - best_epoch > recipe.patience:
            print(f"no better for {recipe.patience} epochs: stopped")
            break
        rows = epoch_rows(classes, recipe, np.random.default_rng([recipe.seed, epoch]))
        running = 0.0
        network.train()
        for step in tqdm(range(steps), desc=f"epoch {epoch + 1}/{recipe.epochs}", leave=False):
            batch = data.take(rows[step * recipe.batch : (step + 1) * recipe.batch])
            running += _step(network, objective, batch, recipe, device, optimiser, weights)
            schedule.step()
            _update_average(average, network, recipe.ema_decay, epoch * steps + step)
        score = after_epoch(epoch, running / steps, average)
        if score > best_score:
            best_epoch, best_score = epoch, score
            best.load_state_dict(average.state_dict())
        saved = {name: part.state_dict() for name, part in state.items()}
        torch.save({"progress": [epoch + 1, best_epoch, best_score], **saved}, checkpoint)
    return best


def _resume(checkpoint: Path, state: Mapping[str, Any]) -> tuple[int, int, float]:
    """Load what an interrupted run left: epochs done, the best one and its score."""
    if not checkpoint.exists():
        return 0, 0, -math.inf
    saved = torch.load(checkpoint, weights_only=True)
    for name, part in state.items():
        part.load_state_dict(saved[name])
    done, best_epoch, best_score = saved["progress"]
    return int(done), int(best_epoch), float(best_score)


def _step(
    network: nn.Module,
    objective: Objective,
    batch: TrainingSet,
    recipe: Recipe,
    device: torch.device,
    optimiser: torch.optim.Optimizer,
    weights: list[nn.Parameter],
) -> float:
    images, boxes, labels, soft = batch.tensors(device)
    views, boxes = random_view(images, boxes, recipe.training_side)
    views, boxes, covered = cover(views, boxes, recipe.covered)
    boxes = torch.where(covered[:, None, None], boxes, forget_items(boxes))
    views = views.to(memory_format=torch.channels_last)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
        loss = objective.loss(network, views, boxes, labels, soft.float(), covered)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(weights, 5.0)
    optimiser.step()
    return float(loss.detach())


@torch.no_grad()
def _update_average(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    rate = min(decay, (1 + step) / (10 + step))
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(new, 1 - rate)
        else:
            kept.copy_(new)


@torch.no_grad()
def scores_of(
    network: nn.Module, data: TrainingSet, objective: Objective, device: torch.device, side: int
) -> NDArray[np.float32]:
    """Scores of all heads, the labels before each being right: float32 [n, classes]."""
    network.eval()
    return np.concatenate([
        objective.scores(network, images, boxes, labels).float().cpu().numpy()
        for images, boxes, labels, _ in batches(data, device, side)
    ])  # fmt: skip


def batches(data: TrainingSet, device: torch.device, side: int) -> Iterator[Batch]:
    """Images as float, reduced to ``side``, channels last; their boxes and labels of both kinds."""
    for start in range(0, len(data.pixels), 64):
        rows = np.arange(start, min(start + 64, len(data.pixels)))
        images, boxes, labels, soft = data.take(rows).tensors(device)
        yield _resized(images, side), boxes, labels, soft


def _resized(images: torch.Tensor, side: int) -> torch.Tensor:
    images = images.float()
    if images.shape[-1] != side:
        images = F.interpolate(images, (side, side), mode="bilinear", antialias=True)
    return images.to(memory_format=torch.channels_last)
