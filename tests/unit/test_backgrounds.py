"""Compositing on backgrounds: the item and its labels stay, the white background goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.augment import random_view
from houndstooth.models.training.backgrounds import (
    SIDE,
    composite,
    read_backgrounds,
    white_background,
)


def crops(background: int = 255) -> NDArray[np.uint8]:
    pixels = np.full((2, 64, 64, 3), background, np.uint8)
    pixels[:, 16:48, 16:48] = (200, 20, 20)
    pixels[:, 28:36, 28:36] = 255  # a white print
    return pixels


def test_the_background_is_the_white_around_the_item() -> None:
    found = white_background(crops())
    assert found.shape == (2, 64, 64)
    assert (found[:, :16] == 255).all() and (found[:, :, 49:] == 255).all()
    assert (found[:, 18:46, 18:46] == 0).all()
    assert not white_background(crops(120)).any()


def test_views_are_composited_on_backgrounds() -> None:
    torch.manual_seed(1)
    pixels = crops()
    views = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    white = torch.from_numpy(white_background(pixels))[:, None] / 255.0
    backgrounds = torch.full((3, 3, 8, 8), 40, dtype=torch.uint8)
    laid = composite(views, white, backgrounds, 1.0)
    assert laid.shape == views.shape
    assert (laid[:, :, :14] - 40).abs().max() < 4
    assert (laid[:, :, 20:26, 20:26] / views[:, :, 20:26, 20:26] - 1).abs().max() < 0.07
    assert (laid[:, :, 29:35, 29:35] > 230).all()
    assert torch.equal(composite(views, white, backgrounds, 0.0), views)


def test_the_mask_of_the_background_moves_with_the_view() -> None:
    torch.manual_seed(2)
    pixels = crops()
    images = torch.from_numpy(np.concatenate([pixels, white_background(pixels)[..., None]], axis=3))
    box = torch.tensor([[0.25, 0.25, 0.75, 0.75]]).repeat(2, 1)
    views, _ = random_view(images.permute(0, 3, 1, 2), torch.stack([box, box], dim=1), 64)
    assert views.shape == (2, 4, 64, 64)
    assert (views[:, 3, 28:36, 28:36] < 1).all()
    assert (views[:, 3, :1] > 250).all() and (views[:, 3, :, -1:] > 250).all()


def write(folder: Path, split: str = "train") -> Path:
    Image.new("RGB", (60, 80), "green").save(folder / "a.png")
    (folder / "labels.csv").write_text(
        f"file,category,group,split,box\na.png,dress,a,{split},\na.png,skirt,a,{split},\n"
    )
    return folder / "labels.csv"


def test_backgrounds_are_corners_of_training_photos(tmp_path: Path) -> None:
    found = read_backgrounds(write(tmp_path))
    assert found.shape == (4, SIDE, SIDE, 3)
    assert (found == (0, 128, 0)).all()
    with pytest.raises(InvalidFeed, match="training photos"):
        read_backgrounds(write(tmp_path, "test"))
    with pytest.raises(InvalidFeed, match="file and split"):
        read_backgrounds(tmp_path / "none.csv")
