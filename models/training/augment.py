"""Augmentation of a batch on the device; hues stay, so that colour labels stay true."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def random_view(images: Tensor, boxes: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Rotate, scale, shift, mirror and relight a batch a little; hues never change.

    Args:
        images: [n, 3, s, s] in [0, 255], on white background; a fourth channel moves along.
        boxes: [n, k, 4]: left, top, right, bottom in [0, 1].
        side: side of the views, pixels.

    Returns:
        The views [n, 3, side, side], and the bounds of the boxes in them.
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
    grid = F.affine_grid(theta, [n, 1, side, side], align_corners=False)
    # Inverted, so that pixels beyond the image become white.
    views = 255.0 - F.grid_sample(255.0 - images.float(), grid, align_corners=False)
    moved = [_move_boxes(each, matrix, shift) for each in boxes.unbind(1)]
    views = torch.cat([_light(views[:, :3]), views[:, 3:]], dim=1)
    return views, torch.stack(moved, dim=1)


def random_mirror(images: Tensor, boxes: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Mirror half of a batch, and change nothing else; for the arguments see random_view."""
    views = images.float()
    if views.shape[-1] != side:
        views = F.interpolate(views, (side, side), mode="bilinear", antialias=True)
    mirrored = torch.rand(len(images), device=images.device) < 0.5
    left, top, right, bottom = boxes.unbind(-1)
    other = torch.stack([1 - right, top, 1 - left, bottom], dim=-1)
    views = torch.where(mirrored[:, None, None, None], views.flip(3), views)
    return views, torch.where(mirrored[:, None, None], other, boxes)


def occlude(views: Tensor, boxes: Tensor, share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Occlude some views by the view before, but for a strip of the item: a jacket on a T-shirt.

    Pixels beyond the item's box then say nothing of the item, so a network learns from its box.

    Args:
        views: [n, 3, s, s].
        boxes: [n, 2, 4]: the foreground's box and the item's own; left, top, right, bottom in
            [0, 1].
        share: share of the views that are occluded; at 0 no random number is drawn.

    Returns:
        Views, their boxes (the item's own is the strip), and which are occluded, bool [n].
    """
    n, side, device = len(views), views.shape[-1], views.device
    if share == 0:
        return views, boxes, torch.zeros(n, dtype=torch.bool, device=device)
    strips = _strips(boxes[:, 1])
    occluded = torch.rand(n, device=device) < share
    centres = (torch.arange(side, device=device) + 0.5) / side
    low, high = strips[:, :2, None], strips[:, 2:, None]
    x, y = ((centres >= low) & (centres <= high)).unbind(1)
    kept = (y[:, :, None] & x[:, None, :]) | ~occluded[:, None, None]
    views = torch.where(kept[:, None], views, views.roll(1, 0))
    over = boxes[:, 0].roll(1, 0)
    low, high = torch.minimum(strips, over)[:, :2], torch.maximum(strips, over)[:, 2:]
    both = torch.stack([torch.cat([low, high], dim=1), strips], dim=1)
    return views, torch.where(occluded[:, None, None], both, boxes), occluded


def _strips(boxes: Tensor) -> Tensor:
    """Draw upright or horizontal strips of boxes, 0.35 to 0.8 of a side: [n, 4]."""
    n, device = len(boxes), boxes.device
    left, top, right, bottom = boxes.unbind(1)
    part = torch.rand(n, device=device) * 0.45 + 0.35
    start = torch.rand(n, device=device) * (1 - part)
    width, height = right - left, bottom - top
    upright = torch.stack([left + start * width, top, left + (start + part) * width, bottom], dim=1)
    lying = torch.stack([left, top + start * height, right, top + (start + part) * height], dim=1)
    return torch.where(torch.rand(n, 1, device=device) < 0.5, upright, lying)


def drop_item_boxes(boxes: Tensor, share: float = 0.5) -> Tensor:
    """Replace some items' own boxes by the foreground's, as before the category is known.

    Args:
        boxes: [n, 2, 4], the item's own second.
        share: share of the items whose box is replaced.
    """
    foreground, _ = boxes.unbind(1)
    dropped = torch.rand(len(boxes), 1, 1, device=boxes.device) < share
    return torch.where(dropped, torch.stack([foreground, foreground], dim=1), boxes)


def turn(views: Tensor, boxes: Tensor, share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Turn some views by one to three quarters, anticlockwise.

    Args:
        views: [n, 3, s, s].
        boxes: [n, k, 4]: left, top, right, bottom in [0, 1].
        share: share of the views that are turned.

    Returns:
        Views, boxes, and by how many quarters each is turned, int64 [n].
    """
    n, device = len(views), views.device
    turns = torch.randint(1, 4, (n,), device=device)
    turns = torch.where(torch.rand(n, device=device) < share, turns, 0)
    views, boxes = views.clone(), boxes.clone()
    for quarters in (1, 2, 3):
        rows = turns == quarters
        views[rows] = torch.rot90(views[rows], quarters, (2, 3))
        for _ in range(quarters):
            left, top, right, bottom = boxes[rows].unbind(-1)
            boxes[rows] = torch.stack([top, 1 - right, bottom, 1 - left], dim=-1)
    return views, boxes, turns


def _light(images: Tensor) -> Tensor:
    """Relight half of the images; only half, as lightness tells navy from blue."""
    n = len(images)
    lit = (torch.rand(n, 1, 1, 1, device=images.device) < 0.5) * 0.3
    gain = 1 + (torch.rand(n, 1, 1, 1, device=images.device) - 0.5) * lit
    gamma = 1 + (torch.rand(n, 1, 1, 1, device=images.device) - 0.5) * lit
    return ((images.clamp(0, 255) / 255.0) ** gamma * gain * 255.0).clamp(0, 255)


def _move_boxes(boxes: Tensor, matrix: Tensor, shift: Tensor) -> Tensor:
    """Bound the boxes' corners under the inverse of the sampling transform."""
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
