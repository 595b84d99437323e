"""One network that answers for an ensemble: an attribute sequence with more outputs.

To the sequence of categories and of the groups that sellers state it adds a sigmoid for each other
attribute term ("Wide, Deep, and Recurrent", section 4), whether other items are seen beside the
item, and by how many quarters the photo is turned. Maps are pooled by salience ("Structure-Aware",
section 3.2): bars, banners and floors weigh little, so that features depend less on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from houndstooth.models.networks.attribute_decoder import AttributeSequence, decoder_graph
from houndstooth.models.networks.encoders import Encoder
from houndstooth.models.networks.graph import Graph
from houndstooth.models.networks.item_reader import ReaderGraph, box_pool, reader_inputs

TURNS = 4
"""Quarter turns, anticlockwise: none, one, two, three."""


class DistilledSequence(AttributeSequence):
    """An attribute sequence that is taught by an ensemble.

    Args:
        tokens: number of tokens of the sequence, the end included.
        terms: number of attribute terms that the sequence does not have.
        taught: number of the teacher's features; 0 where it is only to serve.
        mirror: see ItemReader.
        decoder: further arguments of AttributeDecoder.
    """

    def __init__(
        self,
        encoder: Encoder,
        tokens: int,
        terms: int,
        taught: int = 0,
        mirror: bool = False,
        **decoder: float | bool,
    ) -> None:
        super().__init__(encoder, tokens, mirror, **decoder)
        # Zero at first: the mean over a box, as the pretrained decoder knows it.
        self.salience = nn.Conv2d(encoder.channels[1], 1, kernel_size=1)
        nn.init.zeros_(self.salience.weight)
        nn.init.zeros_(self.salience.bias)  # type: ignore[arg-type]
        self.terms = nn.Linear(self.width, terms)
        # Where nothing teaches them, they say nothing: a half, and a quarter each.
        self.others = nn.Linear(self.width, 1)
        self.turn = nn.Linear(self.width, TURNS)
        for untaught in (self.others, self.turn):
            nn.init.zeros_(untaught.weight)
            nn.init.zeros_(untaught.bias)
        self.to_teacher = nn.Linear(self.width // 2, taught) if taught else None

    @classmethod
    def from_heads(
        cls,
        encoder: Encoder,
        heads: Mapping[str, Sequence[str]],
        mirror: bool,
        direct: bool,
        tasks: Sequence[str] = (),
        terms: Sequence[str] = (),
        taught: int = 0,
    ) -> DistilledSequence:
        """Build the network; ``tasks`` says which heads there are, see Inputs.vocabulary."""
        tokens = sum(map(len, heads.values())) + 1
        return cls(encoder, tokens, len(terms), taught, mirror, direct=direct)

    def pool(self, maps: tuple[Tensor, ...], boxes: Tensor) -> Tensor:
        """Average the middle and the last map over a box, by salience: [n, sum of channels]."""
        boxes = self.boxes_in_views(boxes)
        salience = self.salience(F.normalize(maps[1], dim=1)).sigmoid()
        pooled = torch.cat([self._pooled(each, boxes, salience) for each in maps[:2]], dim=1)
        return pooled.reshape(self.views, -1, sum(self.encoder.channels)).mean(0)

    def _pooled(self, maps: Tensor, boxes: Tensor, salience: Tensor) -> Tensor:
        if salience.shape[-2:] != maps.shape[-2:]:
            size = [int(side) for side in maps.shape[-2:]]
            salience = F.interpolate(salience, size, mode="nearest")
        mean = box_pool(salience, boxes).clamp(min=1e-4)
        return box_pool(maps * salience, boxes) / mean


class DistilledGraph(ReaderGraph):
    """The graph from maps and two boxes to all that is read of an item, for export."""

    network: DistilledSequence

    def forward(
        self, middle: Tensor, last: Tensor, boxes: Tensor, item_boxes: Tensor
    ) -> tuple[Tensor, ...]:
        """Compute what StartGraph does, and the probabilities of the further outputs.

        Returns:
            Features [n, d], first and image scores [n, tokens], hidden and cell [n, size], then
            terms [n, terms], others [n, 1] and turn [n, 4] in [0, 1].
        """
        features, pooled = self.pool_boxes(middle, last, boxes, item_boxes)
        network = self.network
        image_scores, (hidden, cell) = network.decoder.start(pooled)
        first = network.decoder.score(image_scores, hidden)
        terms, others = network.terms(pooled).sigmoid(), network.others(pooled).sigmoid()
        return (
            *(features, first, image_scores, hidden, cell),
            *(terms, others, network.turn(pooled).softmax(1)),
        )


OUTPUTS = ("features", "first", "image_scores", "hidden", "cell", "terms", "others", "turn")
"""What the reader returns, in the file's order."""


def graphs(network: DistilledSequence, maps: tuple[Tensor, ...]) -> list[Graph]:
    """List what is exported beside the encoder.

    Args:
        maps: middle and last map of two images.
    """
    return [
        Graph(".reader.onnx", DistilledGraph(network), reader_inputs(network, maps), OUTPUTS),
        decoder_graph(network.decoder),
    ]
