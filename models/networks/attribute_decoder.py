"""Attributes as a sequence: an LSTM over label embeddings, started from the image.

Paper, section 3.2. Added to the paper's decoder is a linear layer from the image to every token's
score, so the LSTM need only learn what the labels before it change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from houndstooth.models.networks.encoders import Encoder
from houndstooth.models.networks.graph import Graph
from houndstooth.models.networks.item_reader import ItemReader, ReaderGraph, reader_inputs

State = tuple[Tensor, Tensor]


class AttributeDecoder(nn.Module):
    """Decodes the scores of the next token, from the image and the tokens so far.

    Args:
        features: number of features of an image.
        tokens: number of tokens, the end included.
        size: size of the label embeddings and of the LSTM.
        direct: whether scores have a part straight from the image; without it, the paper's own.
    """

    def __init__(
        self,
        features: int,
        tokens: int,
        size: int = 256,
        dropout: float = 0.2,
        direct: bool = True,
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.image_embedding = nn.Linear(features, size)
        self.label_embedding = nn.Embedding(tokens, size)
        self.lstm = nn.LSTM(size, size, batch_first=True)
        self.from_image = nn.Linear(features, tokens) if direct else None
        self.from_sequence = nn.Linear(size, tokens)

    def start(self, pooled: Tensor) -> tuple[Tensor, State]:
        """Compute an image's own part of all scores, and the state after the image.

        Args:
            pooled: [n, features].

        Returns:
            Scores [n, tokens] that hold at every step, and hidden and cell state [n, size] each.
        """
        pooled = self.dropout(pooled)
        embedded = self.image_embedding(pooled)
        nothing = torch.zeros_like(embedded)
        hidden, cell = self._cell(embedded, (nothing, nothing))
        if self.from_image is None:
            scores = torch.zeros_like(self.from_sequence(hidden))
        else:
            scores = self.from_image(pooled)
        return scores, (hidden, cell)

    def score(self, scores: Tensor, hidden: Tensor) -> Tensor:
        """Compute the scores of the next token, [n, tokens], not yet limited by the grammar."""
        added: Tensor = self.from_sequence(self.dropout(hidden))
        return scores + added

    def step(self, tokens: Tensor, state: State) -> State:
        """Compute the state after one more token, int64 [n]."""
        return self._cell(self.label_embedding(tokens), state)

    def forward(self, pooled: Tensor, sequences: Tensor) -> Tensor:
        """Compute the scores at every step, given the true tokens before it (teacher forcing).

        Args:
            pooled: [n, features].
            sequences: tokens, int64 [n, length].

        Returns:
            [n, length + 1, tokens]: the first from the image alone, the last after all tokens.
        """
        scores, (hidden, cell) = self.start(pooled)
        embedded = self.label_embedding(sequences)
        after, _ = self.lstm(embedded, (hidden[None], cell[None]))
        return self.score(scores[:, None], torch.cat([hidden[:, None], after], dim=1))

    def _cell(self, inputs: Tensor, state: State) -> State:
        """Compute one step of the LSTM in plain operations: exported weights keep their names."""
        hidden, cell = state
        of_input, of_hidden, bias_input, bias_hidden = self.lstm.parameters()
        gates = F.linear(inputs, of_input, bias_input)
        gates = gates + F.linear(hidden, of_hidden, bias_hidden)
        entry, forget, candidate, output = gates.chunk(4, dim=1)
        cell = forget.sigmoid() * cell + entry.sigmoid() * candidate.tanh()
        return output.sigmoid() * cell.tanh(), cell


class AttributeSequence(ItemReader):
    """The attribute decoder on an encoder's features.

    Args:
        tokens: number of tokens, the end included.
        mirror: see ItemReader.
        decoder: further arguments of AttributeDecoder.
    """

    def __init__(
        self, encoder: Encoder, tokens: int, mirror: bool = True, **decoder: float | bool
    ) -> None:
        super().__init__(encoder, mirror)
        self.decoder = AttributeDecoder(self.width, tokens, **decoder)  # type: ignore[arg-type]

    @classmethod
    def from_heads(
        cls, encoder: Encoder, heads: Mapping[str, Sequence[str]], mirror: bool, direct: bool
    ) -> AttributeSequence:
        """Build the network whose tokens are the terms of some heads, and the end."""
        tokens = sum(len(terms) for terms in heads.values()) + 1
        return cls(encoder, tokens, mirror, direct=direct)

    def forward(self, images: Tensor, boxes: Tensor, sequences: Tensor) -> Tensor:
        """Compute the scores at every step, [n, length + 1, tokens]; see AttributeDecoder."""
        scores: Tensor = self.decoder(self.encode(images, boxes), sequences)
        return scores


class StartGraph(ReaderGraph):
    """The graph from maps and two boxes to features and the decoder's start, for export."""

    network: AttributeSequence

    def forward(
        self, middle: Tensor, last: Tensor, boxes: Tensor, item_boxes: Tensor
    ) -> tuple[Tensor, ...]:
        """Compute the features and the decoder's start; see ReaderGraph.pool_boxes.

        Returns:
            Features [n, d], the first token's scores [n, tokens], the image's part of all scores
            [n, tokens], hidden and cell state [n, size].
        """
        features, pooled = self.pool_boxes(middle, last, boxes, item_boxes)
        decoder = self.network.decoder
        image_scores, (hidden, cell) = decoder.start(pooled)
        return features, decoder.score(image_scores, hidden), image_scores, hidden, cell


class StepGraph(nn.Module):
    """The graph of one step of the decoder, for export."""

    def __init__(self, decoder: AttributeDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self, tokens: Tensor, image_scores: Tensor, hidden: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the next token's scores [n, tokens], hidden and cell, after tokens int64 [n]."""
        hidden, cell = self.decoder.step(tokens, (hidden, cell))
        return self.decoder.score(image_scores, hidden), hidden, cell


def decoder_graph(decoder: AttributeDecoder) -> Graph:
    """Make the graph of one step for export, with two images' tokens and states as examples."""
    size = decoder.lstm.hidden_size
    inputs = {
        "tokens": torch.zeros(2, dtype=torch.int64),
        "image_scores": torch.zeros(2, decoder.from_sequence.out_features),
        "hidden": torch.zeros(2, size),
        "cell": torch.zeros(2, size),
    }
    outputs = ("scores", "next_hidden", "next_cell")
    return Graph(".decoder.onnx", StepGraph(decoder), inputs, outputs)


def graphs(network: AttributeSequence, maps: tuple[Tensor, ...]) -> list[Graph]:
    """List what is exported beside the encoder.

    Args:
        maps: middle and last map of two images.
    """
    start = ("features", "first", "image_scores", "hidden", "cell")
    return [
        Graph(".reader.onnx", StartGraph(network), reader_inputs(network, maps), start),
        decoder_graph(network.decoder),
    ]
