"""The learned histogram of colours."""

from __future__ import annotations

import torch

from models.networks.colour_reader import ColourReader

WHOLE = [0.0, 0.0, 1.0, 1.0]
LEFT, RIGHT = [0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0]


def halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> torch.Tensor:
    image = torch.zeros(1, 3, 80, 80)
    image[0, :, :, :40] = torch.tensor(left, dtype=torch.float32)[:, None, None]
    image[0, :, :, 40:] = torch.tensor(right, dtype=torch.float32)[:, None, None]
    return image


def test_a_box_holds_the_colours_in_it_and_no_other() -> None:
    reader = ColourReader(levels=6, boxes=3)
    boxes = torch.tensor([[WHOLE, LEFT, RIGHT]])
    with torch.no_grad():
        whole, left, right = reader.histogram(halves((255, 0, 0), (0, 0, 51)), boxes)[0]
    red, navy = 5 * 36, 1
    for shares in (whole, left, right):
        torch.testing.assert_close(shares.sum(), torch.tensor(1.0))
    assert left.argmax() == red and left[navy] < 1e-6
    assert right.argmax() == navy and right[red] < 1e-6
    torch.testing.assert_close(whole, (left + right) / 2)


def test_a_colour_between_two_bins_belongs_to_both() -> None:
    reader = ColourReader(levels=2, boxes=1)
    grey = halves((128, 128, 128), (128, 128, 128))
    with torch.no_grad():
        shares = reader.histogram(grey, torch.tensor([[WHOLE]]))[0, 0]
    assert shares.max() - shares.min() < 0.2, "all eight corners are as far"


def test_an_empty_box_gives_numbers() -> None:
    reader = ColourReader(levels=3).eval()
    with torch.no_grad():
        read = reader(halves((9, 9, 9), (9, 9, 9)), torch.tensor([[WHOLE, [0.3, 0.3, 0.3, 0.3]]]))
    assert read.shape == (1, 128) and read.isfinite().all()


def test_bins_are_learned() -> None:
    torch.manual_seed(0)
    reader = ColourReader(levels=3)
    images = torch.rand(4, 3, 40, 40) * 255
    reader(images, torch.tensor([[WHOLE, LEFT]] * 4)).sum().backward()
    assert reader.bins.grad is not None and reader.bins.grad.abs().sum() > 0
