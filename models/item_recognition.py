"""Recognise the item of each image: locate it, look at it, and look closer where others are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from houndstooth.mappings.features import Box, Detection
from houndstooth.models.items import Asked, Item, Seen, View, complete
from houndstooth.models.localisation.detector import salience
from houndstooth.models.localisation.locator import Location, Locator
from houndstooth.models.parts import are_views, choose_part, in_other_parts, joined_pairs
from houndstooth.models.recognition.feature_maps import FeatureMaps, put_rows, take_rows
from houndstooth.models.recognition.prediction import Prediction
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.viewer import Viewer

MIN_OTHERS = 0.7
"""Below this probability of other items beside the item, the detector is not asked. That misses 2
of 100 photos that have some."""

MAX_ITEMS = 8
"""Items of one image that are recognised, the most salient ones."""

MIN_CONFIRMED = 0.3
"""A detection counts from this probability of another category on, or of its own class."""


class ItemRecognition:
    """Locates and recognises items.

    Args:
        recogniser: predicts category and attributes.
        locator: finds the item's box.
    """

    def __init__(self, recogniser: Recogniser, locator: Locator) -> None:
        self.recogniser, self.locator = recogniser, locator
        self._viewer = Viewer(recogniser, locator)

    def recognise(self, asked: Sequence[Asked]) -> list[Item]:
        """Recognise the item that is meant in each image, at least one.

        What is surely turned is turned back, and recognised again. Where several things lie apart
        on plain ground, the one that is meant is recognised as a photo of its own.
        """
        seen, maps = self._viewer.upright(asked)
        for row, one in enumerate(seen):
            if one.view.location.things:
                self._enter_part(seen, maps, row)
        items = self._refine(seen, maps)
        beside = self._beside(items, seen, maps) + self._in_other_parts(items, asked)
        return [
            replace(item, beside=tuple(other for row, other in beside if row == place))
            for place, item in enumerate(items)
        ]

    def recognise_all(self, image: Image.Image) -> list[Item]:
        """Recognise every item that is found in an image, the most salient first; at least one.

        Each is recognised as if its box and its category were given. Where several are detected,
        nothing but their boxes is looked at.
        """
        framed = self.locator.frame(image, None)
        found = [] if framed.things else self.locator.all_items(image)
        if len(found) > 1:
            items = self._in_boxes(image, found, framed)
            if len(items) > 1 and not any(item.view.asked.turns for item in items):
                return items
        [seen], _ = self._viewer.upright([Asked(image, None, None)])
        return self._in_boxes(image, self._all_items(seen), framed)

    def _in_boxes(
        self, image: Image.Image, found: Sequence[Detection], framed: Location
    ) -> list[Item]:
        """Recognise the items in detected boxes that are recognised as items too."""
        found = sorted(found, key=salience, reverse=True)[:MAX_ITEMS]
        boxes = [Box(*each.box.as_list()) for each in found]
        seen, maps = self._viewer.upright([Asked(image, None, box, framed=framed) for box in boxes])
        rows = [row for row, one in enumerate(seen) if _is_confirmed(found[row], one.prediction)]
        return complete(self._within_own_category(seen, maps, rows or list(range(len(seen)))))

    def _within_own_category(
        self, seen: Sequence[Seen], maps: FeatureMaps, rows: list[int]
    ) -> list[Seen]:
        """Read some rows again, each as if its category were given."""
        views = []
        for one in (seen[row] for row in rows):
            alone = replace(one.view.asked, choice=frozenset({one.prediction.category}))
            views.append(replace(one.view, asked=alone))
        choices = [view.choice for view in views]
        reading = seen[0].reading
        if reading.guided is None or any(one.reading is not reading for one in seen):
            return self._viewer.read(take_rows(maps, rows), views, choices)
        again = reading.guided([seen[row].row for row in rows], choices)
        return [Seen(view, again, row) for row, view in enumerate(views)]

    def _all_items(self, seen: Seen) -> list[Detection]:
        """List the items in an image, with boxes in the caller's.

        Things that lie apart are looked at one by one. Where others are worn beside an item, those
        that are detected count, else what was looked at.
        """
        apart = [seen]
        if seen.view.location.things:
            parts, _ = self._parts(seen.view)
            chosen = choose_part(seen.prediction, parts, None, self.locator.taxonomy)
            if chosen is not None:
                apart = [parts[chosen]] if are_views(parts) else parts
        found: list[Detection] = []
        for each in apart:
            asked, location = each.view.asked, each.view.location
            worn = location.background is None or each.prediction.others >= MIN_OTHERS
            items = self.locator.all_items(asked.image) if worn else []
            found += [replace(item, box=asked.in_photo(item.box)) for item in items]
            if not items:
                prediction = each.prediction
                score = prediction.categories[prediction.category]
                box = asked.in_photo(location.box)
                found.append(self.locator.detection(prediction.category, score, box))
        return found

    def _enter_part(self, seen: list[Seen], maps: FeatureMaps, row: int) -> None:
        """Look at the thing that is meant alone, if one of several is."""
        asked = seen[row].view.asked
        parts, maps_of_parts = self._parts(seen[row].view)
        chosen = choose_part(seen[row].prediction, parts, asked.choice, self.locator.taxonomy)
        if chosen is None:
            return
        part = parts[chosen]
        beside = in_other_parts(parts, chosen, self.locator)
        meant = replace(
            part.view.asked, choice=asked.choice, beside=beside, with_others=asked.with_others
        )
        view = replace(part.view, asked=meant)
        of_part = take_rows(maps_of_parts, [chosen])
        put_rows(maps, [row], of_part)
        [seen[row]] = self._viewer.read(of_part, [view], [asked.choice])

    def _in_other_parts(
        self, items: Sequence[Item], asked: Sequence[Asked]
    ) -> list[tuple[int, Item]]:
        """Recognise what lies apart from items; returns the same as ``_beside``."""
        others = [
            (row, Asked(asked[row].image, frozenset(other.categories), other.box))
            for row, item in enumerate(items)
            if asked[row].with_others
            for other in item.others(item.view.asked.beside)
        ]
        found = self.recognise([other for _, other in others]) if others else []
        return [(row, item) for (row, _), item in zip(others, found, strict=True)]

    def _parts(self, view: View) -> tuple[list[Seen], FeatureMaps]:
        """Look at each thing that lies apart, and at the two of a pair together."""
        things = list(view.location.things)
        parts, maps = self._look_alone(view, things)
        pairs = joined_pairs(parts, things, view.choice, self.locator.taxonomy)
        return (parts, maps) if pairs == things else self._look_alone(view, pairs)

    def _look_alone(self, view: View, things: Sequence[Box]) -> tuple[list[Seen], FeatureMaps]:
        """Look at each of some things as a photo of its own, without a guide."""
        views = []
        for thing in things:
            asked = view.asked.cut_out(thing)
            location = self.locator.alone(asked.image, asked.in_part(thing), view.location)
            views.append(self._viewer.view(asked, location))
        maps = self.recogniser.encode([each.crop for each in views])
        return self._viewer.read(maps, views, [None] * len(views)), maps

    def _refine(self, seen: list[Seen], maps: FeatureMaps) -> list[Item]:
        """Recognise the items, each in its own box.

        Where nobody guides, the category seen is the guide of what is worn with other items on a
        plain background, as for a product whose text names it, so that the attributes are those of
        this item. The maps serve again unless the window is another.
        """
        closer = [self._closer(one) for one in seen]
        moved = [row for row, one in enumerate(seen) if closer[row].box != one.view.location.box]
        final = [
            replace(one, view=replace(one.view, location=location))
            for one, location in zip(seen, closer, strict=True)
        ]
        if moved:
            views = [(row, self._viewer.moved(seen[row].view, closer[row])) for row in moved]
            guides = [view.choice or {seen[row].prediction.category} for row, view in views]
            again = self._viewer.read_moved(seen, maps, views, guides)
            for row, one in zip(moved, again, strict=True):
                final[row] = one
        items = complete(final)
        for row in moved:
            if seen[row].view.choice is None:
                groups = items[row].prediction.groups
                items[row] = replace(
                    items[row], prediction=replace(seen[row].prediction, groups=groups)
                )
        return items

    def _beside(
        self, items: Sequence[Item], seen: Sequence[Seen], maps: FeatureMaps
    ) -> list[tuple[int, Item]]:
        """Recognise what was detected beside items, each as if its category were asked for.

        Returns:
            What it is beside, by place, and the item.
        """
        moved = list[tuple[int, View]]()
        for row, item in enumerate(items):
            view = seen[row].view
            for other in item.others(item.view.location.items) if view.asked.with_others else ():
                asked = replace(view.asked, choice=frozenset(other.categories), beside=())
                location = self.locator.beside(view.location, other)
                moved.append((row, self._viewer.moved(replace(view, asked=asked), location)))
        if not moved:
            return []
        found = self._viewer.read_moved(seen, maps, moved, [view.choice for _, view in moved])
        return [(row, item) for (row, _), item in zip(moved, complete(found), strict=True)]

    def _closer(self, seen: Seen) -> Location:
        """Locate the item by the detector, where others may be worn beside it; else as it is."""
        view, prediction = seen.view, seen.prediction
        location = view.location
        if location.source != "foreground" or prediction.others < MIN_OTHERS:
            return location
        guide = view.choice or {prediction.category}
        if not self.locator.needs_detector(location, guide):
            return location
        found = self.locator.detect(view.asked.image, location, view.choice)
        return found if view.choice else self.locator.refine(found, prediction.category)


def _is_confirmed(found: Detection, prediction: Prediction) -> bool:
    """Tell whether what was detected is recognised too, as that or surely as something else."""
    category = prediction.category
    return category in found.categories or prediction.categories[category] >= MIN_CONFIRMED
