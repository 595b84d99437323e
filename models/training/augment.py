"""Random views of a batch on the device, with colours that stay what their labels say."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def random_view(images: Tensor, boxes: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Turn, scale, shift, mirror and light a batch a little; hues are never touched.

    Args:
        images: [n, 3, s, s] in [0, 255], on white ground.
        boxes: [n, k, 4]: left, top, right, bottom in [0, 1].
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
    moved = [_move_boxes(each, matrix, shift) for each in boxes.unbind(1)]
    return _light(views), torch.stack(moved, dim=1)


def forget_items(boxes: Tensor, share: float = 0.5) -> Tensor:
    """Some items' own boxes as if nobody had looked for them; boxes [n, 2, 4], the item's second.

    A network must do with what stands out until the category, and so the item's box, is known.
    """
    where, _ = boxes.unbind(1)
    forgotten = torch.rand(len(boxes), 1, 1, device=boxes.device) < share
    return torch.where(forgotten, torch.stack([where, where], dim=1), boxes)


def _light(images: Tensor) -> Tensor:
    """Half of them lit otherwise; the rest as they are, for lightness tells navy from blue."""
    n = len(images)
    lit = (torch.rand(n, 1, 1, 1, device=images.device) < 0.5) * 0.3
    gain = 1 + (torch.rand(n, 1, 1, 1, device=images.device) - 0.5) * lit
    gamma = 1 + (torch.rand(n, 1, 1, 1, device=images.device) - 0.5) * lit
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
