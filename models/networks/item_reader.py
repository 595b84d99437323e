"""Features of an item: an encoder's maps, pooled in two boxes of a photo."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from houndstooth.models.networks.encoders import Encoder


def cell_weights(low: Tensor, high: Tensor, cells: int) -> Tensor:
    """Compute the share of each of ``cells`` equal parts of [0, 1] between low and high.

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
    """Average a feature map over a box, cells weighted by their share inside it.

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
    """An encoder whose middle and last map are pooled in the item's boxes.

    The middle map keeps colours, which the last map abstracts away. Both are pooled twice, in the
    foreground's box and in the item's own: the context of a garment helps its category, and only
    its own pixels show its colour.

    Args:
        mirror: average the features of an image and its mirror image when serving, so that a
            garment photographed from the other side has the same features.

    Attributes:
        width: number of features of an image.
        map_names: names of what ``maps`` returns; the encoder's come first.
    """

    map_names: tuple[str, ...] = ("middle", "last")

    def __init__(self, encoder: Encoder, mirror: bool = True) -> None:
        super().__init__()
        self.encoder, self.mirror = encoder, mirror
        self.width = 2 * sum(encoder.channels)

    def task_weights(self) -> list[nn.Parameter]:
        """List the weights that ``task_learning_rate`` of a recipe is for: none by default."""
        return []

    def encode(self, images: Tensor, boxes: Tensor) -> Tensor:
        """Compute the maps pooled in two boxes, [n, width].

        Args:
            images: RGB in [0, 255], [n, 3, side, side], any float or byte type.
            boxes: [n, 2, 4]: the foreground's and the item's own; left, top, right, bottom in
                [0, 1].
        """
        return self.pool_boxes(self.maps(images), *boxes.unbind(1))[1]

    def pool_boxes(
        self, maps: tuple[Tensor, ...], boxes: Tensor, item_boxes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Pool the maps in two boxes.

        Args:
            maps: as ``maps`` returns them.
            boxes: [n, 4]: the foregrounds'.
            item_boxes: [n, 4]: the items' own.

        Returns:
            Features of the item's box [n, width / 2], for the binary code, and of both boxes
            [n, width].
        """
        features = self.pool(maps, item_boxes)
        return features, torch.cat([self.pool(maps, boxes), features], dim=1)

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Compute the middle and the last map of RGB images in [0, 255], [n, 3, side, side].

        With mirror images theirs follow: 2n of each map.
        """
        images = self.in_views(images)
        return self.encoder((images / 255.0 - self.encoder.mean) / self.encoder.std)

    def in_views(self, images: Tensor) -> Tensor:
        """Make the images of all views: with mirror images these follow, 2n."""
        return torch.cat([images, images.flip(3)]) if self.views == 2 else images

    def boxes_in_views(self, boxes: Tensor) -> Tensor:
        """Make the boxes [n, 4] of all views, in the same order as the images."""
        if self.views == 1:
            return boxes
        left, top, right, bottom = boxes.unbind(1)
        return torch.cat([boxes, torch.stack([1 - right, top, 1 - left, bottom], dim=1)])

    @property
    def views(self) -> int:
        """The number of views of an image: 2 with its mirror image, else 1."""
        return 2 if self.mirror and not self.training else 1

    def pool(self, maps: tuple[Tensor, ...], boxes: Tensor) -> Tensor:
        """Pool the middle and the last map in a box, side by side: [n, sum of channels]."""
        boxes = self.boxes_in_views(boxes)
        pooled = torch.cat([box_pool(each, boxes) for each in maps[:2]], dim=1)
        return pooled.reshape(self.views, -1, sum(self.encoder.channels)).mean(0)


class EncoderGraph(nn.Module):
    """The graph from pixels to maps, for export; it does not depend on the item."""

    def __init__(self, network: ItemReader) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps of uint8 RGB [n, side, side, 3]; see ItemReader.

        Returns:
            [n, views, c, h, w] each, two views with mirror images.
        """
        maps = self.network.maps(pixels.permute(0, 3, 1, 2).float())
        views = self.network.views
        return tuple(each.reshape(views, -1, *each.shape[1:]).transpose(0, 1) for each in maps)


class ReaderGraph(nn.Module):
    """The graph from an encoder's maps and two boxes to features, for export."""

    def __init__(self, network: ItemReader) -> None:
        super().__init__()
        self.network = network

    def pool_boxes(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Pool the maps of EncoderGraph in two boxes, which follow; see ItemReader.pool_boxes."""
        *maps, boxes, item_boxes = inputs
        by_view = tuple(each.transpose(0, 1).flatten(0, 1) for each in maps)
        return self.network.pool_boxes(by_view, boxes, item_boxes)


def reader_inputs(network: ItemReader, maps: tuple[Tensor, ...]) -> dict[str, Tensor]:
    """Make example inputs of a ReaderGraph, for export: two images' maps and boxes."""
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.1, 0.8, 0.9]])
    by_name = dict(zip(network.map_names, maps, strict=True))
    return {**by_name, "boxes": boxes, "item_boxes": boxes.flip(0)}
