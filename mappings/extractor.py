"""What an extractor is: the one door from images to features."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from houndstooth.mappings.features import Box, Features


class Extractor(Protocol):
    """The one door from images to features: ingest and queries both go through it."""

    @property
    def model(self) -> str:
        """Name and version of the weights; goes into every document."""

    def decode(self, data: bytes) -> Any:
        """One image file's bytes to an RGB image as ``extract`` takes it, any size, EXIF turned.

        Raises:
            InvalidImage: not an image, broken, or beyond the bounds, which are checked before
                pixels are decoded.
        """

    def extract(
        self,
        images: Sequence[Any],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> list[Features]:
        """Features of a batch.

        Args:
            images: as ``decode`` returns them.
            categories: per image, the leaf categories to choose from: one when it is known, several
                when the seller's text only narrows it, None when the image alone decides.
            boxes: per image, the item's box where it is known.
        """
