"""The objective of multi-label networks: a sigmoid for each label."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.networks.wide_deep_recurrent import WideDeepRecurrent
from houndstooth.models.training.label_embeddings import factorise, log_cooccurrence
from houndstooth.models.training.objective import CATEGORIES, Batch
from houndstooth.models.training.recipe import Recipe
from houndstooth.models.training.vocabulary import UNKNOWN, Vocabulary


class MultiLabelObjective:
    """Compute the sigmoid cross entropy of all labels, a head's sum times its weight.

    A head whose label is unknown adds no loss; in one that is known to be absent no label is true.
    Every head counts alike, unless ``proportional_tasks``. Label smoothing, mixup and soft labels
    are not used.

    Args:
        image_weight_alpha: a label's weight in an image's weight falls with its frequency to the
            power of this less 1; at 1 all images weigh 1 ("Wide, Deep, and Recurrent", 3.1).
        proportional_tasks: weigh each head by its number of labelled images over the largest
            head's ("multi-weight", Li et al. 2017).
        proportion_smoothing: raise those weights to at least their mean over this (Eq. 11, with 3);
            at 0 they stay. AdamW evens out the scale of a gradient, so the weights change what the
            shared layers learn, and the private ones little.
    """

    activation = "sigmoid"

    def __init__(
        self,
        vocabulary: Vocabulary,
        taxonomy: Taxonomy,
        recipe: Recipe,
        *,
        image_weight_alpha: float = 1.0,
        proportional_tasks: bool = False,
        proportion_smoothing: float = 0.0,
    ) -> None:
        self.slices = list(vocabulary.slices().values())
        self.head_of = torch.from_numpy(np.repeat(np.arange(len(self.slices)), vocabulary.sizes))
        self.alpha = image_weight_alpha
        self.proportional, self.smoothing = proportional_tasks, proportion_smoothing
        self.task_weights = torch.ones(len(self.slices))
        self.label_weights = torch.ones(len(self.head_of))

    def prepare(
        self, network: Any, labels: NDArray[np.int64], multi_hot: NDArray[np.uint8]
    ) -> None:
        """Compute the weights, and the label embeddings of a recurrent network; see Objective."""
        self.label_weights = torch.from_numpy(label_weights(multi_hot.sum(0), self.alpha)).float()
        if self.proportional:
            images = [multi_hot[:, where].any(axis=1).sum() for where in self.slices]
            weights = proportions(np.array(images), self.smoothing)
            self.task_weights = torch.from_numpy(weights).float()
        if isinstance(network, WideDeepRecurrent) and network.recurrence is not None:
            embeddings = network.recurrence.embeddings
            found = factorise(log_cooccurrence(multi_hot), embeddings.shape[1])
            with torch.no_grad():
                embeddings.copy_(torch.from_numpy(found))

    def known(self, batch: Batch) -> Tensor:
        """Mark the heads whose label is known: bool [n, heads].

        A head that the category does not have is known where another garment of the photo has it.
        """
        of_others = [batch.multi_hot[:, where].any(1) for where in self.slices]
        known = (batch.labels != UNKNOWN) | torch.stack(of_others, dim=1)
        known[:, :CATEGORIES] &= ~batch.guided[:, None]
        return known

    def image_weights(self, multi_hot: Tensor) -> Tensor:
        """Compute the mean weight of each image's labels, [n]; 1 for an image without labels."""
        count = multi_hot.sum(1)
        mean = multi_hot @ self.label_weights.to(multi_hot.device) / count.clamp(min=1.0)
        return torch.where(count > 0, mean, torch.ones_like(mean))

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """Compute it; see Objective."""
        logits = network(batch.images, batch.boxes).float()
        each = F.binary_cross_entropy_with_logits(logits, batch.multi_hot, reduction="none")
        of_heads = self.known(batch) * self.task_weights.to(logits.device)
        of_images = (each * of_heads[:, self.head_of.to(logits.device)]).sum(1)
        mean: Tensor = (of_images * self.image_weights(batch.multi_hot)).mean()
        return mean

    def scores(self, network: nn.Module, batch: Batch) -> Tensor:
        """Compute it; see Objective."""
        scores: Tensor = network(batch.images, batch.boxes)
        return scores


def label_weights(frequency: NDArray[np.integer[Any]], alpha: float) -> NDArray[np.float64]:
    """Compute the weight of each label from its frequency (Eq. 2).

    The weighted frequencies of two labels are as their frequencies to the power of alpha, and all
    add up to what the frequencies add up to. A label that no image has weighs 0.
    """
    seen = np.maximum(frequency, 1).astype(np.float64)
    weights = np.where(frequency > 0, seen ** (alpha - 1), 0.0)
    return np.asarray(weights * frequency.sum() / max(float(weights @ frequency), 1e-12))


def proportions(images: NDArray[np.integer[Any]], smoothing: float) -> NDArray[np.float64]:
    """Compute each head's number of labelled images over the largest head's, in [0, 1].

    Args:
        smoothing: proportions below their mean over this are raised to it (Eq. 11); 0 is none.
    """
    shares = images / max(int(images.max()), 1)
    return np.maximum(shares, shares.mean() / smoothing) if smoothing else np.asarray(shares)
