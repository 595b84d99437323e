"""What heads and decoder both start from: an encoder's maps, read in two boxes of a photo."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from houndstooth.models.networks.encoders import Encoder


def cell_weights(low: Tensor, high: Tensor, cells: int) -> Tensor:
    """How much of each of ``cells`` equal parts of [0, 1] lies between low and high.

    Args:
        low, high: [n], in [0, 1].

    Returns:
        [n, cells], in [0, 1].
    """
    start = torch.arange(cells, device=low.device, dtype=low.dtype) / cells
    left = torch.maximum(start[None], low[:, None])
    right = torch.minimum(start[None] + 1.0 / cells, high[:, None])
    return (right - left).clamp(min=0.0) * cells


def box_pool(maps: Tensor, boxes: Tensor) -> Tensor:
    """Average of a feature map over a box, cells weighted by their share inside it.

    Args:
        maps: [n, c, h, w].
        boxes: [n, 4]: left, top, right, bottom in [0, 1].

    Returns:
        [n, c].
    """
    columns = cell_weights(boxes[:, 0], boxes[:, 2], maps.shape[3])
    rows = cell_weights(boxes[:, 1], boxes[:, 3], maps.shape[2])
    area = columns.sum(1) * rows.sum(1)
    weights = rows[:, None, :, None] * columns[:, None, None, :]
    return (maps * weights).sum((2, 3)) / area.clamp(min=1e-6)[:, None]


class ItemReader(nn.Module):
    """An encoder whose two maps are pooled in the item's boxes.

    The middle map is read too: colours show there before the last map has turned them into things.
    Both are read twice, in all that stands out and in the item's own box: how a garment is worn
    says what it is, and only its own pixels say its colour.

    Args:
        mirror: when it serves, it looks at an image and at its mirror image, and what it reads is
            their mean: so a garment photographed from the other side has the same features.

    Attributes:
        width: how many numbers are read of an image.
    """

    def __init__(self, encoder: Encoder, mirror: bool = True) -> None:
        super().__init__()
        self.encoder, self.mirror = encoder, mirror
        self.width = 2 * sum(encoder.channels)

    def encode(self, images: Tensor, boxes: Tensor) -> Tensor:
        """The maps pooled in two boxes, [n, width].

        Args:
            images: RGB in [0, 255], [n, 3, side, side], any float or byte type.
            boxes: [n, 2, 4]: all that stands out, and the item's own; left, top, right, bottom in
                [0, 1].
        """
        return self.read(self.maps(images), *boxes.unbind(1))[1]

    def read(
        self, maps: tuple[Tensor, Tensor], boxes: Tensor, item_boxes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What the maps show in two boxes.

        Args:
            maps: as ``maps`` has them.
            boxes: [n, 4]: all that stands out.
            item_boxes: [n, 4]: the items' own.

        Returns:
            Features of the items' looks [n, width / 2], and all that is read [n, width].
        """
        features = self.pooled(maps, item_boxes)
        return features, torch.cat([self.pooled(maps, boxes), features], dim=1)

    def maps(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Middle and last map of RGB images in [0, 255], [n, 3, side, side].

        Where mirror images are looked at, theirs follow: 2n maps of each kind.
        """
        if self.views == 2:
            images = torch.cat([images, images.flip(3)])
        return self.encoder((images / 255.0 - self.encoder.mean) / self.encoder.std)

    @property
    def views(self) -> int:
        """How many looks an image is given."""
        return 2 if self.mirror and not self.training else 1

    def pooled(self, maps: tuple[Tensor, Tensor], boxes: Tensor) -> Tensor:
        """Middle and last map side by side, each pooled in a box, [n, sum of channels]."""
        if self.views == 2:
            left, top, right, bottom = boxes.unbind(1)
            boxes = torch.cat([boxes, torch.stack([1 - right, top, 1 - left, bottom], dim=1)])
        found = torch.cat([box_pool(each, boxes) for each in maps], dim=1)
        return found.reshape(self.views, -1, sum(self.encoder.channels)).mean(0)


class EncoderGraph(nn.Module):
    """From pixels as images hold them to maps, for export: all that does not ask for the item."""

    def __init__(self, network: ItemReader) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Of uint8 RGB [n, side, side, 3] the middle and the last map, [n, views, c, h, w].

        Of two views where mirror images are looked at, else of one.
        """
        maps = self.network.maps(pixels.permute(0, 3, 1, 2).float())
        views = self.network.views
        return tuple(each.reshape(views, -1, *each.shape[1:]).transpose(0, 1) for each in maps)


class ReaderGraph(nn.Module):
    """From an encoder's maps and two boxes to what is read there, for export."""

    def __init__(self, network: ItemReader) -> None:
        super().__init__()
        self.network = network

    def read(
        self, middle: Tensor, last: Tensor, boxes: Tensor, item_boxes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See ItemReader.read; the maps as EncoderGraph gives them."""
        maps = middle.transpose(0, 1).flatten(0, 1), last.transpose(0, 1).flatten(0, 1)
        return self.network.read(maps, boxes, item_boxes)


def reader_inputs(maps: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
    """Make example inputs of a ReaderGraph, for export: two images' maps and boxes."""
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.1, 0.8, 0.9]])
    return {"middle": maps[0], "last": maps[1], "boxes": boxes, "item_boxes": boxes.flip(0)}
