"""The objective of independent attribute heads."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.recognition.grammar import CATEGORY, GREAT_CATEGORY
from houndstooth.models.training.objective import (
    Batch,
    loss_weights,
    mix,
    sample_mixup,
)
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import Vocabulary


class HeadsObjective:
    """Compute the smoothed cross entropy of independent heads, with mixup; see Objective."""

    activation = "softmax"

    def __init__(self, vocabulary: Vocabulary, taxonomy: Taxonomy, recipe: Recipe) -> None:
        slices = vocabulary.slices()
        self.slices = list(slices.values())
        self.categories = [slices[head] for head in (GREAT_CATEGORY, CATEGORY) if head in slices]
        self.loss_weights = loss_weights(list(vocabulary.heads), taxonomy, recipe)
        self.smoothing, self.mixup = recipe.label_smoothing, recipe.mixup
        self.soft_share = recipe.soft_share

    def prepare(self, *labels: object) -> None:
        """Take nothing from the training labels; see Objective."""

    def targets(self, labels: Tensor, multi_hot: Tensor, soft_labels: Tensor) -> Tensor:
        """Compute the target distributions of all heads, zeros where unknown: [n, classes].

        Where several terms of a head are true, the target is spread evenly over them.
        """
        parts = []
        for column, where in enumerate(self.slices):
            label, classes = labels[:, column], where.stop - where.start
            known = (label >= 0).float()[:, None]
            true = multi_hot[:, where]
            hard = true / true.sum(1, keepdim=True).clamp(min=1.0)
            soft = soft_labels[:, where]
            mass = soft.sum(1, keepdim=True)
            share = self.soft_share * (mass > 0)
            hard = hard * (1 - share) + soft / mass.clamp(min=1e-6) * share
            hard = hard * (1 - self.smoothing) + self.smoothing / classes
            parts.append(hard * known)
        return torch.cat(parts, dim=1)

    def cross_entropy(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the mean over the batch of the weighted sum over heads."""
        total = logits.new_zeros(())
        for weight, where in zip(self.loss_weights, self.slices, strict=True):
            log_p = F.log_softmax(logits[:, where].float(), dim=1)
            total = total - weight * (targets[:, where] * log_p).sum(1).mean()
        return total

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """Compute it; see Objective."""
        images, boxes, labels, multi_hot, soft_labels, guided, *_ = batch
        targets = self.targets(labels, multi_hot, soft_labels)
        for where in self.categories:
            targets[:, where] *= ~guided[:, None]
        if self.mixup > 0:
            share = sample_mixup(self.mixup)
            images, boxes = mix(images, boxes, share)
            targets = targets * share + targets.flip(0) * (1 - share)
        return self.cross_entropy(network(images, boxes), targets)

    def scores(self, network: nn.Module, batch: Batch) -> Tensor:
        """Compute it; see Objective."""
        scores: Tensor = network(batch.images, batch.boxes)
        return scores
