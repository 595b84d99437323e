"""Where the item is: the given box, else a detector's, else what stands out from the background."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from houndstooth.mappings.features import Box, BoxSource, Detection
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.background import PlainBackground, mask_foreground
from houndstooth.models.localisation.detector import Detector, covered
from houndstooth.models.localisation.things import things_apart
from houndstooth.models.runtime.crop import Crop, crop_square

WORN = {"top", "bottom", "whole-body"}
"""Great categories whose items are photographed on a person, among other garments."""

TALL = 1.2
"""A foreground of at least this height by width may be a person."""

PLAIN_SIDE = 192
"""Pixels that the detector sees of a photo with a plain background, whose items are large."""

MAX_COVERED = 0.7
"""An item of whose box so much is inside another's of its class is a part of that."""

SMALL = 0.3
"""An item that covers less of the foreground than this is a small part of it."""


@dataclass(frozen=True)
class Location:
    """The item's box, and what was found on the way to it.

    Attributes:
        box: the item, in fractions of the image; code and colours are computed in it.
        window: where attributes are recognised. On a plain background that is the whole
            foreground: the category says which garment is meant, and the rest shows how it is
            worn. An item that is a small part of the foreground is its own window.
        source: what the box comes from.
        background: the plain background around the item, or None.
        shape: height by width of the foreground, in pixels.
        things: boxes of things that lie apart in the foreground; empty where it is one thing.
        asked: whether the detector was asked.
        items: all sure detections, best first; empty where the detector was not asked.
        detection: the item as detected, where its class limits the category: nobody chose one,
            and the background is not plain. Else None.
    """

    box: Box
    window: Box
    source: BoxSource
    background: PlainBackground | None
    shape: float
    things: tuple[Box, ...] = ()
    asked: bool = False
    items: tuple[Detection, ...] = ()
    detection: Detection | None = None

    @property
    def among_others(self) -> bool:
        """Tell whether items of several classes were found, or the item is not all of the photo."""
        return self.source == "detector" or len({item.label for item in self.items}) > 1

    @property
    def categories(self) -> tuple[str, ...]:
        """The leaf categories that the detection leaves; empty where it decides nothing."""
        return self.detection.categories if self.detection else ()


def located_crop(image: Image.Image, location: Location, side: int) -> Crop:
    """Cut out a location's window, with the tint of a white background taken off."""
    crop = crop_square(image, location.window, side, item=location.box)
    if location.background is None:
        return crop
    return replace(crop, pixels=location.background.balance(crop.pixels))


