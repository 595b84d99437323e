"""Product photos as if they had been taken elsewhere: their white background becomes another.

Sellers photograph on white, shoppers on floors, beds and streets. What is learned from the former
must not hang on the background.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from torch import Tensor

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.detection.composites import outline

# Corners of photos, of this share of their width and height, show what is around the items.
CORNER = 0.3
SIDE = 96
# The background is white where so much of the rim is.
PLAIN = 0.6
# Light indoors is not white: gains of a colour channel.
TINT = 0.06


def read_backgrounds(labels: Path) -> NDArray[np.uint8]:
    """Corners of the training photos of a plain CSV: uint8 RGB [n, SIDE, SIDE, 3].

    Raises:
        InvalidFeed: it cannot be read, or names no training photo.
    """
    try:
        with labels.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
        files = sorted({labels.parent / row["file"] for row in rows})
        corners = [corner for path in files for corner in _corners(path)]
    except (OSError, KeyError, csv.Error) as error:
        raise InvalidFeed(
            f"expected photos named by file and split in {labels}; {error!r}"
        ) from None
    if not corners:
        raise InvalidFeed(f"expected training photos in {labels}; got none")
    return np.stack(corners)


def _corners(path: Path) -> list[NDArray[np.uint8]]:
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    width, height = image.size
    wide, high = round(width * CORNER), round(height * CORNER)
    return [
        np.asarray(image.crop((x, y, x + wide, y + high)).resize((SIDE, SIDE)))
        for x in (0, width - wide)
        for y in (0, height - high)
    ]


def white_background(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where crops show white background: 255 there and 0 elsewhere, all 0 where the background is another.

    Args:
        pixels: uint8 RGB [n, s, s, 3].

    Returns:
        uint8 [n, s, s].
    """
    found = np.zeros(pixels.shape[:3], dtype=np.uint8)
    for crop, background in zip(pixels, found, strict=True):
        outside = ~outline(crop)
        rim = np.concatenate([outside[0], outside[-1], outside[:, 0], outside[:, -1]])
        if rim.mean() >= PLAIN:
            # By a pixel more, as the item's edge is half white.
            background[ndimage.binary_dilation(outside)] = 255
    return found


def composite(views: Tensor, outside: Tensor, backgrounds: Tensor, share: float) -> Tensor:
    """Some views on other backgrounds, and in their light.

    Args:
        views: [n, 3, s, s] in [0, 255].
        outside: of the white background, [n, 1, s, s] in [0, 1].
        backgrounds: [m, 3, p, p] in [0, 255].
        share: of the views that are laid on another.
    """
    n, side, device = len(views), views.shape[-1], views.device
    chosen = (torch.rand(n, 1, 1, 1, device=device) < share).float()
    patches = backgrounds[torch.randint(len(backgrounds), (n,), device=device)].float()
    # Half of them larger, and half as they are, with their mirror images beside them.
    tiles = torch.cat([patches, patches.flip(3)], dim=3)
    tiles = torch.cat([tiles, tiles.flip(2)], dim=2)
    near, far = (F.interpolate(t, (side, side), mode="bilinear") for t in (patches, tiles))
    under = torch.where(torch.rand(n, 1, 1, 1, device=device) < 0.5, near, far)
    laid = views + (under - views) * outside * chosen
    tint = 1 + (torch.rand(n, 3, 1, 1, device=device) * 2 - 1) * TINT * chosen
    return (laid * tint).clamp(0, 255)
