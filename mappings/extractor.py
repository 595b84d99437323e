"""Define the extractor protocol, which turns images into features."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from houndstooth.mappings.features import Box, Features, WeightedCode
from houndstooth.mappings.rows import Lengths


class TextEmbedder(Protocol):
    """Embeds texts so that they can be compared with pictures."""

    def code(self, text: str) -> WeightedCode:
        """Embed a text, to be compared with the codes of pictures."""


class Extractor(Protocol):
    """Extracts features from images, for ingest and for queries alike."""

    @property
    def model(self) -> str:
        """Name and version of the weights, stored in every document."""

    @property
    def precisions(self) -> Mapping[str, float]:
        """Measured precision by attribute term that is stored from pictures, in [0, 1]."""

    @property
    def lengths(self) -> Lengths:
        """Bytes of each code and of each histogram."""

    @property
    def texts(self) -> TextEmbedder | None:
        """Embedder of texts beside its pictures; None where there is none."""

    def decode(self, data: bytes) -> Any:
        """Decode an image file to an upright RGB image of any size, for ``extract``.

        Orientation and colour profile are applied: it is what a person sees.

        Raises:
            InvalidImage: The data is not an image, is broken, or exceeds the size limits, which
                are checked before any pixel is decoded.
        """

    def preview(self, image: Any) -> bytes:
        """Encode an image from ``decode`` as a JPEG of at most 800 pixels a side, to show it."""

    def extract(
        self,
        images: Sequence[Any],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Features]:
        """Extract the features of a batch of images.

        Args:
            images: Images from ``decode``.
            categories: For each image the leaf categories to choose from: one if the category is
                known, several if the seller's text narrows it, None if the image alone decides.
            boxes: For each image the item's box, or None if it is not known.
            with_others: For each image whether what is detected beside the item is extracted too:
                ``Features.beside``, the most salient first, each of a category that its class
                leaves; none where the detector does not run.
        """

    def extract_together(self, images: Sequence[Any], category: str | None = None) -> Features:
        """Extract the features of one item from several images of it, such as front and back.

        The category is that of the largest mean probability; what an image takes for another is
        looked at again as that. Attributes have the mean of their probabilities. The code is made
        of the mean embedding, the histogram of the pixels of all images' items. Box and detections
        are those of the first image.

        Args:
            images: Images from ``decode``, at least one.
            category: The category if it is known.
        """

    def extract_items(self, image: Any) -> list[Features]:
        """Extract the features of each item that is found in an image, in one go.

        Args:
            image: An image from ``decode``.

        Returns:
            The most salient item first, at least one. Each has the features that ``extract`` gives
            with its box and its category.
        """
