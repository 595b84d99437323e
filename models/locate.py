"""Where the item is: the box that is given, else a detector's, else what stands out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from mappings.features import Box, BoxSource, FoundItem
from mappings.taxonomy import Taxonomy
from models.detector import Detector
from models.foreground import Ground, find_foreground

# Great categories whose items are photographed on a person, among other garments.
WORN = {"top", "bottom", "whole-body"}
# Height by width from which on what stands out may be a person.
TALL = 1.2
# From this score on the detector's word on what the item is counts, where the ground is not plain.
SURE_OF_KIND = 0.8
# An item that covers less of what stands out is a small part of it.
SMALL = 0.3


@dataclass(frozen=True)
class Located:
    """The item's box, and what was seen on the way.

    Attributes:
        box: in fractions of the image; code and colours are taken in it.
        window: where attributes are recognised. On plain ground that is all that stands out: the
            category says which garment is meant, and how it is worn says more about it. An item
            that is a small part of it is looked at closely.
        source: who said so.
        ground: the plain ground around it; None where there is none.
        items: all that the detector found, best first; empty where it did not look.
        told: the item as the detector has it, if it is sure of what it is, nobody chose and the
            ground is not plain.
    """

    box: Box
    window: Box
    source: BoxSource
    ground: Ground | None
    items: tuple[FoundItem, ...] = ()
    told: FoundItem | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Leaf categories that the detector is sure the item is one of; empty = it does not say."""
        return self.told.categories if self.told else ()


class Locator:
    """Finds the item that is meant (paper, section 3.4).

    Args:
        detector: None leaves it at what stands out from plain ground.
        taxonomy: says which categories are siblings.
    """

    def __init__(self, detector: Detector | None, taxonomy: Taxonomy) -> None:
        self.detector, self.taxonomy = detector, taxonomy

    def locate(
        self, image: Image.Image, choice: Collection[str] | None, given: Box | None
    ) -> Located:
        """The item's box in an RGB image of any size.

        Args:
            choice: the leaf categories it may be of; None is all.
            given: drawn by hand or from the feed; it wins, and nobody looks further.
        """
        foreground, ground = find_foreground(image)
        if given is not None:
            return Located(given, given, "given", ground)
        source: BoxSource = "whole" if ground is None else "foreground"
        if self.detector is None or not self.looks(choice, ground, _shape(image, foreground)):
            return Located(foreground, foreground, source, ground)
        found = self._known(self.detector.find([image])[0])
        items = tuple(self.detector.sure(found))
        if choice is None and ground is not None:
            # What a shop's photo is of shows in how it is framed: the recogniser sees it whole.
            return Located(foreground, foreground, source, ground, items)
        item = self.detector.choose(found, choice, self.taxonomy)
        if item is None or (ground is not None and _alone(item, items)):
            return Located(foreground, foreground, source, ground, items)
        window = item.box if ground is None or _small(item.box, foreground) else foreground
        told = item if choice is None and item.score >= SURE_OF_KIND else None
        return Located(item.box, window, "detector", ground, items, told)

    def _known(self, found: Sequence[FoundItem]) -> list[FoundItem]:
        """Items of categories that the taxonomy has; others nobody could ask for."""
        known = self.taxonomy.categories
        items = [
            replace(item, categories=tuple(leaf for leaf in item.categories if leaf in known))
            for item in found
        ]
        return [item for item in items if item.categories]

    def again(self, located: Located, category: str) -> Located:
        """Once the category is recognised in the foreground: its box among what was found there."""
        if self.detector is None or located.source != "foreground" or not located.items:
            return located
        item = self.detector.choose(located.items, {category}, self.taxonomy)
        if item is None or _alone(item, located.items):
            return located
        window = item.box if _small(item.box, located.box) else located.window
        return replace(located, box=item.box, window=window, source="detector")

    def looks(self, choice: Collection[str] | None, ground: Ground | None, shape: float) -> bool:
        """Whether the detector is worth its time.

        A shoe on plain ground is all that stands out from it, unless that is as tall as a person; a
        shirt may be worn with more.

        Args:
            shape: height by width of what stands out, in pixels.
        """
        if choice is None or ground is None or shape > TALL:
            return True
        return any(self.taxonomy.great_category(leaf) in WORN for leaf in choice)


def _shape(image: Image.Image, box: Box) -> float:
    return box.h * image.height / (box.w * image.width)


def _small(item: Box, foreground: Box) -> bool:
    return item.w * item.h < SMALL * foreground.w * foreground.h


def _alone(item: FoundItem, items: Collection[FoundItem]) -> bool:
    """Whether nothing else was found: then all that stands out from the ground is the item."""
    return all(other.label == item.label for other in items)
