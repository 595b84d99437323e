"""An extractor without networks, for tests of everything around it."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence

import numpy as np
from PIL import Image

from mappings.errors import InvalidImage
from mappings.features import WHOLE_IMAGE, Box, Features, RecognisedTerm


class FakeExtractor:
    """Deterministic features of the pixels: near images get near codes; red images are 'red'."""

    model = "fake-1"
    code_bytes = 16
    colour_bins = 12

    def __init__(self, category: str = "t-shirt") -> None:
        self.default_category = category

    def decode(self, data: bytes) -> Image.Image:
        try:
            with Image.open(io.BytesIO(data)) as image:
                return image.convert("RGB")
        except Exception as error:
            raise InvalidImage(f"expected an image; got {data[:8]!r} ({error})") from None

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
    ) -> list[Features]:
        guides = categories or [None] * len(images)
        given = boxes or [None] * len(images)
        return [self._one(i, g, b) for i, g, b in zip(images, guides, given, strict=True)]

    def _one(self, image: Image.Image, guide: Collection[str] | None, box: Box | None) -> Features:
        small = np.asarray(image.resize((8, 16)).convert("L"))
        code = np.packbits((small > small.mean()).reshape(-1))
        rgb = np.asarray(image.resize((2, 2)), dtype=np.uint8).reshape(-1)
        colour = rgb[: self.colour_bins]
        red, green, blue = rgb.reshape(-1, 3).mean(axis=0)
        name = "red" if red >= max(green, blue) else "green" if green >= blue else "blue"
        terms = sorted(guide) if guide else [self.default_category]
        source = "auto" if not guide else "chosen" if len(terms) == 1 else "text"
        return Features(
            categories=tuple(
                RecognisedTerm(t, 1.0 if i == 0 else 0.0) for i, t in enumerate(terms)
            ),
            category_source=source,  # type: ignore[arg-type]
            attributes=(RecognisedTerm(f"colour:{name}", 0.9),),
            box=box or WHOLE_IMAGE,
            box_source="given" if box else "whole",
            code=code,
            colour=colour,
            model=self.model,
        )
