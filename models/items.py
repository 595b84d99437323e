"""An image's item on its way: asked for, looked at, its categories seen, recognised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import WHOLE_IMAGE, Box, Detection
from houndstooth.models.localisation.detector import MAX_OVERLAP, overlap, salience
from houndstooth.models.localisation.locator import Location
from houndstooth.models.recognition.prediction import Choice, Prediction, Reading
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.turns import turn_box, turn_image

MAX_BESIDE = 4
"""Other items of one image that are recognised beside its item, the most salient ones."""

MARGIN = 0.01
"""What is cut out with a thing on each side, as a share of the image's longest side."""


@dataclass(frozen=True)
class Asked:
    """An image, and what the caller knows of it.

    Attributes:
        image: mode RGB, any size.
        choice: the leaf categories that the caller leaves; None is all.
        box: the item's, given by the caller, or None.
        turns: quarters, anticlockwise, by which the caller's image was turned to be upright.
        framed: the image as it was located before, for a given box; None is not.
        part: what the image is of the caller's upright one.
        beside: what was recognised in other parts of that, with its boxes there.
        with_others: whether what is beside the item is wanted too.
    """

    image: Image.Image
    choice: Choice
    box: Box | None
    turns: int = 0
    framed: Location | None = None
    part: Box = WHOLE_IMAGE
    beside: tuple[Detection, ...] = ()
    with_others: bool = False

    def cut_out(self, thing: Box) -> Asked:
        """Cut out a thing that lies apart, as a photo of its own that nothing is known of."""
        margin = MARGIN * max(self.image.size)
        left, top = thing.x * self.image.width, thing.y * self.image.height
        right, bottom = left + thing.w * self.image.width, top + thing.h * self.image.height
        edges = (
            max(0, round(left - margin)),
            max(0, round(top - margin)),
            min(self.image.width, round(right + margin)),
            min(self.image.height, round(bottom + margin)),
        )
        cut = self.image.crop(edges)
        part = Box(
            edges[0] / self.image.width,
            edges[1] / self.image.height,
            cut.width / self.image.width,
            cut.height / self.image.height,
        )
        return Asked(cut, None, None, self.turns, part=part)

    def in_part(self, box: Box) -> Box:
        """Return a box of the upright image, inside the part, as one of the part."""
        x, y = (box.x - self.part.x) / self.part.w, (box.y - self.part.y) / self.part.h
        x, y = max(0.0, x), max(0.0, y)
        return Box(x, y, min(box.w / self.part.w, 1 - x), min(box.h / self.part.h, 1 - y))

    def in_photo(self, box: Box) -> Box:
        """Return a box of the image as a box of the caller's."""
        if self.part != WHOLE_IMAGE:
            x, y = self.part.x + box.x * self.part.w, self.part.y + box.y * self.part.h
            w, h = box.w * self.part.w, box.h * self.part.h
            box = Box(x, y, min(w, 1 - x), min(h, 1 - y))
        return turn_box(box, -self.turns % 4)

    def turned_back(self, turns: int) -> Asked:
        """Turn a turned image back."""
        back = -turns % 4
        return Asked(
            turn_image(self.image, back),
            self.choice,
            self.box and turn_box(self.box, back),
            (self.turns + back) % 4,
            with_others=self.with_others,
        )


@dataclass(frozen=True)
class View:
    """The crop of one image, and why it was cut there.

    Attributes:
        location: of the item.
        crop: the window around it, as the recogniser takes it.
    """

    asked: Asked
    location: Location
    crop: Crop

    @property
    def choice(self) -> Choice:
        """The leaf categories that the caller leaves; None is all."""
        return self.asked.choice


@dataclass(frozen=True)
class Seen:
    """One image's item, of which the categories are known and the attributes can be read.

    Attributes:
        view: where it was looked at.
        reading: of a batch that it is part of.
        row: its own in that batch.
    """

    view: View
    reading: Reading
    row: int

    @property
    def prediction(self) -> Prediction:
        """The item's categories."""
        return self.reading.categories[self.row]


@dataclass(frozen=True)
class Item:
    """One image's item, recognised.

    Attributes:
        view: where it was looked at.
        prediction: its category and attributes.
        features: the recogniser's pooled features, float32 [d].
        beside: the other items in its image, where they were asked for.
    """

    view: View
    prediction: Prediction
    features: NDArray[np.float32]
    beside: tuple[Item, ...] = ()

    def others(self, found: Sequence[Detection]) -> list[Detection]:
        """List what was detected beside the item: of no class of its own, and elsewhere."""
        box = self.view.location.box
        others = [
            each
            for each in found
            if self.prediction.category not in each.categories
            and overlap(each.box, box) < MAX_OVERLAP
        ]
        return sorted(others, key=salience, reverse=True)[:MAX_BESIDE]


def complete(seen: Sequence[Seen]) -> list[Item]:
    """Read the attributes of items, each batch at once."""
    predictions: dict[int, Prediction] = {}
    readings = {id(one.reading): one.reading for one in seen}
    for key, reading in readings.items():
        places = [place for place, one in enumerate(seen) if id(one.reading) == key]
        rows = [seen[place].row for place in places]
        predictions |= zip(places, reading.complete(rows), strict=True)
    return [
        Item(one.view, predictions[place], one.reading.features[one.row])
        for place, one in enumerate(seen)
    ]
