"""Views of photos as people send them, and quarter turns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from houndstooth.mappings.features import Box
from houndstooth.models.runtime.turns import turn_box, turn_image
from houndstooth.models.training import augment, photo_views

BOXES = torch.tensor([[0.1, 0.1, 0.9, 0.9], [0.25, 0.3, 0.6, 0.8]])


def view() -> torch.Tensor:
    """A red item on white, in its box."""
    image = torch.full((3, 100, 100), 255.0)
    image[:, 30:80, 25:60] = torch.tensor([200.0, 30.0, 30.0])[:, None, None]
    return image


@pytest.mark.parametrize("change", dict.fromkeys(photo_views.CHANGES), ids=lambda c: c.__name__)
def test_a_view_stays_a_view_with_its_item_in_its_box(change: photo_views.Change) -> None:
    for seed in range(8):
        torch.manual_seed(seed)
        image, boxes = change(view(), BOXES)
        assert image.shape == (3, 100, 100) and boxes.shape == (2, 4)
        assert float(image.min()) >= -0.01 and float(image.max()) <= 255.01
        assert (boxes >= 0).all() and (boxes <= 1).all() and (boxes[:, 2:] > boxes[:, :2]).all()
        left, top, right, bottom = (100 * boxes[1]).int().tolist()
        red = image[0] - image[1] > 60
        assert red[top : bottom + 1, left : right + 1].float().mean() > 0.05
        assert red.sum() > 0


def test_only_a_share_is_changed() -> None:
    torch.manual_seed(1)
    views, boxes = torch.stack([view()] * 60), torch.stack([BOXES] * 60)
    changed, _ = photo_views.as_sent(views, boxes, 0.4)
    share = ((changed - views).flatten(1).abs().amax(1) > 0).float().mean()
    assert 0.2 < share < 0.6
    same, same_boxes = photo_views.as_sent(views, boxes, 0.0)
    assert torch.equal(same, views) and torch.equal(same_boxes, boxes)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_boxes_turn_with_their_image(quarters: int) -> None:
    pixels = view().permute(1, 2, 0).byte().numpy()
    turned = np.asarray(turn_image(Image.fromarray(pixels), quarters))
    box = turn_box(Box(0.25, 0.3, 0.35, 0.5), quarters)
    ys, xs = np.nonzero(turned[..., 1] < 128)
    edges = (xs.min() / 100, ys.min() / 100, (xs.max() + 1) / 100, (ys.max() + 1) / 100)
    assert (box.x, box.y, box.x + box.w, box.y + box.h) == pytest.approx(edges)
    assert np.array_equal(turned, np.rot90(pixels, quarters))


def test_turned_views_say_by_how_much() -> None:
    torch.manual_seed(3)
    views, boxes = torch.stack([view()] * 40), torch.stack([BOXES] * 40)
    turned, moved, turns = augment.turn(views, boxes, 0.5)
    assert set(turns.tolist()) == {0, 1, 2, 3}
    for image, box, quarters in zip(turned, moved, turns.tolist(), strict=True):
        assert torch.equal(image, torch.rot90(view(), quarters, (1, 2)))
        expected = turn_box(Box(0.25, 0.3, 0.35, 0.5), quarters)
        left, top, right, bottom = box[1].tolist()
        assert (left, top) == pytest.approx((expected.x, expected.y), abs=1e-6)
        assert (right - left, bottom - top) == pytest.approx((expected.w, expected.h), abs=1e-6)
