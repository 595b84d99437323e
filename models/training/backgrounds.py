"""Product photos composited on other backgrounds than white.

Sellers photograph on white, shoppers on floors, beds and streets. A network that learns from
sellers' photos must not depend on the background.
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
from houndstooth.models.training.detection.composites import foreground_mask

CORNER = 0.3
"""Corners of this share of a photo's width and height show its background."""

SIDE = 96
"""Side of a background patch, pixels."""

MIN_WHITE_RIM = 0.6
"""A crop has a white background where at least this share of its rim is white."""

TINT = 0.06
"""Gain of a colour channel, as indoor light is not white."""


def read_backgrounds(labels: Path) -> NDArray[np.uint8]:
    """Read corners of the training photos of a plain CSV: uint8 RGB [n, SIDE, SIDE, 3].

    Raises:
        InvalidFeed: the file cannot be read, or names no training photo.
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
    """Mask the white background of crops.

    Args:
        pixels: uint8 RGB [n, s, s, 3].

    Returns:
        uint8 [n, s, s]: 255 where the background is white, else 0.
    """
    masks = np.zeros(pixels.shape[:3], dtype=np.uint8)
    for crop, mask in zip(pixels, masks, strict=True):
        white = ~foreground_mask(crop)
        rim = np.concatenate([white[0], white[-1], white[:, 0], white[:, -1]])
        if rim.mean() >= MIN_WHITE_RIM:
            # Dilated by a pixel, as the item's edge is half white.
            mask[ndimage.binary_dilation(white)] = 255
    return masks


def composite(views: Tensor, white: Tensor, backgrounds: Tensor, share: float) -> Tensor:
    """Composite some views on other backgrounds, with a tint.

    Args:
        views: [n, 3, s, s] in [0, 255].
        white: mask of the white background, [n, 1, s, s] in [0, 1].
        backgrounds: [m, 3, p, p] in [0, 255].
        share: share of the views that are composited.

    Returns:
        The views, [n, 3, s, s] in [0, 255].
    """
    n, side, device = len(views), views.shape[-1], views.device
    chosen = (torch.rand(n, 1, 1, 1, device=device) < share).float()
    patches = backgrounds[torch.randint(len(backgrounds), (n,), device=device)].float()
    # Half of them enlarged, half tiled with their mirror images.
    tiles = torch.cat([patches, patches.flip(3)], dim=3)
    tiles = torch.cat([tiles, tiles.flip(2)], dim=2)
    near, far = (F.interpolate(t, (side, side), mode="bilinear") for t in (patches, tiles))
    under = torch.where(torch.rand(n, 1, 1, 1, device=device) < 0.5, near, far)
    laid = views + (under - views) * white * chosen
    tint = 1 + (torch.rand(n, 3, 1, 1, device=device) * 2 - 1) * TINT * chosen
    return (laid * tint).clamp(0, 255)
