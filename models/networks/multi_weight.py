"""Multi-label, multi-task and multi-weight networks: a sigmoid for each label.

"Improving Deep Convolutional Neural Networks for Real-world Clothing Image" (Li et al. 2017). The
shared layers are any encoder, in the place of the paper's AlexNet; its pooled features are the
learned representation, which retrieval compares. Multi-task and multi-weight are one network: they
differ in the weights of the groups' losses (see MultiLabelObjective).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from houndstooth.models.networks.encoders import Encoder
from houndstooth.models.networks.item_reader import ItemReader


class MultiWeight(ItemReader):
    """Output layers of all groups on shared layers, each after a private hidden layer or none.

    Args:
        classes: number of classes of each group.
        mirror: see ItemReader.
        private: size of each group's hidden layer. At 0 there are none: then the output layers are
            one layer for all labels, and the network is the paper's multi-label one.
    """

    def __init__(
        self,
        encoder: Encoder,
        classes: Sequence[int],
        mirror: bool = True,
        *,
        private: int = 0,
        dropout: float = 0.2,
    ) -> None:
        super().__init__(encoder, mirror)
        self.dropout = nn.Dropout(dropout)
        outputs = list(classes) if private else [sum(classes)]
        hidden = nn.Linear(self.width, private * len(outputs)) if private else None
        self.private, self.hidden = private, hidden
        self.outputs = nn.ModuleList(nn.Linear(private or self.width, n) for n in outputs)

    @classmethod
    def from_heads(
        cls,
        encoder: Encoder,
        heads: Mapping[str, Sequence[str]],
        mirror: bool,
        direct: bool,
        *,
        private: int = 0,
    ) -> MultiWeight:
        """Build the network for the terms of some heads; ``direct`` has no meaning here."""
        return cls(encoder, [len(terms) for terms in heads.values()], mirror, private=private)

    def task_weights(self) -> list[nn.Parameter]:
        """List the weights that are not shared by all groups; see ItemReader."""
        hidden = [] if self.hidden is None else list(self.hidden.parameters())
        return [*hidden, *self.outputs.parameters()]

    def logits(self, pooled: Tensor) -> Tensor:
        """Compute the scores of all labels, [n, sum of classes], of pooled features [n, width]."""
        pooled = self.dropout(pooled)
        if self.hidden is None:
            return torch.as_tensor(self.outputs[0](pooled))
        parts = self.hidden(pooled).relu().split(self.private, dim=1)
        scores = [layer(part) for layer, part in zip(self.outputs, parts, strict=True)]
        return torch.cat(scores, dim=1)

    def forward(self, images: Tensor, boxes: Tensor) -> Tensor:
        """Compute the scores of all labels, [n, sum of classes]; see ItemReader.encode."""
        return self.logits(self.encode(images, boxes))
