"""Finds the garments and accessories in an image, and which of them is meant."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mappings.errors import InvalidConfig
from mappings.features import Box, FoundItem
from mappings.taxonomy import Taxonomy
from models.session import open_session

# Boxes [n, 4] in pixels (left, top, right, bottom), class numbers from 1 [n], scores [n].
RawBoxes = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]
# A box narrower than this share of the image is none.
LEAST_SHARE = 1e-3
# Boxes of two classes that overlap more than this, as IoU, are of one thing.
SAME_BOX = 0.7


@dataclass(frozen=True)
class DetectorCard:
    """What a detector's card says that serving needs.

    Attributes:
        model: name and version.
        side: longest side of the images it was trained on, pixels.
        classes: leaf categories by class, in the order of the network's numbers, from 1.
        least_score: a box below is no find, even when it is what was asked for.
        sure_score: a box from here on is a find that nobody asked for.
        trained_on: SHA-256 of the files that held the boxes it was trained on.
    """

    model: str
    side: int
    classes: dict[str, tuple[str, ...]]
    least_score: float
    sure_score: float
    trained_on: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> DetectorCard:
        """Read the JSON card beside a network.

        Raises:
            InvalidConfig: no such file, or a key is missing.
        """
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                f"{data['name']}-{data['version']}",
                int(data["side"]),
                {label: tuple(leaves) for label, leaves in data["classes"].items()},
                float(data["thresholds"]["guided"]),
                float(data["thresholds"]["unguided"]),
                tuple(data.get("trained_on", ())),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidConfig(f"expected a detector's card at {path.name}: {error!r}") from None


class Detector:
    """Guided detection: section 3.4 of the SK Planet paper.

    The network finds items of every class at once; the category that is asked for then rejects the
    boxes of other classes.

    Args:
        stem: the network's path without ``.onnx``; its card stands beside it.
        threads: for one network run; all processors where None.

    Raises:
        InvalidConfig: network or card is missing or not usable.
    """

    def __init__(self, stem: Path, threads: int | None = None) -> None:
        self.card = DetectorCard.read(stem.with_name(stem.name + ".json"))
        self._session = open_session(stem.with_name(stem.name + ".onnx"), threads)
        self._classes = list(self.card.classes.items())

    @property
    def model(self) -> str:
        """Name and version of the weights."""
        return self.card.model

    def find(self, images: Sequence[Image.Image]) -> list[list[FoundItem]]:
        """What is in each image, best first, down to the score that does where it is asked for.

        Args:
            images: mode RGB, any sizes.
        """
        return [self._found(resized(image, self.card.side)) for image in images]

    def sure(self, found: Sequence[FoundItem]) -> list[FoundItem]:
        """Those worth showing to somebody who asked for nothing in particular, best first.

        Where two classes have nearly the same box, the better one's.
        """
        kept: list[FoundItem] = []
        for item in found:
            if item.score >= self.card.sure_score and all(
                overlap(item.box, other.box) < SAME_BOX for other in kept
            ):
                kept.append(item)
        return kept

    def guided(
        self, found: Sequence[FoundItem], categories: Collection[str], taxonomy: Taxonomy
    ) -> list[FoundItem]:
        """Those that may be one of the categories; only if there is none, a sibling's.

        Args:
            found: best first; the answer keeps the order.
            categories: leaves, any of which is meant.
        """
        asked = set(categories)
        matching = [item for item in found if not asked.isdisjoint(item.categories)]
        if matching:
            return matching
        siblings = {s for leaf in asked for s in taxonomy.siblings_of(leaf)}
        return [item for item in found if not siblings.isdisjoint(item.categories)]

    def choose(
        self,
        found: Sequence[FoundItem],
        categories: Collection[str] | None,
        taxonomy: Taxonomy,
    ) -> FoundItem | None:
        """The one item that is meant; None where nothing is left.

        Args:
            found: one of ``find``'s.
            categories: the leaves to choose from; None is all, and then a large item goes before
                a small one that is as sure.
        """
        if categories is None:
            return max(self.sure(found), key=salience, default=None)
        return next(iter(self.guided(found, categories, taxonomy)), None)

    def run(self, pixels: NDArray[np.uint8]) -> RawBoxes:
        """The network's own answer for one image uint8 RGB [h, w, 3], best first."""
        boxes, labels, scores = self._session.run(None, {"pixels": pixels})
        return boxes, labels, scores

    def _found(self, pixels: NDArray[np.uint8]) -> list[FoundItem]:
        height, width = pixels.shape[:2]
        boxes, labels, scores = self.run(pixels)
        edges = (boxes / np.array([width, height, width, height])).clip(0, 1).tolist()
        found = []
        for (left, top, right, bottom), label, score in zip(edges, labels, scores, strict=True):
            broad = min(right - left, bottom - top) >= LEAST_SHARE
            if broad and score >= self.card.least_score:
                name, leaves = self._classes[int(label) - 1]
                box = Box(left, top, right - left, bottom - top)
                found.append(FoundItem(name, leaves, float(score), box))
        return found


def resized(image: Image.Image, side: int) -> NDArray[np.uint8]:
    """An RGB image scaled so that its longest side is ``side``: uint8 [h, w, 3]."""
    scale = side / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    if size != image.size:
        image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(image)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    wide = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    high = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    shared = max(0.0, wide) * max(0.0, high)
    return shared / (a.w * a.h + b.w * b.h - shared)


def salience(item: FoundItem) -> float:
    """How much an item stands out in its photo: sure and large."""
    return item.score * sqrt(item.box.w * item.box.h)
