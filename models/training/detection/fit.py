"""The detector's training loop, which resumes after each epoch."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN
from tqdm import tqdm

from houndstooth.models.training.detection.samples import BoxedImage

LOSSES = ("loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg")


@dataclass(frozen=True)
class DetectorRecipe:
    """One training run of a detector.

    Attributes:
        name, version: name and version of the trained network.
        init_from: name and version of a trained detector to start from.
        epochs: 0 exports the detector that it starts from anew.
        images: number of views in an epoch.
        backbone_rate: the pretrained layers' learning rate, as a share of the others'.
        warm_up: share of all steps in which the learning rate rises.
        side: longest side of the images when serving, pixels.
        proposals: most proposals of the first stage when serving.
        width, hidden: channels of the pyramid and of the box head.
        frozen_blocks: number of the encoder's first blocks that are not trained.
        shares: share of the views by source, see ``Sources.epoch``.
    """

    name: str
    version: int
    init_from: str = ""
    seed: int = 1
    epochs: int = 20
    images: int = 1200
    batch: int = 8
    learning_rate: float = 1e-3
    backbone_rate: float = 0.3
    weight_decay: float = 0.02
    warm_up: float = 0.05
    ema_decay: float = 0.998
    encoder: str = "efficientnet_lite0"
    side: int = 288
    proposals: int = 80
    width: int = 64
    hidden: int = 256
    frozen_blocks: int = 3
    shares: dict[str, float] = field(default_factory=dict)


def fit(
    network: FasterRCNN,
    epoch_of: Callable[[int], Iterator[list[BoxedImage]]],
    recipe: DetectorRecipe,
    device: torch.device,
    checkpoint: Path,
    after_epoch: Callable[[int, dict[str, float], FasterRCNN], None],
) -> FasterRCNN:
    """Train with AdamW, a warm-up and a cosine schedule.

    Args:
        epoch_of: makes the batches of an epoch, numbered from 0.
        checkpoint: written after each epoch, and resumed from where there is one.
        after_epoch: takes the epoch, its mean losses by name, and the averaged network.

    Returns:
        The moving average of the weights.
    """
    torch.manual_seed(recipe.seed)
    network.to(device).to(memory_format=torch.channels_last)
    average = copy.deepcopy(network).eval()
    optimiser = _optimiser(network, recipe)
    parts: dict[str, Any] = {"network": network, "average": average, "optimiser": optimiser}
    steps = math.ceil(recipe.images / recipe.batch)
    for epoch in range(_resume(checkpoint, parts), recipe.epochs):
        network.train()
        sums = dict.fromkeys(LOSSES, 0.0)
        bar = tqdm(epoch_of(epoch), f"epoch {epoch + 1}/{recipe.epochs}", steps, leave=False)
        for step, batch in enumerate(bar, epoch * steps):
            _set_rate(optimiser, step / (steps * recipe.epochs), recipe)
            losses = network(*_tensors(batch, device))
            _step(sum(losses.values()), network, optimiser)
            _update_average(average, network, min(recipe.ema_decay, (1 + step) / (10 + step)))
            for name in LOSSES:
                sums[name] += float(losses[name].detach()) / steps
        saved = {name: part.state_dict() for name, part in parts.items()}
        torch.save({"epoch": epoch + 1, **saved}, checkpoint)
        after_epoch(epoch, sums, average)
    return average


def _optimiser(network: FasterRCNN, recipe: DetectorRecipe) -> torch.optim.Optimizer:
    """Make AdamW with a lower learning rate for the pretrained weights."""
    pretrained = [p for p in network.backbone.body.parameters() if p.requires_grad]
    known = {id(p) for p in network.backbone.body.parameters()}
    others = [p for p in network.parameters() if id(p) not in known]
    groups = [
        {"params": pretrained, "share": recipe.backbone_rate},
        {"params": others, "share": 1.0},
    ]
    return torch.optim.AdamW(groups, recipe.learning_rate, weight_decay=recipe.weight_decay)


def _set_rate(optimiser: torch.optim.Optimizer, progress: float, recipe: DetectorRecipe) -> None:
    rise = min(1.0, progress / recipe.warm_up)
    fall = (1 + math.cos(math.pi * max(0.0, progress - recipe.warm_up) / (1 - recipe.warm_up))) / 2
    for group in optimiser.param_groups:
        group["lr"] = recipe.learning_rate * group["share"] * rise * (0.01 + 0.99 * fall)


def _tensors(
    batch: list[BoxedImage], device: torch.device
) -> tuple[list[Tensor], list[dict[str, Tensor]]]:
    images = [
        torch.tensor(sample.pixels, device=device).permute(2, 0, 1).float() / 255
        for sample in batch
    ]
    targets = [
        {
            "boxes": torch.tensor(sample.boxes, device=device),
            "labels": torch.tensor(sample.labels, device=device),
        }
        for sample in batch
    ]
    return images, targets


def _step(loss: Tensor, network: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimiser.step()


def _resume(checkpoint: Path, parts: dict[str, Any]) -> int:
    """Load an interrupted run's checkpoint; returns the number of epochs done."""
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return int(saved["epoch"])


@torch.no_grad()
def _update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    for kept, new in zip(average.parameters(), network.parameters(), strict=True):
        if new.requires_grad:
            kept.lerp_(new, 1 - decay)
