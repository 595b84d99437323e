"""One softmax head per attribute group: the baseline (paper, section 1), masked by groups."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.networks.encoders import Encoder


def cell_weights(low: Tensor, high: Tensor, cells: int) -> Tensor:
    """How much of each of ``cells`` equal parts of [0, 1] lies between low and high.

    Args:
        low, high: [n], in [0, 1].

    Returns:
        [n, cells], in [0, 1].
    """
    start = torch.arange(cells, device=low.device, dtype=low.dtype) / cells
    left = torch.maximum(start[None], low[:, None])
    right = torch.minimum(start[None] + 1.0 / cells, high[:, None])
    return (right - left).clamp(min=0.0) * cells


def box_pool(maps: Tensor, boxes: Tensor) -> Tensor:
    """Average of a feature map over a box, cells weighted by their share inside it.

    Args:
        maps: [n, c, h, w].
        boxes: [n, 4]: left, top, right, bottom in [0, 1].

    Returns:
        [n, c].
    """
    columns = cell_weights(boxes[:, 0], boxes[:, 2], maps.shape[3])
    rows = cell_weights(boxes[:, 1], boxes[:, 3], maps.shape[2])
    area = columns.sum(1) * rows.sum(1)
    weights = rows[:, None, :, None] * columns[:, None, None, :]
    return (maps * weights).sum((2, 3)) / area.clamp(min=1e-6)[:, None]


class AttributeHeads(nn.Module):
    """An encoder and a linear head over all groups' classes, side by side.

    Args:
        encoder: the image encoder.
        classes: how many classes each group has.
    """

    def __init__(self, encoder: Encoder, classes: list[int], dropout: float = 0.2) -> None:
        super().__init__()
        self.encoder = encoder
        self.classes = classes
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.channels[1], sum(classes))

    def forward(self, images: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Features and logits.

        Args:
            images: RGB in [0, 255], [n, 3, side, side], any float or byte type.
            boxes: [n, 4]: left, top, right, bottom in [0, 1].

        Returns:
            Pooled features of the middle and the last map, [n, sum of channels], and the logits of
            all groups, [n, sum of classes].
        """
        normalised = (images / 255.0 - self.encoder.mean) / self.encoder.std
        middle, last = self.encoder(normalised)
        pooled = box_pool(last, boxes)
        features = torch.cat([box_pool(middle, boxes), pooled], dim=1)
        return features, self.head(self.dropout(pooled))


class ServingGraph(nn.Module):
    """The same, from pixels as images hold them, for export."""

    def __init__(self, heads: AttributeHeads) -> None:
        super().__init__()
        self.heads = heads

    def forward(self, pixels: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB [n, side, side, 3] and boxes [n, 4] to float32 features and logits."""
        features, logits = self.heads(pixels.permute(0, 3, 1, 2).float(), boxes)
        return features, logits
