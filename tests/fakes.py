"""An extractor without networks, for tests of everything around it."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from houndstooth.mappings.errors import InvalidImage
from houndstooth.mappings.extractor import TextEmbedder
from houndstooth.mappings.features import WHOLE_IMAGE, Box, Detection, Features, ScoredTerm
from houndstooth.mappings.rows import Lengths


class FakeExtractor:
    """Deterministic features of the pixels: near images get near codes; red images are 'red'."""

    model = "fake-1"
    precisions: Mapping[str, float] = {"colour:red": 0.95}
    code_bytes = 16
    colour_bins = 12
    texts: TextEmbedder | None = None

    @property
    def lengths(self) -> Lengths:
        return Lengths(self.code_bytes, self.colour_bins)

    def __init__(self, category: str = "t-shirt") -> None:
        self.default_category = category

    def decode(self, data: bytes) -> Image.Image:
        try:
            with Image.open(io.BytesIO(data)) as image:
                return image.convert("RGB")
        except Exception as error:
            raise InvalidImage(f"expected an image; got {data[:8]!r} ({error})") from None

    def preview(self, image: Image.Image) -> bytes:
        file = io.BytesIO()
        image.save(file, "JPEG")
        return file.getvalue()

    def extract(
        self,
        images: Sequence[Image.Image],
        categories: Sequence[Collection[str] | None] | None = None,
        boxes: Sequence[Box | None] | None = None,
        with_others: Sequence[bool] | None = None,
    ) -> list[Features]:
        guides = categories or [None] * len(images)
        given = boxes or [None] * len(images)
        found = [self._one(i, g, b) for i, g, b in zip(images, guides, given, strict=True)]
        wanted = with_others or [False] * len(images)
        return [
            replace(features, beside=self._beside(image, features) if others else ())
            for features, image, others in zip(found, images, wanted, strict=True)
        ]

    def extract_together(
        self, images: Sequence[Image.Image], category: str | None = None
    ) -> Features:
        mean = np.mean([np.asarray(image.resize(images[0].size)) for image in images], axis=0)
        return self._one(Image.fromarray(mean.astype(np.uint8)), category and [category], None)

    def _beside(self, image: Image.Image, item: Features) -> tuple[Features, ...]:
        return tuple(
            self._one(image, other.categories, other.box)
            for other in item.items
            if item.category.term not in other.categories
        )

    def extract_items(self, image: Image.Image) -> list[Features]:
        [seen] = self.extract([image])
        boxes = [item.box for item in seen.items] or [WHOLE_IMAGE]
        found = self.extract([image] * len(boxes), None, boxes)
        categories = [{each.category.term} for each in found]
        return self.extract([image] * len(boxes), categories, boxes)

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
                ScoredTerm(term, 0.0 if place else 1.0, None if place else 0.92)
                for place, term in enumerate(terms)
            ),
            category_source=source,  # type: ignore[arg-type]
            attributes=(ScoredTerm(f"colour:{name}", 0.9, precision=0.95),),
            box=box or WHOLE_IMAGE,
            box_source="given" if box else "whole",
            binary_code=code,
            colour_histogram=colour,
            model=self.model,
        )


class OutfitExtractor(FakeExtractor):
    """Finds the same items in every image; the best one's box is used where none is given.

    A box of an item is recognised as the first category of that item.
    """

    def __init__(self, items: Sequence[Detection]) -> None:
        super().__init__(items[0].categories[0])
        self.items = tuple(items)

    def _one(self, image: Image.Image, guide: Collection[str] | None, box: Box | None) -> Features:
        features = super()._one(image, guide, box)
        if box is None:
            return replace(features, box=self.items[0].box, box_source="detector", items=self.items)
        within = [item.categories[0] for item in self.items if item.box == box]
        if guide or not within:
            return features
        return replace(features, categories=(ScoredTerm(within[0], 1.0),))


OUTFIT = (
    Detection("top", ("t-shirt", "shirt"), 0.93456, Box(0.3, 0.15, 0.4, 0.35)),
    Detection("trousers", ("trousers", "jeans"), 0.9, Box(0.32, 0.5, 0.36, 0.45)),
    Detection("over-jacket", ("jacket",), 0.8, Box(0.1, 0.1, 0.25, 0.5)),
)
