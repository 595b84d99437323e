"""Choose among things that lie apart in a photo: a board, a flat lay, views of one product."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import sqrt

import numpy as np

from houndstooth.mappings.features import Box, Detection
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.embedding.colour_histogram import crop_histogram
from houndstooth.models.items import Seen
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.recognition.prediction import Choice, Prediction

PAIRED = frozenset({"shoes", "earrings", "socks", "gloves", "cufflinks"})
"""Categories and great categories of which two things are one item."""

MIN_SHARE = 0.3
"""A thing is of the chosen categories from this probability on."""

MIN_WHOLE, MIN_WHOLE_UNGUIDED = 0.1, 0.55
"""Things are one item from this probability of its category on, where none alone is as sure."""

MAX_COLOURS = 0.1
"""Things of one category are views of one product up to this colour distance. It is that of 98 % of
closer views of a product; of pairs of products, navy and black, 43 % are as near."""


def choose_part(
    whole: Prediction, parts: Sequence[Seen], choice: Choice, taxonomy: Taxonomy
) -> int | None:
    """Choose the thing that is meant; None where all things together are one item.

    Of one product's views, and where nobody says what is meant, it is the most salient.

    Args:
        whole: what all things together are recognised as.
        parts: each thing, looked at alone, without a guide.
        choice: the leaf categories that the caller leaves; None is all.
    """
    if len(parts) < 2:
        return None
    asked = set(choice or {whole.category})
    if all(part.prediction.category in asked for part in parts):
        return _most_salient(parts) if are_views(parts) else None
    certain = len(asked) == 1
    of_whole, of_parts = _share(whole, asked), [_share(p.prediction, asked) for p in parts]
    least = MIN_WHOLE if choice else MIN_WHOLE_UNGUIDED
    if certain and of_whole >= max(least, *of_parts):
        return None
    if choice is None:
        return _most_salient(parts)
    siblings = {sibling for leaf in asked for sibling in taxonomy.siblings_of(leaf)}
    for categories in (asked, asked | siblings):
        shares = [_share(part.prediction, categories) for part in parts]
        if max(shares) >= MIN_SHARE:
            return int(np.argmax(shares))
    # By elimination: the thing that is least surely another one.
    return int(np.argmin([max(part.prediction.categories.values()) for part in parts]))


def joined_pairs(
    parts: Sequence[Seen], things: Sequence[Box], choice: Choice, taxonomy: Taxonomy
) -> list[Box]:
    """Join two things that are a pair, where nothing lies between them.

    They look alike, and are of a kind that comes in pairs, or one is asked for.
    """
    boxes = list(things)
    of_category: dict[str, list[Box]] = {}
    for part, box in zip(parts, things, strict=True):
        of_category.setdefault(part.prediction.category, []).append(box)
    for category, pair in of_category.items():
        kinds = {category, *(choice or ())}
        if len(pair) != 2 or PAIRED.isdisjoint(kinds | set(map(taxonomy.great_category, kinds))):
            continue
        union = _union(*pair)
        others = [box for box in boxes if box not in pair]
        if not any(_overlaps(union, box) for box in others):
            boxes = [union, *others]
    return boxes


def in_other_parts(parts: Sequence[Seen], chosen: int, locator: Locator) -> tuple[Detection, ...]:
    """List what was recognised beside the thing that was chosen, as detections in the photo."""
    found = []
    for at, part in enumerate(parts):
        prediction, asked = part.prediction, part.view.asked
        if at != chosen:
            box = asked.in_photo(part.view.location.box)
            score = prediction.categories[prediction.category]
            found.append(locator.detection(prediction.category, score, box))
    return tuple(found)


def _most_salient(parts: Sequence[Seen]) -> int:
    """The thing whose probability by its size is the largest."""
    salience = []
    for part in parts:
        prediction, box = part.prediction, part.view.asked.part
        salience.append(prediction.categories[prediction.category] * sqrt(box.w * box.h))
    return int(np.argmax(salience))


def _share(prediction: Prediction, categories: Collection[str]) -> float:
    return sum(prediction.categories.get(leaf, 0.0) for leaf in categories)


def are_views(parts: Sequence[Seen]) -> bool:
    """Tell whether things are of one category and one colour, as views of one product are."""
    if len({part.prediction.category for part in parts}) > 1:
        return False
    histograms = []
    for part in parts:
        background = part.view.location.background
        crop = crop_histogram(part.view.crop, background and background.balanced)
        histograms.append(crop.astype(np.float32) / 255)
    differences = (np.sum((histograms[0] - other) ** 2) / 2 for other in histograms[1:])
    return all(difference <= MAX_COLOURS for difference in differences)


def _union(a: Box, b: Box) -> Box:
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Box(x, y, max(a.x + a.w, b.x + b.w) - x, max(a.y + a.h, b.y + b.h) - y)


def _overlaps(a: Box, b: Box) -> bool:
    across = min(a.x + a.w, b.x + b.w) > max(a.x, b.x)
    return across and min(a.y + a.h, b.y + b.h) > max(a.y, b.y)
