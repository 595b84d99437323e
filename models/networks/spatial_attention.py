"""Spatial attention: each cell of a map gets a weight (Structure-Aware paper, section 3.2)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class SpatialAttention(nn.Module):
    """Multiplies all channels of a map by one weight for each cell.

    The weights are computed from the map itself, so each image has its own. The paper calls them a
    template of 13×13 that is learned, but also a dynamic matrix that shows what matters in a given
    image, and its pictures differ by image: one template for all images could do neither. It would
    also be of one size, and views are smaller in training than when serving.

    The convolution starts from the standard Gaussian, as in the paper. Each cell is scaled to unit
    length before it, so that at first the logits are of variance 1 too. The maps themselves are so
    large that 98 % of the weights began below 0.01 or above 0.99, where a sigmoid hardly learns.

    Args:
        channels: of the map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, 1, kernel_size=1)
        nn.init.normal_(self.convolution.weight)
        nn.init.zeros_(self.convolution.bias)  # type: ignore[arg-type]

    def weights(self, maps: Tensor) -> Tensor:
        """Compute the weights of the cells of maps [n, c, h, w], in (0, 1): [n, 1, h, w]."""
        weights: Tensor = self.convolution(F.normalize(maps, dim=1)).sigmoid()
        return weights

    def forward(self, maps: Tensor) -> Tensor:
        """Weigh the cells of maps [n, c, h, w]."""
        return maps * self.weights(maps)
