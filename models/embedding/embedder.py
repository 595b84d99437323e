"""Embedders: what makes the float vectors behind binary codes.

By default these are the recogniser's own pooled features, which cost nothing more. Another
embedder is named by its card, and sees the same crops.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.runtime.card import EMBEDDER, EmbedderCard
from houndstooth.models.runtime.crop import Crop, resize_crops
from houndstooth.models.runtime.session import open_session


class Embedder(Protocol):
    """Anything that embeds crops.

    Attributes:
        model: name and version; goes into every document, since codes of two embedders are not
            comparable.
        thresholds: float32 [d]; a bit of the code is set where the embedding is above.
    """

    model: str
    thresholds: NDArray[np.float32]

    def encode(self, crops: Sequence[Crop]) -> NDArray[np.float32]:
        """Embed n crops.

        Returns:
            float32 [n, d].
        """


class OnnxEmbedder:
    """An Embedder that runs an ONNX file.

    The file takes ``pixels``, uint8 RGB [n, side, side, 3], and returns one output, float32
    [n, d].

    Args:
        stem: the path without ``.onnx``; the card stands beside it.
        threads: of one network run; all processors where None.

    Raises:
        InvalidConfig: file or card is missing or not usable.
    """

    def __init__(self, stem: Path, threads: int | None = None) -> None:
        card = EmbedderCard.read(stem)
        self.model, self.thresholds = card.model, card.thresholds
        self._side = card.side
        self._session = open_session(card.files.check(stem, EMBEDDER), threads)
        inputs = [each.name for each in self._session.get_inputs()]
        outputs = [each.shape[-1] for each in self._session.get_outputs()]
        if inputs != ["pixels"] or outputs != [len(card.thresholds)]:
            raise InvalidConfig(
                f"expected {stem.name}.onnx from pixels to {len(card.thresholds)} dimensions, as "
                f"many as its card has thresholds; got {inputs} to {outputs}"
            )

    def encode(self, crops: Sequence[Crop]) -> NDArray[np.float32]:
        """Embed n crops; see Embedder."""
        pixels = np.stack([crop.pixels for crop in resize_crops(crops, self._side)])
        [embeddings] = self._session.run(None, {"pixels": pixels})
        return np.asarray(embeddings, dtype=np.float32)
