"""A sigmoid for each attribute term, on the features of several trained encoders.

The last layer of "Wide, Deep, and Recurrent" (section 4): features side by side, one dense layer,
a probability for each label alone. So an item may have two terms of a group, or none.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from houndstooth.models.networks.graph import Graph
from houndstooth.models.networks.item_reader import pool_views

OUTLIER = 5.0
"""Features further from their mean than this many deviations are moved there."""


class TermHead(nn.Module):
    """A dense layer on standardised features.

    Args:
        features: number of features of an item, of all encoders together.
        terms: number of terms.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: int, terms: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        self.dense = nn.Linear(features, terms)

    def standardise(self, features: Tensor) -> Tensor:
        """Standardise features [n, features] by those of the training photos."""
        return ((features - self.mean) / self.deviation).clamp(-OUTLIER, OUTLIER)

    def forward(self, features: Tensor) -> Tensor:
        """Compute the terms' logits [n, terms] of features [n, features]."""
        logits: Tensor = self.dense(self.standardise(features))
        return logits


def pooled_features(
    maps: tuple[tuple[Tensor, Tensor], ...], boxes: Tensor, item_boxes: Tensor
) -> Tensor:
    """Pool the maps of several encoders in two boxes, side by side: [n, features].

    Args:
        maps: the middle and the last map of each encoder, [n, views, c, h, w].
        boxes: [n, 4]: the foregrounds'.
        item_boxes: [n, 4]: the items' own.
    """
    return torch.cat(
        [
            pool_views(each, where)
            for of_encoder in maps
            for where in (boxes, item_boxes)
            for each in of_encoder
        ],
        dim=1,
    )


class TermGraph(nn.Module):
    """The graph from the maps of several encoders and two boxes to probabilities, for export."""

    def __init__(self, head: TermHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, boxes: Tensor, item_boxes: Tensor, *maps: Tensor) -> Tensor:
        """Compute the terms' probabilities [n, terms]; middle and last maps take turns."""
        pairs = tuple(zip(maps[::2], maps[1::2], strict=True))
        logits: Tensor = self.head(pooled_features(pairs, boxes, item_boxes))
        return logits.sigmoid()


def graph(head: TermHead, shapes: list[tuple[int, ...]]) -> Graph:
    """Describe what is exported.

    Args:
        shapes: [views, c, h, w] of the middle and of the last map of each encoder in turn.
    """
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.1, 0.8, 0.9]])
    maps = {f"map_{place}": torch.zeros(2, *shape) for place, shape in enumerate(shapes)}
    inputs = {"boxes": boxes, "item_boxes": boxes.flip(0), **maps}
    return Graph(".onnx", TermGraph(head), inputs, ("probabilities",))
