"""One softmax head per attribute group: the baseline (paper, section 1), masked by groups."""

from __future__ import annotations

from torch import Tensor, nn

from models.networks.encoders import Encoder
from models.networks.item_reader import ItemReader, ReaderGraph


class AttributeHeads(ItemReader):
    """A linear head over all groups' classes, side by side, on what is read of the image.

    Args:
        encoder: the image encoder.
        classes: how many classes each group has.
        mirror: see ItemReader.
    """

    def __init__(
        self, encoder: Encoder, classes: list[int], mirror: bool = True, dropout: float = 0.2
    ) -> None:
        super().__init__(encoder, mirror)
        self.classes = classes
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.width, sum(classes))

    def forward(self, images: Tensor, boxes: Tensor) -> Tensor:
        """Logits of all groups, [n, sum of classes]; see ItemReader.encode."""
        logits: Tensor = self.head(self.dropout(self.encode(images, boxes)))
        return logits


class HeadsGraph(ReaderGraph):
    """From maps and two boxes to features and logits, for export."""

    network: AttributeHeads

    def forward(
        self, middle: Tensor, last: Tensor, boxes: Tensor, item_boxes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """See ReaderGraph.read: features [n, d] and the logits of all groups [n, classes]."""
        features, read = self.read(middle, last, boxes, item_boxes)
        return features, self.network.head(read)
