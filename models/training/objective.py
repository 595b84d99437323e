"""The protocol of training objectives: a batch, its loss, and the scores of each head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.recipe import Recipe

CATEGORIES = 2
"""The first heads are the great category and the category."""


class Taught(NamedTuple):
    """Answers of a teacher for images.

    Attributes:
        terms: probabilities of attribute terms, [n, terms]; below 0 where it says nothing.
        features: its standardised features, [n, d].
        others: 1 where other items are worn beside the item, 0 where not, below 0 where it is not
            known, [n].
    """

    terms: Tensor
    features: Tensor
    others: Tensor


class Batch(NamedTuple):
    """Images and their labels.

    Attributes:
        images: [n, 3, side, side] in [0, 255].
        boxes: [n, 2, 4]: the foreground's box, and the item's own.
        labels: int64 [n, heads], as ``Vocabulary.labels`` makes them; unknown ones add no loss.
        multi_hot: [n, classes]: 1 for each true term, zeros in heads that are unknown.
        soft_labels: [n, classes], by head a distribution or zeros: part of the target where a
            label is known.
        guided: bool [n]: where the category is given, so that it adds no loss.
        white: where images show a white background, uint8 [n, 1, side, side], or None.
        taught: what a teacher says of them, or None.
        turns: quarter turns that were given to the views, int64 [n], or None.
    """

    images: Tensor
    boxes: Tensor
    labels: Tensor
    multi_hot: Tensor
    soft_labels: Tensor
    guided: Tensor
    white: Tensor | None = None
    taught: Taught | None = None
    turns: Tensor | None = None


class Objective(Protocol):
    """Computes the loss and the scores of a kind of recogniser.

    Attributes:
        activation: what makes probabilities of scores: ``softmax`` by head, or ``sigmoid``.
    """

    activation: str

    def prepare(
        self, network: Any, labels: NDArray[np.int64], multi_hot: NDArray[np.uint8]
    ) -> None:
        """Take from the training labels what the loss or the network needs of all of them.

        Args:
            labels: int64 [n, heads], as ``Vocabulary.labels`` makes them.
            multi_hot: uint8 [n, classes], as ``Vocabulary.multi_hot`` makes it.
        """

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """Compute the loss: the mean over the batch, weighted by head."""

    def scores(self, network: nn.Module, batch: Batch) -> Tensor:
        """Compute the scores of all heads side by side, given the labels before: [n, classes]."""


def loss_weights(heads: Sequence[str], taxonomy: Taxonomy, recipe: Recipe) -> list[float]:
    """Look up how much each head counts in the loss: by the recipe, else by the taxonomy."""
    return [recipe.loss_weights.get(head, taxonomy.loss_weight(head)) for head in heads]


def sample_mixup(alpha: float) -> float:
    """Draw the share of an image that is mixed with another (Zhang et al. 2018)."""
    return float(torch.distributions.Beta(alpha, alpha).sample())


def mix(images: Tensor, boxes: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Mix each image with the one as far from the batch's other end.

    Args:
        images: [n, 3, side, side].
        boxes: [n, k, 4]: left, top, right, bottom.
        share: of each image itself, in [0, 1].

    Returns:
        The images, and for each the bounds of both images' boxes.
    """
    other = boxes.flip(0)
    low = torch.minimum(boxes[..., :2], other[..., :2])
    bounds = torch.cat([low, torch.maximum(boxes[..., 2:], other[..., 2:])], -1)
    return images * share + images.flip(0) * (1 - share), bounds
