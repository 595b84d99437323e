"""Image encoders: what makes other embeddings than the recogniser's own features.

By default binary codes are made of the recogniser's features, which cost nothing more. A card
names an ONNX file whose embeddings take their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.features import WHOLE_IMAGE, Box
from houndstooth.models.encoder.card import EncoderCard, Region
from houndstooth.models.encoder.open_graph import (
    as_embeddings,
    differing_values,
    open_graph,
    other_output,
)
from houndstooth.models.encoder.preprocessing import as_input, square_around
from houndstooth.models.encoder.text_encoder import TextEncoder

CHECK_PICTURE = Path(__file__).with_name("check_picture.png")
"""A picture that is not square, of which each card says what its network makes."""

TENSORS = {"float32": "tensor(float)", "float16": "tensor(float16)", "uint8": "tensor(uint8)"}
"""onnxruntime's names of the types of inputs."""

BATCH = 4
"""Pictures that are run at once. More take more memory, and on a CPU hardly less time each."""

Seen = tuple[Image.Image, Box]
"""An upright image, mode RGB, and the box that is meant, in its fractions."""


class ImageEncoder(Protocol):
    """Anything that embeds pictures.

    Attributes:
        model: name and version; goes into every document, since codes of two encoders are not
            comparable.
        thresholds: float32 [d]; a bit of the code is set where the embedding is above.
        region: which box is meant: the item's, the window's, or none.
        text: embeds texts beside the pictures; None where it cannot.
    """

    model: str
    thresholds: NDArray[np.float32]
    region: Region
    text: TextEncoder | None

    def encode(self, seen: Sequence[Seen]) -> NDArray[np.float32]:
        """Embed n regions of images.

        Returns:
            float32 [n, d].
        """


class OnnxEncoder:
    """An ImageEncoder that runs an ONNX file by its card.

    Args:
        stem: the path of the card without ``.json``.
        threads: of one network run; all processors where None.
        texts: whether the text tower is opened too, if the card has one.

    Raises:
        InvalidConfig: card or file is missing or not usable, or the network makes something else
            of the check picture than its card says.
    """

    def __init__(self, stem: Path, threads: int | None = None, *, texts: bool = True) -> None:
        self.card = EncoderCard.read(stem)
        self.model, self.thresholds = self.card.model, self.card.thresholds
        self.region = self.card.region
        self._where = f"{stem.name}.json"
        self._session = open_graph(self.card.path, self.card.files, threads)
        self._one_by_one = self._check_graph()
        self._check_values()
        opens = texts and self.card.text is not None
        self.text = TextEncoder(self.card, self._where, threads) if opens else None

    def encode(self, seen: Sequence[Seen]) -> NDArray[np.float32]:
        """Embed n regions of images; see ImageEncoder."""
        if self.region == "whole":
            return self.embed([image for image, _ in seen])
        return self.embed([square_around(image, box, self.card.input) for image, box in seen])

    def embed(self, pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Embed n whole pictures, mode RGB, of any sizes; float32 [n, d]."""
        wanted = self.card.input
        size = 1 if self._one_by_one else BATCH
        found = []
        for start in range(0, len(pictures), size):
            batch = as_input(pictures[start : start + size], wanted)
            [out] = self._session.run([self.card.output.name], {wanted.name: batch})
            found.append(as_embeddings(out, len(batch), self.card.output.normalise))
        embeddings: NDArray[np.float32] = np.concatenate(found)
        if embeddings.shape[1] != self.card.output.dimension:
            raise self._refuse(f"{embeddings.shape[1]} dimensions of {self.card.output.name}")
        return embeddings

    def check_values(self) -> NDArray[np.float32]:
        """Embed the check picture, whole; float32 [d]."""
        with Image.open(CHECK_PICTURE) as picture:
            embedding: NDArray[np.float32] = self.embed([picture.convert("RGB")])[0]
        return embedding

    def _check_graph(self) -> bool:
        """Compare the graph's input and output with the card; True where a batch is one picture."""
        wanted, card = self.card.input, self.card
        inputs = {each.name: each for each in self._session.get_inputs()}
        if set(inputs) != {wanted.name}:
            raise self._refuse(
                f"inputs {', '.join(inputs)}; take the file that encodes pictures alone"
                if wanted.name in inputs
                else f"inputs {', '.join(inputs)}"
            )
        found = inputs[wanted.name]
        if found.type != TENSORS[wanted.type]:
            raise self._refuse(f"an input of {found.type}")
        axes = (3, *wanted.size) if wanted.layout == "NCHW" else (*wanted.size, 3)
        if len(found.shape) != 4 or any(
            isinstance(side, int) and side != mine
            for side, mine in zip(found.shape[1:], axes, strict=True)
        ):
            raise self._refuse(f"an input of {found.shape}")
        outputs = self._session.get_outputs()
        if other := other_output(outputs, card.output.name, card.output.dimension):
            raise self._refuse(other)
        batch = found.shape[0]
        if isinstance(batch, int) and batch != 1:
            raise self._refuse(f"batches of {batch}")
        return isinstance(batch, int)

    def _check_values(self) -> None:
        check = self.card.check
        if differing := differing_values(self.check_values(), check.values, check.tolerance):
            raise self._refuse(f"first values of the check picture {differing}")

    def _refuse(self, got: str) -> InvalidConfig:
        wanted, output = self.card.input, self.card.output
        sides = "3, {}, {}" if wanted.layout == "NCHW" else "{}, {}, 3"
        return InvalidConfig(
            f"expected {self.card.path.name} as its card {self._where} says, from {wanted.name}, "
            f"{wanted.type} [n, {sides.format(*wanted.size)}], to {output.name} "
            f"[n, {output.dimension}]; got {got}"
        )


def region_box(region: Region, item: Box, window: Box) -> Box:
    """Choose the box that an encoder of some region is given."""
    return {"item": item, "window": window, "whole": WHOLE_IMAGE}[region]
