"""Look at images: cut out windows, encode them, and read boxes in what the encoder gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from houndstooth.models.items import Asked, Seen, View
from houndstooth.models.localisation.locator import Location, Locator, located_crop
from houndstooth.models.recognition.feature_maps import FeatureMaps, put_rows, take_rows
from houndstooth.models.recognition.prediction import Choice
from houndstooth.models.recognition.recogniser import Recogniser
from houndstooth.models.runtime.crop import with_item

AT_ONCE = 8
"""Windows of other boxes that are encoded at a time: memory grows with them."""


class Viewer:
    """Looks at images.

    Args:
        recogniser: predicts category and attributes.
        locator: finds the item's box.
    """

    def __init__(self, recogniser: Recogniser, locator: Locator) -> None:
        self.recogniser, self.locator = recogniser, locator

    def upright(self, asked: Sequence[Asked]) -> tuple[list[Seen], FeatureMaps]:
        """Look at each image, turned back where it is turned."""
        seen, maps = self.look(asked)
        turned = [row for row, one in enumerate(seen) if one.prediction.turns]
        if turned:
            upright = [asked[row].turned_back(seen[row].prediction.turns) for row in turned]
            again, maps_again = self.look(upright)
            better = [at for at, one in enumerate(again) if not one.prediction.turns]
            rows = [turned[at] for at in better]
            put_rows(maps, rows, take_rows(maps_again, better))
            for row, at in zip(rows, better, strict=True):
                seen[row] = again[at]
        return seen, maps

    def look(self, asked: Sequence[Asked]) -> tuple[list[Seen], FeatureMaps]:
        """Look at each image where it is framed; the maps serve for other boxes too."""
        views = [self.view(one, self._frame(one)) for one in asked]
        maps = self.recogniser.encode([view.crop for view in views])
        guides = [view.choice or view.location.categories or None for view in views]
        return self.read(maps, views, guides), maps

    def _frame(self, asked: Asked) -> Location:
        """Locate the item as far as it must be, before it is recognised.

        On a plain background the detector can wait: recognising the foreground shows whether other
        items are worn beside the item.
        """
        if asked.box and asked.framed:
            return self.locator.given(asked.box, asked.framed)
        framed = self.locator.frame(asked.image, asked.box)
        if framed.background is None and self.locator.needs_detector(framed, asked.choice):
            return self.locator.detect(asked.image, framed, asked.choice)
        return framed

    def view(self, asked: Asked, location: Location) -> View:
        """Cut out a location's window."""
        return View(asked, location, located_crop(asked.image, location, self.recogniser.card.side))

    def moved(self, view: View, location: Location) -> View:
        """Look at another box: in the same crop, where its window is the same."""
        if location.window != view.location.window:
            return self.view(view.asked, location)
        image = view.asked.image
        crop = with_item(view.crop, image.size, location.window, location.box)
        return replace(view, location=location, crop=crop)

    def read(
        self, maps: FeatureMaps, views: Sequence[View], guides: Sequence[Choice]
    ) -> list[Seen]:
        """Read the boxes of views in the maps of their windows, each guided by categories."""
        reading = self.recogniser.read(maps, [view.crop for view in views], guides)
        return [Seen(view, reading, row) for row, view in enumerate(views)]

    def read_moved(
        self,
        seen: Sequence[Seen],
        maps: FeatureMaps,
        moved: Sequence[tuple[int, View]],
        guides: Sequence[Choice],
    ) -> list[Seen]:
        """Read other boxes in images that were looked at.

        The maps serve again unless the window is another, which is encoded.

        Args:
            seen: what was looked at.
            maps: of that.
            moved: a place in ``seen``, and another view of that image.
            guides: one for each of ``moved``.
        """
        views, maps = [view for _, view in moved], take_rows(maps, [row for row, _ in moved])
        elsewhere = [
            at
            for at, (row, view) in enumerate(moved)
            if view.location.window != seen[row].view.location.window
        ]
        for first in range(0, len(elsewhere), AT_ONCE):
            some = elsewhere[first : first + AT_ONCE]
            put_rows(maps, some, self.recogniser.encode([views[at].crop for at in some]))
        return self.read(maps, views, guides)
