"""The training loop: from tensors to a network; its only file is a checkpoint."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn
from tqdm import tqdm

from houndstooth.models.networks.item_reader import ItemReader
from houndstooth.models.training import augment, photo_views
from houndstooth.models.training.backgrounds import composite
from houndstooth.models.training.objective import Batch, Objective, Taught
from houndstooth.models.training.recipe import Recipe

AfterEpoch = Callable[[int, float, nn.Module], float]
"""Takes an epoch's number, mean loss and averaged network; returns the validation score."""


@dataclass(frozen=True)
class TrainingSet:
    """Crops and labels in memory.

    Attributes:
        pixels: crops, uint8 RGB [n, s, s, 3].
        boxes: the foreground's box and the item's own in each; float32 [n, 2, 4].
        labels: int64 [n, heads], as ``Vocabulary.labels`` makes them.
        multi_hot: all true terms, uint8 [n, classes], as ``Vocabulary.multi_hot`` marks them.
        soft_labels: other networks' predictions, float16 [n, classes]; zeros without one.
        white: masks of their white backgrounds, uint8 [n, s, s]; None where these stay white.
        backgrounds: patches that may replace these, uint8 RGB [m, p, p, 3].
        category: the column of labels whose rare classes are oversampled.
        taught: what a teacher says of them, arrays as in Taught; None without one.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    multi_hot: NDArray[np.uint8]
    soft_labels: NDArray[np.float16]
    white: NDArray[np.uint8] | None = None
    backgrounds: NDArray[np.uint8] | None = None
    category: int = 1
    taught: tuple[NDArray[np.float16], ...] | None = None

    def take(self, rows: NDArray[np.int64]) -> TrainingSet:
        """Select some rows."""
        return replace(
            self,
            pixels=self.pixels[rows],
            boxes=self.boxes[rows],
            labels=self.labels[rows],
            multi_hot=self.multi_hot[rows],
            soft_labels=self.soft_labels[rows],
            white=None if self.white is None else self.white[rows],
            taught=None if self.taught is None else tuple(each[rows] for each in self.taught),
        )

    def batch(self, device: torch.device) -> Batch:
        """Move everything to a device: images as bytes, no category given."""
        images = torch.from_numpy(self.pixels).to(device).permute(0, 3, 1, 2)
        floats = self.multi_hot.astype(np.float32), self.soft_labels.astype(np.float32)
        boxes, labels, multi_hot, soft_labels = (
            torch.from_numpy(part).to(device) for part in (self.boxes, self.labels, *floats)
        )
        guided = torch.zeros(len(labels), dtype=torch.bool, device=device)
        white = None if self.white is None else torch.from_numpy(self.white).to(device)
        white = None if white is None else white[:, None]
        taught = None
        if self.taught is not None:
            taught = Taught(*(torch.from_numpy(e).to(device).float() for e in self.taught))
        return Batch(images, boxes, labels, multi_hot, soft_labels, guided, white, taught)

    def backgrounds_on(self, device: torch.device) -> torch.Tensor | None:
        """Move the backgrounds to a device, as bytes [m, 3, p, p]."""
        if self.backgrounds is None:
            return None
        return torch.from_numpy(self.backgrounds).to(device).permute(0, 3, 1, 2)


def epoch_rows(
    classes: NDArray[np.int64], recipe: Recipe, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw the rows of one epoch in random order; rare classes are oversampled.

    Args:
        classes: leaf category by row, int64 [n].
    """
    counts = np.bincount(classes - classes.min())[classes - classes.min()]
    times = np.clip(np.ceil(recipe.min_class_count / counts), 1, recipe.max_oversampling).astype(
        np.int64
    )
    return generator.permutation(np.repeat(np.arange(len(classes)), times))


def fit(
    network: ItemReader,
    data: TrainingSet,
    objective: Objective,
    recipe: Recipe,
    device: torch.device,
    checkpoint: Path,
    after_epoch: AfterEpoch,
) -> ItemReader:
    """Train with AdamW, a warm-up and a cosine schedule.

    A checkpoint is written after each epoch, and resumed from where there is one. Training stops
    early when ``recipe.patience`` epochs brought no better validation score.

    Returns:
        The moving average of the weights after the best epoch.
    """
    torch.manual_seed(recipe.seed)
    network.encoder.freeze(recipe.frozen_blocks)
    network.to(device)
    network.to(memory_format=torch.channels_last)
    average = copy.deepcopy(network).eval()
    weights = [p for p in network.parameters() if p.requires_grad]
    groups = _weights_by_rate(network, weights, recipe)
    optimiser = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    classes = data.labels[:, data.category]
    steps = math.ceil(len(epoch_rows(classes, recipe, np.random.default_rng(0))) / recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        [group["lr"] for group in groups],
        total_steps=steps * recipe.epochs,
        pct_start=0.1,
    )
    best = copy.deepcopy(average)
    state: dict[str, Any] = {"network": network, "average": average, "best": best}
    state |= {"optimiser": optimiser, "schedule": schedule}
    done, best_epoch, best_score = _resume(checkpoint, state)
    backgrounds = data.backgrounds_on(device)
    for epoch in range(done, recipe.epochs):
        if epoch - best_epoch > recipe.patience:
            print(f"no better validation score for {recipe.patience} epochs: stopped")
            break
        rows = epoch_rows(classes, recipe, np.random.default_rng([recipe.seed, epoch]))
        running = 0.0
        network.train()
        for step in tqdm(range(steps), desc=f"epoch {epoch + 1}/{recipe.epochs}", leave=False):
            sampled = data.take(rows[step * recipe.batch : (step + 1) * recipe.batch])
            batch = _view(sampled.batch(device), recipe, backgrounds)
            running += _step(network, objective, batch, optimiser, weights)
            schedule.step()
            _update_average(average, network, recipe.ema_decay, epoch * steps + step)
        score = after_epoch(epoch, running / steps, average)
        if score > best_score:
            best_epoch, best_score = epoch, score
            best.load_state_dict(average.state_dict())
        saved = {name: part.state_dict() for name, part in state.items()}
        torch.save({"progress": [epoch + 1, best_epoch, best_score], **saved}, checkpoint)
    return best


