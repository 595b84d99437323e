"""Wide features: a histogram of hues and one of gradients, straight from the pixels.

"Wide, Deep, and Recurrent" (Xiong and Wang 2018), section 4.2. Both are counted in square cells, so
that hues are read in an item's box, as an encoder's maps are.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from houndstooth.models.networks.item_reader import box_pool

HUES = 50
ORIENTATIONS = 9
WHITE = 250.0
"""A pixel whose darkest channel has this value or more is white ground, to JPEG's accuracy."""


class WideFeatures(nn.Module):
    """Counts hues and gradients in the cells of an image.

    The paper drops "the pixels that reach maximum hue" as white ground. White has no hue; what it
    has at the maximum are all three channels. So pixels are dropped that are white. Greys have no
    hue either: as in the usual conversion to HSV they count as hue 0.

    Args:
        side: side of the images that are counted, pixels; others are resized to it.
        cell: side of a cell, pixels.
    """

    def __init__(self, side: int = 208, cell: int = 16) -> None:
        super().__init__()
        self.cell, self.cells = cell, side // cell
        self.side = self.cells * cell
        self.gradients = (self.cells - 1) ** 2 * 4 * ORIENTATIONS

    def forward(self, images: Tensor) -> Tensor:
        """Count hues and gradients of RGB images in [0, 255], [n, 3, s, s].

        Returns:
            [n, HUES + ORIENTATIONS, cells, cells].
        """
        if images.shape[-1] != self.side:
            images = F.interpolate(images, (self.side, self.side), mode="bilinear")
        return torch.cat([self._hues(images), self._gradients(images)], dim=1)

    def hue_histogram(self, cells: Tensor, boxes: Tensor) -> Tensor:
        """Compute the shares of hues in boxes [n, 4], [n, HUES]; zeros where all is white."""
        counts = box_pool(cells[:, :HUES], boxes)
        return counts / counts.sum(1, keepdim=True).clamp(min=1e-6)

    def gradient_histogram(self, cells: Tensor) -> Tensor:
        """Compute the histogram of oriented gradients (Dalal and Triggs 2005), [n, gradients].

        Each cell is normalised in the four blocks of two by two cells that it is part of.
        """
        of_cells = cells[:, HUES:]
        corners = [
            of_cells[:, :, y : self.cells - 1 + y, x : self.cells - 1 + x]
            for y in (0, 1)
            for x in (0, 1)
        ]
        blocks = torch.cat(corners, dim=1)
        norm = (blocks.square().sum(1, keepdim=True) + 1e-2).sqrt()
        return (blocks / norm).flatten(1)

    def _hues(self, images: Tensor) -> Tensor:
        red, green, blue = images.unbind(1)
        high, low = images.amax(1), images.amin(1)
        chroma = high - low
        span = chroma + (chroma == 0).float()
        sixth = torch.where(
            high == red,
            (green - blue) / span,
            torch.where(high == green, 2 + (blue - red) / span, 4 + (red - green) / span),
        )
        sixth = sixth + 6 * (sixth < 0).float()
        bins = (sixth * (HUES / 6)).floor().clamp(max=HUES - 1)
        return self._count(bins, (low < WHITE).float(), HUES)

    def _gradients(self, images: Tensor) -> Tensor:
        grey = images.mean(1, keepdim=True) / 255.0
        grey = F.pad(grey, (1, 1, 1, 1), mode="replicate")[:, 0]
        across = grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2]
        down = grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1]
        strength = (across.square() + down.square()).sqrt()
        angle = torch.atan(down / (across + (across == 0).float() * 1e-6))
        place = (angle / math.pi + 0.5) * ORIENTATIONS
        lower = place.floor()
        # A gradient counts in the two nearest bins, so that no rounding moves all of it.
        upper_share = place - lower
        lower = lower.clamp(max=ORIENTATIONS)
        wrapped = lower - ORIENTATIONS * (lower >= ORIENTATIONS).float()
        following = wrapped + 1 - ORIENTATIONS * (wrapped + 1 >= ORIENTATIONS).float()
        return self._count(wrapped, strength * (1 - upper_share), ORIENTATIONS) + self._count(
            following, strength * upper_share, ORIENTATIONS
        )

    def _count(self, bins: Tensor, weights: Tensor, count: int) -> Tensor:
        """Add up weights [n, side, side] by cell and bin: [n, count, cells, cells]."""
        along = torch.arange(self.side, device=bins.device) // self.cell
        rows = bins.long() * self.cells + along[:, None]
        place = (rows * self.cells + along).flatten(1)
        sums = torch.zeros(
            bins.shape[0], count * self.cells**2, device=bins.device, dtype=weights.dtype
        )
        sums = sums.scatter_add(1, place, weights.flatten(1))
        return sums.reshape(-1, count, self.cells, self.cells)
