"""Wide, deep and recurrent: a sigmoid for each label, from three kinds of features.

"Wide, Deep, and Recurrent" (Xiong and Wang 2018). Deep is any encoder; the paper's is Xception at
299 pixels, here usually an EfficientNet-Lite. Its maps are pooled as for the other recognisers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import torch
from torch import Tensor, nn

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.networks.encoders import Encoder
from houndstooth.models.networks.item_reader import ItemReader
from houndstooth.models.networks.wide_features import HUES, WideFeatures

OFF, CONCATENATED, SEPARATE = "off", "concatenated", "separate"
GRADIENT_FEATURES = 100
"""Size of the dense layer on the histogram of gradients, as in the paper."""


class LabelRecurrence(nn.Module):
    """A bidirectional GRU over the embeddings of all labels, started from the image (4.3).

    Args:
        features: number of features of an image.
        labels: their number; the GRU reads them in the order of their ids.
        size: size of the label embeddings and of the GRU.
    """

    def __init__(self, features: int, labels: int, size: int) -> None:
        super().__init__()
        self.state = nn.Linear(features, size)
        self.embeddings = nn.Parameter(torch.randn(labels, size) * size**-0.5)
        self.gru = nn.GRU(size, size, batch_first=True, bidirectional=True)

    def forward(self, deep: Tensor) -> Tensor:
        """Compute each label's embedding in the context of image and labels: [n, labels, 2 size].

        The tanh keeps the first state in the range of a GRU's states.
        """
        state = self.state(deep).tanh()
        labels = self.embeddings.expand(deep.shape[0], -1, -1)
        in_context, _ = self.gru(labels, torch.stack([state, state]))
        return torch.as_tensor(in_context)


class WideDeepRecurrent(ItemReader):
    """Deep, wide and recurrent features side by side, and one dense layer on them.

    Args:
        labels: number of labels: the terms of all heads, side by side.
        mirror: see ItemReader.
        wide: whether wide features are part of it: hues in the item's box, gradients of the view.
        recurrent: ``off``, ``concatenated`` (all labels' outputs go into the dense layer), or
            ``separate`` (each label's own output is added to its score, section 4.3.2).
        train_deep: whether the encoder is trained; without it, it stays as it is, statistics too.
        size: of the label embeddings and of the GRU.
        side: of the images whose wide features are counted, pixels: that of the served network.

    Raises:
        InvalidConfig: ``recurrent`` is none of the three.
    """

    def __init__(
        self,
        encoder: Encoder,
        labels: int,
        mirror: bool = True,
        *,
        wide: bool = False,
        recurrent: str = OFF,
        train_deep: bool = True,
        size: int = 32,
        side: int = 208,
        dropout: float = 0.2,
    ) -> None:
        super().__init__(encoder, mirror)
        if recurrent not in (OFF, CONCATENATED, SEPARATE):
            raise InvalidConfig(
                f"expected recurrent {OFF}, {CONCATENATED} or {SEPARATE}; got {recurrent!r}"
            )
        self.dropout, self.train_deep = nn.Dropout(dropout), train_deep
        if not train_deep:
            self.get_submodule("encoder").requires_grad_(False)
        features = self.width
        self.wide = WideFeatures(side) if wide else None
        if self.wide is not None:
            self.map_names = (*self.map_names, "wide")
            self.gradients = nn.Linear(self.wide.gradients, GRADIENT_FEATURES)
            features += HUES + GRADIENT_FEATURES
        self.recurrence = None
        self.own_scores = None
        if recurrent != OFF:
            self.recurrence = LabelRecurrence(self.width, labels, size)
        if recurrent == SEPARATE:
            self.own_scores = nn.Parameter(torch.randn(labels, 2 * size) * (2 * size) ** -0.5)
        elif recurrent == CONCATENATED:
            features += labels * 2 * size
        self.head = nn.Linear(features, labels)

    @classmethod
    def from_heads(
        cls,
        encoder: Encoder,
        heads: Mapping[str, Sequence[str]],
        mirror: bool,
        direct: bool,
        *,
        wide: bool = False,
        recurrent: str = OFF,
        train_deep: bool = True,
        size: int = 32,
        side: int = 208,
    ) -> WideDeepRecurrent:
        """Build the network whose labels are the terms of some heads; ``direct`` has no meaning."""
        labels = sum(len(terms) for terms in heads.values())
        return cls(
            encoder,
            labels,
            mirror,
            wide=wide,
            recurrent=recurrent,
            train_deep=train_deep,
            size=size,
            side=side,
        )

    def train(self, mode: bool = True) -> Self:
        """Set the mode as usual, but keep an encoder that is not trained in evaluation mode."""
        super().train(mode)
        if not self.train_deep:
            self.get_submodule("encoder").eval()
        return self

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Compute the encoder's maps, and the wide features' cells; see ItemReader."""
        maps = super().maps(images)
        return maps if self.wide is None else (*maps, self.wide(self.in_views(images)))

    def pool_boxes(
        self, maps: tuple[Tensor, ...], boxes: Tensor, item_boxes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Pool deep features in both boxes, followed by the wide ones; see ItemReader."""
        features, pooled = super().pool_boxes(maps, boxes, item_boxes)
        if self.wide is None:
            return features, pooled
        hues = self.wide.hue_histogram(maps[2], self.boxes_in_views(item_boxes))
        gradients = self.wide.gradient_histogram(maps[2])
        hues = hues.reshape(self.views, -1, HUES).mean(0)
        gradients = gradients.reshape(self.views, -1, self.wide.gradients).mean(0)
        return features, torch.cat([pooled, hues, gradients], dim=1)

    def logits(self, pooled: Tensor) -> Tensor:
        """Compute the scores of all labels, [n, labels], of the second output of pool_boxes."""
        deep = pooled[:, : self.width]
        parts = [self.dropout(deep)]
        if self.wide is not None:
            end = self.width + HUES
            parts += [pooled[:, self.width : end], self.gradients(pooled[:, end:])]
        if self.recurrence is None:
            return torch.as_tensor(self.head(torch.cat(parts, dim=1)))
        in_context = self.recurrence(parts[0])
        if self.own_scores is None:
            parts.append(in_context.flatten(1))
        scores = self.head(torch.cat(parts, dim=1))
        if self.own_scores is not None:
            scores = scores + (in_context * self.own_scores).sum(2)
        return torch.as_tensor(scores)

    def forward(self, images: Tensor, boxes: Tensor) -> Tensor:
        """Compute the scores of all labels, [n, labels]; see ItemReader.encode."""
        return self.logits(self.encode(images, boxes))
