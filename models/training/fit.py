"""The training loop, nothing of files: tensors in, a network out."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from models.networks.attribute_heads import AttributeHeads
from models.training.augment import random_view
from models.training.vocabulary import UNKNOWN, Vocabulary


@dataclass(frozen=True)
class Recipe:
    """How to train; the fields of a configuration file."""

    name: str
    version: int
    seed: int = 1
    epochs: int = 24
    batch: int = 64
    learning_rate: float = 8e-4
    weight_decay: float = 0.03
    label_smoothing: float = 0.1
    mixup: float = 0.1
    ema_decay: float = 0.998
    training_side: int = 176
    side: int = 192
    frozen_blocks: int = 0
    group_weights: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingSet:
    """Everything in memory: crops uint8 [n, s, s, 3], boxes [n, 4], labels int64 [n, heads]."""

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> TrainingSet:
        """Some of its rows."""
        return TrainingSet(self.pixels[rows], self.boxes[rows], self.labels[rows])


class AttributeLoss(nn.Module):
    """Smoothed cross entropy summed over heads; an unknown label adds nothing."""

    def __init__(self, vocabulary: Vocabulary, recipe: Recipe) -> None:
        super().__init__()
        self.slices = list(vocabulary.slices().values())
        self.weights = [recipe.group_weights.get(name, 0.3) for name in vocabulary.heads]
        self.smoothing = recipe.label_smoothing

    def targets(self, labels: Tensor) -> Tensor:
        """Target distributions of all heads, rows of zeros where unknown: [n, classes]."""
        parts = []
        for column, where in enumerate(self.slices):
            label, classes = labels[:, column], where.stop - where.start
            known = (label != UNKNOWN).float()[:, None]
            hard = F.one_hot(label.clamp(min=0), classes).float()
            hard = hard * (1 - self.smoothing) + self.smoothing / classes
            parts.append(hard * known)
        return torch.cat(parts, dim=1)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean over the batch of the weighted sum over heads."""
        total = logits.new_zeros(())
        for weight, where in zip(self.weights, self.slices, strict=True):
            log_p = F.log_softmax(logits[:, where].float(), dim=1)
            total = total - weight * (targets[:, where] * log_p).sum(1).mean()
        return total


def fit(
    network: AttributeHeads,
    data: TrainingSet,
    vocabulary: Vocabulary,
    recipe: Recipe,
    device: torch.device,
    checkpoint: Path,
    after_epoch: Callable[[int, float, AttributeHeads], None],
) -> AttributeHeads:
    """Train with AdamW, a warm-up and cosine schedule; returns the moving average of the weights.

    Each epoch leaves a checkpoint, and goes on from one that is there.
    """
    torch.manual_seed(recipe.seed)
    network.encoder.freeze(recipe.frozen_blocks)
    network.to(device)
    network.to(memory_format=torch.channels_last)
    average = copy.deepcopy(network).eval()
    loss_of = AttributeLoss(vocabulary, recipe)
    steps = math.ceil(len(data.pixels) / recipe.batch)
    weights = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=steps * recipe.epochs, pct_start=0.1
    )
    state: dict[str, Any] = {
        "network": network,
        "average": average,
        "optimiser": optimiser,
        "schedule": schedule,
    }
    for epoch in range(_resume(checkpoint, state), recipe.epochs):
        rows = np.random.default_rng([recipe.seed, epoch]).permutation(len(data.pixels))
        running = 0.0
        network.train()
        for step in tqdm(range(steps), desc=f"epoch {epoch + 1}/{recipe.epochs}", leave=False):
            batch = data.take(rows[step * recipe.batch : (step + 1) * recipe.batch])
            loss = _batch_loss(network, loss_of, batch, recipe, device)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(weights, 5.0)
            optimiser.step()
            schedule.step()
            _update_average(average, network, recipe.ema_decay, epoch * steps + step)
            running += float(loss.detach())
        saved = {name: part.state_dict() for name, part in state.items()}
        torch.save({"epoch": epoch + 1, **saved}, checkpoint)
        after_epoch(epoch, running / steps, average)
    return average


def _resume(checkpoint: Path, state: Mapping[str, Any]) -> int:
    """Load what an interrupted run left; returns how many epochs are done."""
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint, weights_only=True)
    for name, part in state.items():
        part.load_state_dict(saved[name])
    return int(saved["epoch"])


def _batch_loss(
    network: AttributeHeads,
    loss_of: AttributeLoss,
    batch: TrainingSet,
    recipe: Recipe,
    device: torch.device,
) -> Tensor:
    pixels = torch.from_numpy(batch.pixels).to(device).permute(0, 3, 1, 2)
    targets = loss_of.targets(torch.from_numpy(batch.labels).to(device))
    boxes = torch.from_numpy(batch.boxes).to(device)
    views, boxes = random_view(pixels, boxes, recipe.training_side)
    if recipe.mixup > 0:
        share = float(torch.distributions.Beta(recipe.mixup, recipe.mixup).sample())
        views = views * share + views.flip(0) * (1 - share)
        targets = targets * share + targets.flip(0) * (1 - share)
        other = boxes.flip(0)
        boxes = torch.cat(
            [torch.minimum(boxes[:, :2], other[:, :2]), torch.maximum(boxes[:, 2:], other[:, 2:])],
            1,
        )
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
        _, logits = network(views.to(memory_format=torch.channels_last), boxes)
    loss: Tensor = loss_of(logits, targets)
    return loss


@torch.no_grad()
def _update_average(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    rate = min(decay, (1 + step) / (10 + step))
    for kept, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(new, 1 - rate)
        else:
            kept.copy_(new)


@torch.no_grad()
def predict(
    network: AttributeHeads,
    pixels: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    device: torch.device,
    side: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features and logits of crops, reduced to ``side``: float32 [n, d] and [n, classes]."""
    network.eval()
    features, logits = [], []
    for start in range(0, len(pixels), 256):
        batch = torch.from_numpy(pixels[start : start + 256]).to(device).permute(0, 3, 1, 2).float()
        if batch.shape[-1] != side:
            batch = F.interpolate(batch, (side, side), mode="bilinear", antialias=True)
        where = torch.from_numpy(boxes[start : start + 256]).to(device)
        found, scores = network(batch.to(memory_format=torch.channels_last), where)
        features.append(found.float().cpu().numpy())
        logits.append(scores.float().cpu().numpy())
    return np.concatenate(features), np.concatenate(logits)
