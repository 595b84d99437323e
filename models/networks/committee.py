"""Sequence networks that decide together, and what is exported of them.

Each is a little wrong in its own way, so the mean of their scores is better than either's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from models.networks.attribute_decoder import AttributeDecoder, AttributeSequence


class Committee(nn.Module):
    """The mean of its members' scores at every step; what they say together, all hear.

    Appearance is the first member's alone: a code of all would only be longer.
    """

    def __init__(self, members: Sequence[AttributeSequence]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def features(self, images: Tensor, item_boxes: Tensor) -> Tensor:
        """See AttributeSequence.features."""
        first = cast(AttributeSequence, self.members[0])
        return first.features(images, item_boxes)

    def forward(self, images: Tensor, boxes: Tensor, sequences: Tensor) -> Tensor:
        """Scores at every step, [n, length + 1, tokens]; see AttributeDecoder.forward."""
        return _mean([member(images, boxes, sequences) for member in self.members])


class EncoderGraph(nn.Module):
    """From pixels as images hold them to features and the first step's scores, for export."""

    def __init__(self, members: Sequence[AttributeSequence]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, pixels: Tensor, boxes: Tensor, item_boxes: Tensor) -> tuple[Tensor, ...]:
        """uint8 RGB [n, side, side, 3] and boxes [n, 4] to what decoding starts from.

        Args:
            boxes: all that stands out.
            item_boxes: the items' own, where features of their looks are taken.

        Returns:
            Features [n, d], the first token's scores [n, tokens], the image's part of all scores
            [n, tokens], hidden and cell state side by side [n, members * size].
        """
        images = pixels.permute(0, 3, 1, 2).float()
        members = cast(Iterable[AttributeSequence], self.members)
        parts = [member.start(images, boxes, item_boxes) for member in members]
        features, first, image_scores, hidden, cell = zip(*parts, strict=True)
        states = torch.cat(hidden, dim=1), torch.cat(cell, dim=1)
        return features[0], _mean(first), _mean(image_scores), *states


class StepGraph(nn.Module):
    """One step of the members' decoders, for export."""

    def __init__(self, decoders: Sequence[AttributeDecoder]) -> None:
        super().__init__()
        self.decoders = nn.ModuleList(decoders)

    def forward(
        self, tokens: Tensor, image_scores: Tensor, hidden: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens int64 [n] to the next token's scores [n, tokens], hidden and cell."""
        decoders = list(cast(Iterable[AttributeDecoder], self.decoders))
        before = zip(hidden.chunk(len(decoders), 1), cell.chunk(len(decoders), 1), strict=True)
        after = [each.step(tokens, state) for each, state in zip(decoders, before, strict=True)]
        hiddens, cells = zip(*after, strict=True)
        scores = [each.score(image_scores, h) for each, h in zip(decoders, hiddens, strict=True)]
        return _mean(scores), torch.cat(hiddens, dim=1), torch.cat(cells, dim=1)


def _mean(scores: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(scores)).mean(0) if len(scores) > 1 else scores[0]
