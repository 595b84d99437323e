"""A histogram of colours whose bins are learned, and what it says about the item."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.networks.attribute_heads import cell_weights

# Every fifth pixel in both directions says as much about colours as all of them.
STEP = 5
# How far a bin reaches, where channels are in [0, 1].
REACH = 0.08


class ColourReader(nn.Module):
    """Shares of colours in boxes, through one hidden layer.

    An encoder that was trained to name things has learned to overlook small differences of colour;
    a shopper has not. Each pixel belongs softly to the bins near it (soft assignment, as NetVLAD's,
    Arandjelovic et al. 2016, section 3.1), so the gradient moves the bins to where colours are hard
    to tell apart. Shares are rooted, for differences between small ones to count.

    Args:
        levels: of each channel, at the start; bins are their combinations.
        boxes: that are read.
        size: of the hidden layer.
    """

    def __init__(self, levels: int, boxes: int = 2, size: int = 128) -> None:
        super().__init__()
        level = torch.linspace(0.0, 1.0, levels)
        self.bins = nn.Parameter(torch.cartesian_prod(level, level, level))
        # The floor under the deviation keeps colours that hardly occur from being blown up.
        self.norm = nn.BatchNorm1d(boxes * levels**3, eps=1e-3)
        self.hidden = nn.Linear(boxes * levels**3, size)

    def forward(self, images: Tensor, boxes: Tensor) -> Tensor:
        """RGB in [0, 255], [n, 3, side, side], and boxes [n, k, 4] in [0, 1], to [n, size]."""
        shares = self.histogram(images, boxes).flatten(1)
        read: Tensor = self.hidden(self.norm((shares + 1e-6).sqrt())).relu()
        return read

    def histogram(self, images: Tensor, boxes: Tensor) -> Tensor:
        """Shares of the bins in each box, [n, k, bins]; they add up to 1."""
        some = images[:, :, ::STEP, ::STEP] / 255.0
        pixels = some.flatten(2).transpose(1, 2)
        # Of the squared distance only what differs from bin to bin.
        near = pixels @ self.bins.t() - (self.bins**2).sum(1) / 2
        belongs = (near / REACH**2).softmax(2)
        inside = torch.stack([_inside(each, some) for each in boxes.unbind(1)], dim=1)
        return inside @ belongs


def _inside(boxes: Tensor, images: Tensor) -> Tensor:
    """Weights of an image's pixels in a box, [n, pixels]; they add up to 1."""
    columns = cell_weights(boxes[:, 0], boxes[:, 2], images.shape[3])
    rows = cell_weights(boxes[:, 1], boxes[:, 3], images.shape[2])
    weights = (rows[:, :, None] * columns[:, None, :]).flatten(1)
    return weights / weights.sum(1, keepdim=True).clamp(min=1e-6)
