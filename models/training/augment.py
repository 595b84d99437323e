"""Random views of a batch on the device, with colours that stay what their labels say."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def random_view(images: Tensor, boxes: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Turn, scale, shift, mirror and light a batch a little; hues are never touched.

    Args:
        images: [n, 3, s, s] in [0, 255], on white ground.
        boxes: [n, 4]: left, top, right, bottom in [0, 1].
        side: of the views, pixels.

    Returns:
        Images [n, 3, side, side] and the boxes' bounds in them.
    """
    n, device = len(images), images.device

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, device=device) * (high - low) + low

    angle = uniform(-0.17, 0.17)
    zoom, stretch = uniform(0.72, 1.1), uniform(0.94, 1.06)
    mirror = torch.where(torch.rand(n, device=device) < 0.5, -1.0, 1.0)
    shift = torch.stack([uniform(-0.1, 0.1), uniform(-0.1, 0.1)], dim=1)
    cos, sin = torch.cos(angle), torch.sin(angle)
    # Output coordinates in [-1, 1] to input coordinates.
    matrix = torch.stack(
        [
            torch.stack([mirror * cos * zoom * stretch, -sin * zoom], dim=1),
            torch.stack([mirror * sin * zoom * stretch, cos * zoom], dim=1),
        ],
        dim=1,
    )
    theta = torch.cat([matrix, shift[:, :, None]], dim=2)
    grid = F.affine_grid(theta, [n, 3, side, side], align_corners=False)
    # Inverted, so that what lies outside comes out white.
    views = 255.0 - F.grid_sample(255.0 - images.float(), grid, align_corners=False)
    return _light(views), _move_boxes(boxes, matrix, shift)


def _light(images: Tensor) -> Tensor:
    n = len(images)
    gain = torch.rand(n, 1, 1, 1, device=images.device) * 0.3 + 0.85
    gamma = torch.rand(n, 1, 1, 1, device=images.device) * 0.3 + 0.85
    return ((images.clamp(0, 255) / 255.0) ** gamma * gain * 255.0).clamp(0, 255)


def _move_boxes(boxes: Tensor, matrix: Tensor, shift: Tensor) -> Tensor:
    """Bounds of the boxes' corners under the inverse of the sampling transform."""
    left, top, right, bottom = (boxes * 2 - 1).unbind(1)
    corners = torch.stack(
        [
            torch.stack([left, top], 1),
            torch.stack([right, top], 1),
            torch.stack([left, bottom], 1),
            torch.stack([right, bottom], 1),
        ],
        dim=1,
    )
    moved = torch.linalg.solve(matrix, (corners - shift[:, None]).transpose(1, 2)).transpose(1, 2)
    low, high = moved.amin(1), moved.amax(1)
    bounds = ((torch.cat([low, high], 1) + 1) / 2).clamp(0, 1)
    empty = (bounds[:, 2:] - bounds[:, :2]).amin(1) < 0.02
    whole = torch.tensor([0.0, 0.0, 1.0, 1.0], device=boxes.device)
    return torch.where(empty[:, None], whole, bounds)
