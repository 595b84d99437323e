"""An image's item on its way: asked for, looked at, its categories seen, recognised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from houndstooth.mappings.features import Box
from houndstooth.models.localisation.locator import Location
from houndstooth.models.recognition.prediction import Choice, Prediction, Reading
from houndstooth.models.runtime.crop import Crop
from houndstooth.models.runtime.turns import turn_box, turn_image


@dataclass(frozen=True)
class Asked:
    """An image, and what the caller knows of it.

    Attributes:
        image: mode RGB, any size.
        choice: the leaf categories that the caller leaves; None is all.
        box: the item's, given by the caller, or None.
        turns: quarters, anticlockwise, by which the caller's image was turned to be upright.
    """

    image: Image.Image
    choice: Choice
    box: Box | None
    turns: int = 0

    def turned_back(self, turns: int) -> Asked:
        """Turn a turned image back."""
        back = -turns % 4
        box = self.box and turn_box(self.box, back)
        return Asked(turn_image(self.image, back), self.choice, box, (self.turns + back) % 4)


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
    """

    view: View
    prediction: Prediction
    features: NDArray[np.float32]


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