def _weights_by_rate(
    network: ItemReader, weights: list[nn.Parameter], recipe: Recipe
) -> list[dict[str, Any]]:
    """Group the weights by the learning rates of the recipe."""
    if not recipe.task_learning_rate:
        return [{"params": weights, "lr": recipe.learning_rate}]
    own = {id(weight) for weight in network.task_weights()}
    shared = [weight for weight in weights if id(weight) not in own]
    of_tasks = [weight for weight in weights if id(weight) in own]
    return [
        {"params": shared, "lr": recipe.learning_rate},
        {"params": of_tasks, "lr": recipe.task_learning_rate},
    ]


def _resume(checkpoint: Path, state: Mapping[str, Any]) -> tuple[int, int, float]:
    """Load an interrupted run's checkpoint: epochs done, the best epoch and its score."""
    if not checkpoint.exists():
        return 0, 0, -math.inf
    saved = torch.load(checkpoint, weights_only=True)
    for name, part in state.items():
        part.load_state_dict(saved[name])
    done, best_epoch, best_score = saved["progress"]
    return int(done), int(best_epoch), float(best_score)


def _view(batch: Batch, recipe: Recipe, backgrounds: torch.Tensor | None) -> Batch:
    """Make a random view of each image; the category of occluded ones is given."""
    random_view = augment.random_mirror if recipe.flip_only else augment.random_view
    if batch.white is None or backgrounds is None:
        views, boxes = random_view(batch.images, batch.boxes, recipe.training_side)
    else:
        images = torch.cat([batch.images, batch.white], dim=1)
        views, boxes = random_view(images, batch.boxes, recipe.training_side)
        views = composite(views[:, :3], views[:, 3:] / 255.0, backgrounds, recipe.backgrounds)
    views, boxes, occluded = augment.occlude(views, boxes, recipe.occlusion)
    if recipe.photo_views:
        views, boxes = photo_views.as_sent(views, boxes, recipe.photo_views, ~occluded)
    boxes = torch.where(occluded[:, None, None], boxes, augment.drop_item_boxes(boxes))
    turns = None
    if recipe.turned:
        views, boxes, turns = augment.turn(views, boxes, recipe.turned)
    views = views.to(memory_format=torch.channels_last)
    return batch._replace(images=views, boxes=boxes, guided=occluded, turns=turns)


def _step(
    network: nn.Module,
    objective: Objective,
    batch: Batch,
    optimiser: torch.optim.Optimizer,
    weights: list[nn.Parameter],
) -> float:
    device = batch.images.device.type
    with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
        loss = objective.loss(network, batch)
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
    """Compute the scores of all heads, given the true labels before: float32 [n, classes]."""
    network.eval()
    return np.concatenate([
        objective.scores(network, batch).float().cpu().numpy()
        for batch in batches(data, device, side)
    ])  # fmt: skip


def batches(data: TrainingSet, device: torch.device, side: int) -> Iterator[Batch]:
    """Make batches: images as float, resized to ``side``, channels last."""
    for start in range(0, len(data.pixels), 64):
        rows = np.arange(start, min(start + 64, len(data.pixels)))
        batch = data.take(rows).batch(device)
        yield batch._replace(images=_resized(batch.images, side))


def served_inputs(data: TrainingSet, side: int) -> dict[str, NDArray[Any]]:
    """Make the inputs of the files that serve, of crops of one size.

    Returns:
        ``pixels``, uint8 RGB [n, side, side, 3], and ``boxes`` and ``item_boxes``, float32 [n, 4].
    """
    images = torch.cat([batch.images for batch in batches(data, torch.device("cpu"), side)])
    pixels = images.round().clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8).numpy()
    return {"pixels": pixels, "boxes": data.boxes[:, 0], "item_boxes": data.boxes[:, 1]}


def _resized(images: torch.Tensor, side: int) -> torch.Tensor:
    images = images.float()
    if images.shape[-1] != side:
        images = F.interpolate(images, (side, side), mode="bilinear", antialias=True)
    return images.to(memory_format=torch.channels_last)