class Locator:
    """Locates the item that is meant (SK Planet paper, section 3.4).

    Args:
        detector: None locates by the plain background alone.
        taxonomy: says which categories are siblings.
    """

    def __init__(self, detector: Detector | None, taxonomy: Taxonomy) -> None:
        self.detector, self.taxonomy = detector, taxonomy

    def locate(
        self, image: Image.Image, choice: Collection[str] | None, given: Box | None
    ) -> Location:
        """Locate the item in an RGB image of any size.

        Args:
            choice: the leaf categories that it may be of; None is all.
            given: a box drawn by hand or from the feed. It is used as it is.
        """
        framed = self.frame(image, given)
        return self.detect(image, framed, choice) if self.needs_detector(framed, choice) else framed

    def frame(self, image: Image.Image, given: Box | None) -> Location:
        """Locate the item without the detector; for the arguments see locate."""
        found = mask_foreground(image)
        if given is not None:
            return Location(given, given, "given", found.background, 1.0)
        box, background = found.box, found.background
        source: BoxSource = "whole" if background is None else "foreground"
        shape = box.h * image.height / (box.w * image.width)
        return Location(box, box, source, background, shape, things_apart(found))

    def given(self, box: Box, framed: Location) -> Location:
        """Locate a given box in an image that is framed already."""
        return Location(box, box, "given", framed.background, 1.0)

    def alone(self, image: Image.Image, thing: Box, among: Location) -> Location:
        """Locate a thing that lies apart from others, as if its part were a photo of its own.

        Args:
            image: the part, mode RGB.
            thing: its box in the part.
            among: where it was found.
        """
        shape = thing.h * image.height / (thing.w * image.width)
        return Location(thing, thing, "foreground", among.background, shape)

    def detect(
        self, image: Image.Image, framed: Location, choice: Collection[str] | None
    ) -> Location:
        """Ask the detector for the item that is meant in a framed image.

        How a shop frames its photo shows what the photo is of. So without a choice the items of a
        photo with a plain background are found, and the whole is recognised; see refine.
        """
        if self.detector is None:
            return framed
        plain = framed.background is not None
        found = self._known(self.detector.find(image, PLAIN_SIDE if plain else None))
        framed = replace(framed, asked=True, items=tuple(self.detector.sure(found)))
        if choice is None and plain:
            return framed
        item = self.detector.choose(found, choice, self.taxonomy)
        if item is None or (plain and _alone(item, framed.items)):
            return framed
        closer = not plain or _small(item.box, framed.box)
        return replace(
            framed,
            box=item.box,
            window=item.box if closer else framed.box,
            source="detector",
            detection=item if choice is None else None,
        )

    def all_items(self, image: Image.Image) -> list[Detection]:
        """Find all sure items in an image, best first; of each of a pair inside the pair, none."""
        if self.detector is None:
            return []
        kept: list[Detection] = []
        sure = self.detector.sure(self._known(self.detector.find(image)))
        for item in sorted(sure, key=lambda each: each.box.w * each.box.h, reverse=True):
            same = (other.box for other in kept if other.label == item.label)
            if not any(covered(item.box, box) >= MAX_COVERED for box in same):
                kept.append(item)
        return sorted(kept, key=lambda each: -each.score)

    def refine(self, location: Location, category: str) -> Location:
        """Choose the box among the items found, now that the category is recognised.

        Returns:
            The same location where it was not the foreground, or nothing better was found.
        """
        if self.detector is None or location.source != "foreground" or not location.items:
            return location
        item = self.detector.choose(location.items, {category}, self.taxonomy)
        if item is None or _alone(item, location.items):
            return location
        window = item.box if _small(item.box, location.box) else location.window
        return replace(location, box=item.box, window=window, source="detector")

    def beside(self, location: Location, other: Detection) -> Location:
        """Locate what was detected beside an item, as if its category had been asked for.

        Args:
            location: where the image was looked at.
        """
        closer = location.background is None or _small(other.box, location.box)
        window = other.box if closer else location.window
        return replace(
            location, box=other.box, window=window, source="detector", items=(), detection=None
        )

    def needs_detector(self, framed: Location, choice: Collection[str] | None) -> bool:
        """Decide whether the detector is worth its time.

        A shoe on a plain background is all of the foreground, unless that is as tall as a person.
        A shirt may be worn with other garments.
        """
        if self.detector is None or framed.source == "given":
            return False
        if choice is None or framed.background is None or framed.shape > TALL:
            return True
        return any(self.taxonomy.great_category(leaf) in WORN for leaf in choice)

    def detection(self, category: str, score: float, box: Box) -> Detection:
        """Return what was recognised as if the detector had found it: its class, and the box.

        Where no class has the category, or there is no detector, its great category is the class.
        """
        classes = self.detector.card.classes if self.detector else {}
        for label, leaves in classes.items():
            if category in leaves:
                return self._known([Detection(label, leaves, score, box)])[0]
        return Detection(self.taxonomy.great_category(category), (category,), score, box)

    def _known(self, found: Sequence[Detection]) -> list[Detection]:
        """The items of categories that the taxonomy has: nobody could ask for others."""
        known = self.taxonomy.categories
        items = [
            replace(item, categories=tuple(leaf for leaf in item.categories if leaf in known))
            for item in found
        ]
        return [item for item in items if item.categories]


def _small(item: Box, foreground: Box) -> bool:
    return item.w * item.h < SMALL * foreground.w * foreground.h


def _alone(item: Detection, items: Collection[Detection]) -> bool:
    """Whether nothing of another class was found: then the whole foreground is the item."""
    return all(other.label == item.label for other in items)
