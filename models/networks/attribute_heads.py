"""One softmax head per attribute group: the baseline (paper, section 1), masked by groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from houndstooth.models.networks.encoders import Encoder
from houndstooth.models.networks.graph import Graph
from houndstooth.models.networks.item_reader import ItemReader, ReaderGraph, reader_inputs


class AttributeHeads(ItemReader):
    """Linear heads of all groups, side by side, on the features of an item.

    Args:
        encoder: the image encoder.
        classes: number of classes of each group.
        mirror: see ItemReader.
    """

    def __init__(
        self, encoder: Encoder, classes: list[int], mirror: bool = True, dropout: float = 0.2
    ) -> None:
        super().__init__(encoder, mirror)
        self.classes = classes
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.width, sum(classes))

    @classmethod
    def from_heads(
        cls, encoder: Encoder, heads: Mapping[str, Sequence[str]], mirror: bool, direct: bool
    ) -> AttributeHeads:
        """Build the network for the terms of some heads; ``direct`` has no meaning here."""
        return cls(encoder, [len(terms) for terms in heads.values()], mirror)

    def logits(self, pooled: Tensor) -> Tensor:
        """Compute the logits of all groups, [n, sum of classes], of pooled features [n, width]."""
        logits: Tensor = self.head(self.dropout(pooled))
        return logits

    def forward(self, images: Tensor, boxes: Tensor) -> Tensor:
        """Compute the logits of all groups, [n, sum of classes]; see ItemReader.encode."""
        return self.logits(self.encode(images, boxes))


class HeadsGraph(ReaderGraph):
    """The graph from maps and two boxes to features and logits, for export.

    Args:
        network: an ItemReader with a method ``logits``, such as AttributeHeads.
    """

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Compute features [n, d] and the logits of all groups [n, classes]; see pool_boxes."""
        features, pooled = self.pool_boxes(*inputs)
        return features, self.network.logits(pooled)  # type: ignore[operator]


def graphs(network: ItemReader, maps: tuple[Tensor, ...]) -> list[Graph]:
    """List what is exported beside the encoder.

    Args:
        network: see HeadsGraph.
        maps: those of two images.
    """
    inputs = reader_inputs(network, maps)
    return [Graph(".reader.onnx", HeadsGraph(network), inputs, ("features", "logits"))]
