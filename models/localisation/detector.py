"""Detects the garments and accessories in an image, and chooses the one that is meant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import Box, Detection
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.runtime.card import DETECTOR, Files, model_name, open_card
from houndstooth.models.runtime.session import open_session

RawBoxes = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]
"""Boxes [n, 4] in pixels (left, top, right, bottom), class numbers from 1 [n], scores [n]."""

MIN_SIDE = 1e-3
"""Boxes narrower than this, as a fraction of the image, are dropped."""

MAX_OVERLAP = 0.7
"""Boxes of two classes whose IoU is at least this are one item."""


@dataclass(frozen=True)
class DetectorCard:
    """The part of a detector's card that serving needs.

    Attributes:
        model: name and version.
        side: longest side of the images it was trained on, pixels.
        classes: leaf categories by class, in the order of the network's numbers, from 1.
        min_score: below it a box is dropped, even of the category that was asked for.
        sure_score: from it on a box is shown to those who asked for no category.
        sure_scores: the same of classes that have one of their own.
        trained_on: SHA-256 of the files that held the boxes it was trained on.
    """

    model: str
    side: int
    classes: dict[str, tuple[str, ...]]
    min_score: float
    sure_score: float
    sure_scores: Mapping[str, float] = field(default_factory=dict)
    trained_on: tuple[str, ...] = ()
    files: Files = field(default_factory=Files)

    @classmethod
    def read(cls, stem: Path) -> DetectorCard:
        """Read the card of a detector by its path without ``.json``.

        Raises:
            InvalidConfig: no such file, or a key is missing.
        """
        with open_card(stem, "a detector") as data:
            return cls(
                model_name(data),
                int(data["side"]),
                {label: tuple(leaves) for label, leaves in data["classes"].items()},
                float(data["thresholds"]["guided"]),
                float(data["thresholds"]["unguided"]),
                data["thresholds"].get("classes", {}),
                tuple(data.get("trained_on", ())),
                Files(data["sha256"]),
            )


class Detector:
    """Detects items, guided by a category (SK Planet paper, section 3.4).

    The network detects items of every class at once; the category that is asked for then rejects
    the boxes of other classes.

    Args:
        stem: the network's path without ``.onnx``; its card stands beside it.
        threads: for one network run; all processors where None.

    Raises:
        InvalidConfig: network or card is missing or not usable.
    """

    def __init__(self, stem: Path, threads: int | None = None) -> None:
        self.card = DetectorCard.read(stem)
        self._session = open_session(self.card.files.check(stem, DETECTOR), threads)
        self._classes = list(self.card.classes.items())

    @property
    def model(self) -> str:
        """Return the name and version of the weights."""
        return self.card.model

    def find(self, image: Image.Image, side: int | None = None) -> list[Detection]:
        """Detect the items in an image, best first, down to ``min_score``.

        Args:
            image: mode RGB, any size.
            side: longest side that the network sees, pixels; the card's where None.
        """
        return self._found(resized(image, side or self.card.side))

    def sure(self, found: Sequence[Detection]) -> list[Detection]:
        """Keep the items from ``sure_score`` on, best first; of two in one box the better."""
        card, kept = self.card, list[Detection]()
        for item in found:
            if item.score >= card.sure_scores.get(item.label, card.sure_score) and all(
                overlap(item.box, other.box) < MAX_OVERLAP for other in kept
            ):
                kept.append(item)
        return kept

    def guided(
        self, found: Sequence[Detection], categories: Collection[str], taxonomy: Taxonomy
    ) -> list[Detection]:
        """Keep the items that may be of the categories; if there is none, those of a sibling.

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
        found: Sequence[Detection],
        categories: Collection[str] | None,
        taxonomy: Taxonomy,
    ) -> Detection | None:
        """Choose the one item that is meant; None where nothing is left.

        Args:
            found: one of ``find``'s.
            categories: the leaves to choose from. None is all, and then the most salient of the
                sure items is chosen.
        """
        if categories is None:
            return max(self.sure(found), key=salience, default=None)
        return next(iter(self.guided(found, categories, taxonomy)), None)

    def run(self, pixels: NDArray[np.uint8]) -> RawBoxes:
        """Run the network on one image, uint8 RGB [h, w, 3]; boxes come best first."""
        boxes, labels, scores = self._session.run(None, {"pixels": pixels})
        return boxes, labels, scores

    def _found(self, pixels: NDArray[np.uint8]) -> list[Detection]:
        height, width = pixels.shape[:2]
        boxes, labels, scores = self.run(pixels)
        edges = (boxes / np.array([width, height, width, height])).clip(0, 1).tolist()
        found = []
        for (left, top, right, bottom), label, score in zip(edges, labels, scores, strict=True):
            broad = min(right - left, bottom - top) >= MIN_SIDE
            if broad and score >= self.card.min_score:
                name, leaves = self._classes[int(label) - 1]
                box = Box(left, top, right - left, bottom - top)
                found.append(Detection(name, leaves, float(score), box))
        return found


def resized(image: Image.Image, side: int) -> NDArray[np.uint8]:
    """Scale an RGB image so that its longest side is ``side``: uint8 [h, w, 3]."""
    scale = side / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    if size != image.size:
        image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(image)


def overlap(a: Box, b: Box) -> float:
    """Compute the intersection over union (IoU) of two boxes, in [0, 1]."""
    shared = _shared(a, b)
    return shared / (a.w * a.h + b.w * b.h - shared)


def covered(a: Box, b: Box) -> float:
    """Compute the share of a box that is inside another, in [0, 1]."""
    return _shared(a, b) / (a.w * a.h)


def _shared(a: Box, b: Box) -> float:
    wide = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    high = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return max(0.0, wide) * max(0.0, high)


def salience(item: Detection) -> float:
    """Compute how much an item stands out in its photo: its score by its size."""
    return item.score * sqrt(item.box.w * item.box.h)
